// `ganglion embed` as a process, on a fake node of its own.

import JSON
import Models
import SystemIO
import TestSupport
import Testing

/// Built beside the tests, unless only they were built.
private let executable: String? = {
    guard let tests = try? Files.readLink("/proc/self/exe") else { return nil }
    let candidates = [
        tests.split(separator: "/").dropLast().joined(separator: "/"),
        Repository.root.dropFirst() + "/.build/debug",
    ]
    return candidates.map { "/\($0)/ganglion" }.first(where: Files.exists)
}()

@Suite("ganglion embed", .enabled(if: executable != nil, "ganglion has not been built"))
struct EmbedCommandTests {
    /// What it prints for a small model, as JSON, a line each.
    private func lines(_ arguments: [String], input: String? = nil) async throws -> [JSON] {
        let directory = try TemporaryDirectory()
        try SyntheticModel.write(to: directory.path)
        try Files.write(
            directory.path + "/config_sentence_transformers.json",
            (["prompts": ["query": "query: "]] as JSON).serialized())
        let program = try #require(executable)
        var words = [program, "embed", directory.path, "--json"] + arguments
        if let input {
            try Files.write(directory.path + "/input", Array(input.utf8))
            words += ["-", "<", directory.path + "/input"]
        }
        let line = words.map { $0 == "<" ? $0 : "'\($0)'" }.joined(separator: " ")
        let text = try await blocking { try Output.of("/bin/sh", ["-c", line]) }
        return try text.split(separator: "\n").map { try JSON(parsing: Array($0.utf8)) }
    }

    private func vector(_ json: JSON) -> [Double] { (json["embedding"]?.array ?? []).compactMap(\.double) }

    @Test("prints a line for each text, and the same on two cores")
    func texts() async throws {
        let one = try await lines(["the core", "a chip and a node"])
        let two = try await lines(["--cores", "2", "the core", "a chip and a node"])
        #expect(one.map { $0["text"]?.string } == ["the core", "a chip and a node"])
        #expect(one.map { $0["tokens"]?.int } == [4, 7])
        for (first, second) in zip(one, two) {
            let (a, b) = (vector(first), vector(second))
            try #require(a.count == 48 && b.count == 48)
            #expect(abs(a.reduce(0) { $0 + $1 * $1 } - 1) < 1e-5)
            #expect(zip(a, b).allSatisfy { abs($0 - $1) < 1e-5 })
        }
        #expect(vector(one[0]) != vector(one[1]))
    }

    @Test("reads lines of standard input, and puts the prompt of a name before each")
    func input() async throws {
        let typed = try await lines(["query: the core", "query: "])
        let named = try await lines(["--prompt-name", "query"], input: "the core\n\n")
        #expect(named.map { $0["text"]?.string } == ["the core", ""])
        #expect(named.map(vector) == typed.map(vector))
    }

    @Test("a prompt that the folder does not have is an error with those that it has")
    func unknownPrompt() async throws {
        let directory = try TemporaryDirectory()
        try SyntheticModel.write(to: directory.path)
        let program = try #require(executable)
        let line = "'\(program)' embed '\(directory.path)' x --prompt-name q 2>&1; echo $?"
        let text = try await blocking { try Output.of("/bin/sh", ["-c", line]) }
        #expect(
            text
                == "ganglion: \(directory.path)/config_sentence_transformers.json key prompts has no q: leave"
                + " the name out\n1\n")
    }
}
