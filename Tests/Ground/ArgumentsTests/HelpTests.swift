import Arguments
import Testing

@Suite("Help")
struct HelpTests {
    func shown(_ command: Command, _ words: [String]) throws -> String {
        guard case .show(let text) = try command.parse(words, version: "1.2.3") else { throw Unexpected() }
        return text
    }

    @Test("of a command has its usage, its flags with defaults and variables, and examples")
    func command() throws {
        let command = Command(
            "plug", summary: "Plugs things in", details: "It does so carefully.",
            arguments: [Sample.root, Sample.level, Sample.socket, Sample.labels, Sample.name, Sample.file],
            examples: [.init("plug --name n FILE", "Plug one in")]
        ) { _ in }
        #expect(
            try shown(command, ["--help"]) == """
                Plugs things in

                It does so carefully.

                Usage:
                  plug --name TEXT FILE [flags]

                Arguments:
                  FILE  File

                Flags:
                      --kubelet-root TEXT           Root (default /var/lib/kubelet) [$KUBELET_ROOT]
                      --log-level debug|info|error  Level (default info) [$LOG_LEVEL]
                  -s, --agent-socket TEXT           Socket [$SOCKET]
                  -l, --label TEXT                  Labels (may be given more than once) [$LABELS]
                      --name TEXT                   Name (required)
                  -h, --help                        Print this help and end
                      --version                     Print the version and end

                Examples:
                  # Plug one in
                  plug --name n FILE

                """)
    }

    @Test("of a program lists its commands", arguments: [["--help"], ["-h"], ["help"]])
    func program(words: [String]) throws {
        let text = try shown(Sample.tool, words)
        #expect(text.contains("Usage:\n  tool COMMAND [flags]\n\nCommands:\n  list  List\n  load  Load\n"))
    }

    @Test(
        "of a command below is asked for in either way", arguments: [["load", "--help"], ["help", "load"]])
    func below(words: [String]) throws {
        #expect(try shown(Sample.tool, words).contains("  tool load --name TEXT FILE [NUMBER...] [flags]\n"))
    }

    @Test("wins over everything that is wrong after it")
    func wins() throws {
        #expect(try shown(Sample.run, ["--help", "--nonsense"]).hasPrefix("Run\n"))
    }

    @Test("lines are at most 100 columns")
    func width() throws {
        let help = String(repeating: "word ", count: 60)
        let command = Command("x", summary: "X", arguments: [Flag("a-flag", help: help)]) { _ in }
        let lines = try shown(command, ["-h"]).split(separator: "\n")
        #expect(lines.filter { $0.contains("word word") }.count == 4)
        #expect(lines.allSatisfy { $0.count <= 100 })
    }

    @Test("the version is the program's name and number")
    func version() throws {
        #expect(try shown(Sample.tool, ["--version"]) == "tool 1.2.3\n")
        #expect(try shown(Sample.tool, ["list", "--version"]) == "tool 1.2.3\n")
    }
}
