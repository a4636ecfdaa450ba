// Tokenizers of all kinds against the library that made them: Tests/Peers/tokenizer_kinds.py trains each of them anew.
// GANGLION_TOKENIZER_LINES is how many texts each gets, 100 where nothing is said.

import Glibc
import JSON
import SystemIO
import TestSupport
import Testing

@testable import Tokenizers

@Suite("Tokenizers of all kinds", .timeLimit(.minutes(240)))
struct TokenizerKindTests {
    private static let lines = getenv("GANGLION_TOKENIZER_LINES").flatMap { Int(String(cString: $0)) } ?? 100

    /// Tokenizers that the library has trained, and texts with the numbers that it gives them and what it makes of those.
    private static let directory = Task<TemporaryDirectory, any Error> {
        let directory = try TemporaryDirectory()
        let peer = try PythonPeer("tokenizer_kinds.py", [directory.path, String(lines)])
        _ = try await peer.text()
        #expect(await peer.finish() == .exited(0))
        return directory
    }

    private func file(_ name: String) async throws -> [UInt8] {
        try await Files.read(Self.directory.value.path + "/" + name, limit: 256 << 20)
    }

    @Test(
        "give the numbers that the library tokenizers gives, in all scripts, and its text back",
        arguments: [
            "xlm-roberta", "e5", "t5", "albert", "nmt", "llama2", "gemma", "mistral", "unknown-apart",
            "unknown-fused", "word-ends", "continued", "bert", "bert-cased", "mpnet", "punctuation",
            "previous", "words", "roberta", "neox",
        ])
    func library(name: String) async throws {
        let tokenizer = try LanguageTokenizer(try await file(name + ".json"), subject: name)
        var lines = 0
        for line in try await file(name + ".cases").split(separator: UInt8(ascii: "\n")) {
            let entry = try JSON(parsing: Array(line))
            let text = try #require(entry[0]?.string)
            let expected = (entry[1]?.array ?? []).compactMap { $0.int.map(Int32.init) }
            let ids = tokenizer.encode(text)
            #expect(ids == expected, "\(text.unicodeScalars.map { String($0.value, radix: 16) })")
            let back = tokenizer.tokenizer.decode(expected)
            #expect(Array(back.utf8) == Array((entry[2]?.string ?? "").utf8))
            // As few as are wanted are the first of them.
            let limit = lines % 7
            let first = tokenizer.tokenizer.encode(text, limit: limit)
            #expect(first == Array(tokenizer.tokenizer.encode(text).prefix(limit)))
            lines += 1
        }
        #expect(lines == Self.lines)
    }
}
