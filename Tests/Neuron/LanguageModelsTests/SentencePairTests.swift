// SentencePiece's pairs out of GGUF files against llama.cpp: Tests/Peers/gguf_sentence_pairs.py has written a vocabulary and what
// lines come to. GANGLION_SENTENCE_PAIRS names another two files, without their endings.

import GGUF
import Glibc
import JSON
import ModelErrors
import SystemIO
import TestSupport
import Testing
import Tokenizers

@Suite("SentencePiece's pairs in GGUF files, against llama.cpp")
struct SentencePairTests {
    private static let name =
        getenv("GANGLION_SENTENCE_PAIRS").map { String(cString: $0) } ?? Fixtures.root
        + "/gguf/sentence-pairs"

    @Test("lines have llama.cpp's ids, with marks taken as marks and as text")
    func ids() throws {
        let tokenizer = try LanguageTokenizer(try GGUFFile(path: Self.name + ".gguf"))
        let lines = try JSON(parsing: try Files.read(Self.name + ".json", limit: 1 << 30)).array ?? []
        #expect(lines.count > 50)
        var wrong = 0
        for line in lines {
            let text = line["text"]?.string ?? ""
            func ids(_ key: String) -> [Int32] { (line[key]?.array ?? []).map { Int32($0.int ?? -1) } }
            let own = (tokenizer.encode(text), tokenizer.tokenizer.encode(text, takesSpecial: false))
            if own.0 != ids("ids") || own.1 != ids("plain") {
                wrong += 1
                if wrong < 5 {
                    Issue.record("\(text.debugDescription): \(own), \(ids("ids")), \(ids("plain"))")
                }
            }
        }
        #expect(wrong == 0, "of \(lines.count)")
    }

    @Test("tokens are written as texts, octets among them")
    func texts() throws {
        let tokenizer = try LanguageTokenizer(try GGUFFile(path: Self.name + ".gguf"))
        // The second by its name alone, as llama.cpp has it.
        let turn = try #require(tokenizer.tokenizer.id(ofAdded: "<|end|>"))
        #expect(tokenizer.begin == 1 && tokenizer.ends == [2, turn] && tokenizer.prefix == [1])
        for text in ["hello world", "日本語 👍🏽", "a b\nc"] {
            let ids = tokenizer.tokenizer.encode(text)
            #expect(
                String(decoding: ids.flatMap { tokenizer.tokenizer.octets(of: $0) }, as: UTF8.self) == " "
                    + text)
            #expect(tokenizer.tokenizer.decode(ids) == " " + text)
        }
    }
}
