// The programs of a cluster as a user may call them: as an executable of their own, by a link to `ganglion` as in the
// image, and as a command of `ganglion`.

import Glibc
import SystemIO
import TestSupport
import Testing

/// A program in the three forms.
struct CalledProgram: Sendable, CustomTestStringConvertible {
    let word: String
    /// Flags that make it end with an error, whatever the machine.
    let failing: [String]

    var name: String { "ganglion-" + word }
    var testDescription: String { name }

    static let all = [
        CalledProgram(word: "operator", failing: ["--kubeconfig", "/nowhere"]),
        CalledProgram(word: "node-agent", failing: ["--node-name", "n", "--kubeconfig", "/nowhere"]),
        CalledProgram(word: "model-server", failing: ["--model", "m=/nowhere", "--device-root", "/nowhere"]),
    ]

    /// What it prints and how it ends as an executable of its own, by a link, and as a command.
    func run(_ arguments: [String]) async throws -> (own: Output, link: Output, command: Output) {
        let directory = try TemporaryDirectory()
        let link = directory.path + "/" + name
        try #require(symlink(Tools.programs + "/ganglion", link) == 0)
        func output(_ path: String, _ arguments: [String]) async throws -> Output {
            try await Output.of(path, arguments, in: directory.path)
        }
        return (
            try await output("\(Tools.programs)/\(name)", arguments), try await output(link, arguments),
            try await output(Tools.programs + "/ganglion", [word] + arguments)
        )
    }
}

@Suite("A program called by its own executable, by a link to ganglion, or as a command")
struct ProgramTests {
    @Test("explains itself under the name that it was called by", arguments: CalledProgram.all)
    func help(_ program: CalledProgram) async throws {
        let (own, link, command) = try await program.run(["--help"])
        let text = own.succeeded()
        #expect(link.succeeded() == text)
        #expect(text.contains("\nUsage:\n  \(program.name) "))
        // The lines that are there to be typed differ, and no other.
        let lines = zip(text.split(separator: "\n"), command.succeeded().split(separator: "\n"))
        for (line, other) in lines {
            let isTyped = line.hasPrefix("  \(program.name) ")
            #expect(isTyped ? other == "  ganglion " + line.dropFirst(11) : other == line)
        }
        #expect(command.standardOutput.count == text.count)
    }

    @Test("refuses what it does not know with exit code 64", arguments: CalledProgram.all)
    func wrongLine(_ program: CalledProgram) async throws {
        let (own, link, command) = try await program.run(["--nonsense"])
        #expect(own.status == .exited(64) && link.status == .exited(64) && command.status == .exited(64))
        #expect(own.standardError.hasPrefix("\(program.name): unknown flag --nonsense"))
        #expect(own.standardError.hasSuffix("Run \"\(program.name) --help\" for what it takes.\n"))
        #expect(link.standardError == own.standardError)
        #expect(
            command.standardError.hasSuffix("Run \"ganglion \(program.word) --help\" for what it takes.\n"))
    }

    @Test("ends with exit code 1 and one sentence", arguments: CalledProgram.all)
    func failure(_ program: CalledProgram) async throws {
        let (own, link, command) = try await program.run(program.failing)
        #expect(own.status == .exited(1) && link.status == .exited(1) && command.status == .exited(1))
        #expect(own.standardError.hasPrefix(program.name + ": "))
        #expect(link.standardError == own.standardError)
        #expect(command.standardError == "ganglion" + own.standardError.dropFirst(program.name.count))
    }

    @Test("says which version it is")
    func version() async throws {
        let program = CalledProgram.all[0]
        let (own, link, command) = try await program.run(["--version"])
        #expect(own.succeeded().hasPrefix(program.name + " "))
        #expect(link.succeeded() == own.standardOutput)
        #expect(command.succeeded() == "ganglion" + own.standardOutput.dropFirst(program.name.count))
    }
}
