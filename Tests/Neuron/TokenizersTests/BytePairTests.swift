import JSON
import ModelErrors
import SystemIO
import TestSupport
import Testing

@testable import Tokenizers

@Suite("Byte-level pairs", .timeLimit(.minutes(5)))
struct BytePairTests {
    /// Tokenizers that the library has trained, and texts with the numbers that it gives them.
    private static let directory = Task<String, any Error> {
        let directory = Scratch.path()
        try Files.makeDirectory(directory)
        let peer = try PythonPeer("byte_pairs.py", [directory, "300"])
        _ = try await peer.text()
        #expect(await peer.finish() == .exited(0))
        return directory
    }

    private func file(_ name: String) async throws -> [UInt8] {
        try await Files.read(Self.directory.value + "/" + name, limit: 64 << 20)
    }

    @Test(
        "give the numbers that the library tokenizers gives, in all scripts, and the text back",
        arguments: ["gpt2", "smollm", "llama3", "qwen2"])
    func library(name: String) async throws {
        let tokenizer = try LanguageTokenizer(try await file(name + ".json"), subject: name)
        let end = try #require(tokenizer.tokenizer.id(ofAdded: "<|end|>"))
        var lines = 0
        for line in try await file(name + ".cases").split(separator: UInt8(ascii: "\n")) {
            let pair = try JSON(parsing: Array(line))
            let text = try #require(pair[0]?.string)
            let expected = (pair[1]?.array ?? []).compactMap { $0.int.map(Int32.init) }
            let ids = tokenizer.encode(text)
            #expect(ids == expected, "\(text.unicodeScalars.map(\.value))")
            lines += 1
            guard ids == expected else { continue }
            let plain = tokenizer.tokenizer.encode(text, takesSpecial: false)
            #expect(!plain.contains(end))
            // What takes spaces with it does not give them back.
            guard !text.contains("~") else { continue }
            #expect(Array(tokenizer.tokenizer.decode(plain).utf8) == Array(text.utf8))
        }
        #expect(lines == 300)
    }
}

@Suite("Files of tokenizers")
struct LanguageTokenizerTests {
    private static let whole = """
        {"added_tokens": [{"id": 3, "content": "<|end|>", "special": true}], "normalizer": null,
         "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false},
         "decoder": {"type": "ByteLevel"},
         "post_processor": {"type": "TemplateProcessing",
          "single": [{"SpecialToken": {"id": "<|end|>"}}, {"Sequence": {"id": "A"}}],
          "special_tokens": {"<|end|>": {"ids": [3]}}},
         "model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2}, "merges": ["a b"]}}
        """

    private func refusal(_ change: String, _ other: String) throws -> String {
        let text = Self.whole.replacing(change, with: other)
        try #require(text != Self.whole)
        do {
            _ = try LanguageTokenizer(JSON(parsing: text), subject: "tokenizer.json")
            return ""
        } catch let error as ModelError { return error.description }
    }

    @Test("the marks stand around a text, and what stands in the text is its own")
    func marks() throws {
        let tokenizer = try LanguageTokenizer(JSON(parsing: Self.whole), subject: "x")
        #expect(tokenizer.encode("ab<|end|>ba") == [3, 2, 3, 1, 0])
        #expect(tokenizer.encode("ab<|end|>", takesSpecial: false) == [3, 2])
        #expect(tokenizer.tokenizer.decode([3, 2, 3, 1, 0]) == "abba")
    }

    @Test(
        "what is not known is refused with its key",
        arguments: [
            ("null", #"{"type": "Casefold"}"#, "key normalizer key type is \"Casefold\""),
            ("\"BPE\"", "\"Unigram\"", "use a model with BPE behind ByteLevel"),
            ("\"ByteLevel\"", "\"Sudachi\"", "key pre_tokenizer key type is \"Sudachi\""),
            (
                "{\"type\": \"ByteLevel\", \"add_prefix_space\": false}",
                #"{"type": "Sequence", "pretokenizers": [{"type": "ByteLevel"}, {"type": "Digits"}]}"#,
                "use a model where ByteLevel is the last step"
            ),
            ("TemplateProcessing", "BertProcessing", "key post_processor key cls is missing"),
            ("[3]", "[960]", "key post_processor has the token 960, where there are 4"),
            ("a b", "a c", "merge a c of a token that is not in"),
            ("a b", "b a", "merge b a, whose result is not"),
            ("\"ab\": 2", "\"ab\": -2", "key model.vocab has an id that is no number"),
            ("\"ab\": 2", "\"ab\": 1", "has the number 1 for"),
            ("\"vocab\"", "\"words\"", "model.vocab has no tokens"),
            ("\"BPE\",", "\"BPE\", \"byte_fallback\": true,", "key model key byte_fallback is true"),
            ("\"BPE\",", "\"BPE\", \"dropout\": 0.1,", "key model key dropout is 0.1"),
            ("\"id\": 3, ", "", "key added_tokens 0 key id is missing"),
        ])
    func refusals(change: String, other: String, problem: String) throws {
        let refusal = try refusal(change, other)
        #expect(refusal.contains(problem), "\(refusal)")
    }
}

@Suite("Classes of characters", .timeLimit(.minutes(5)))
struct ScalarClassTests {
    @Test("every code point is what the library's regular expressions take it for")
    func library() async throws {
        let peer = try PythonPeer("regex_classes.py", [])
        let runs = try await peer.lines().map { $0.split(separator: " ") }
        #expect(await peer.finish() == .exited(0))
        #expect(runs.count > 1000)
        var differing: [String] = []
        for (index, run) in runs.enumerated() {
            let first = try #require(UInt32(run[0], radix: 16))
            let next = index + 1 < runs.count ? try #require(UInt32(runs[index + 1][0], radix: 16)) : 0x110000
            for value in first..<next {
                guard let scalar = Unicode.Scalar(value) else { continue }
                let name =
                    switch ScalarClass(scalar) {
                    case .letter: "L"
                    case .number: "N"
                    case .space, .newline: "S"
                    case .other: "O"
                    }
                if name != run[1] {
                    differing.append("U+\(String(value, radix: 16)) is \(name), not \(run[1])")
                }
            }
        }
        #expect(differing.isEmpty, "\(differing.count): \(differing.prefix(20))")
    }
}
