import JSON
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
        let peer = try PythonPeer("byte_pairs.py", [directory, "1000"])
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
        let json = try JSON(parsing: try await file(name + ".json"))
        let tokenizer = try LanguageTokenizer(json, subject: name)
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
        #expect(lines == 1000)
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
