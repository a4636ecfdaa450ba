import Arguments
import Testing

@Suite("An executable that is several programs")
struct MultiCallTests {
    private static let operate = Command(
        "tool-operator", summary: "Operates", details: "With care.", arguments: [Sample.level],
        examples: [.init("tool-operator --log-level debug", "See more")]
    ) { _ in }
    private static let serve = Command("tool-server", summary: "Serves") { _ in }
    private static let programs = [operate, serve]
    private static let tool = Command(
        "tool", summary: "A tool", subcommands: programs.map { $0.subcommand(of: "tool") })

    private func help(_ command: Command, _ words: [String]) throws -> String {
        guard case .show(let text) = try command.parse(words) else { throw Unexpected() }
        return text
    }

    @Test(
        "is the one that it was started as",
        arguments: [
            ("tool-operator", "tool-operator"), ("/tool-server", "tool-server"),
            ("../bin/tool-operator", "tool-operator"), ("tool", "tool"), ("/usr/bin/another", "tool"),
            ("tool-operator/tool", "tool"), ("tool-opera", "tool"), ("", "tool"), ("/", "tool"),
            (nil, "tool"),
        ] as [(String?, String)])
    func startedAs(path: String?, expected: String) {
        #expect(Self.tool.program(startedAs: path, among: Self.programs).name == expected)
    }

    @Test("has each of them as a command, whose help says what to type")
    func subcommand() throws {
        let whole = try help(Self.operate, ["--help"])
        let part = try help(Self.tool, ["operator", "--help"])
        #expect(whole.contains("\nUsage:\n  tool-operator [flags]\n"))
        #expect(whole.contains("  # See more\n  tool-operator --log-level debug\n"))
        #expect(part.contains("\nUsage:\n  tool operator [flags]\n"))
        #expect(part.contains("  # See more\n  tool operator --log-level debug\n"))
        #expect(part.hasPrefix("Operates\n\nWith care.\n"))
    }

    @Test("lists them among its commands")
    func lists() throws {
        #expect(
            try help(Self.tool, ["help"]).contains("\nCommands:\n  operator  Operates\n  server    Serves\n"))
    }

    @Test("a program's name that does not begin with the other's stays as it is")
    func foreignName() {
        #expect(Command("list", summary: "Lists") { _ in }.subcommand(of: "tool").name == "list")
        #expect(Command("toolbox", summary: "Holds") { _ in }.subcommand(of: "tool").name == "toolbox")
    }
}
