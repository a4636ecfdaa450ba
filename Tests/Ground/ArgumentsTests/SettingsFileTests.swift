import Arguments
import Testing

@Suite("A file of settings")
struct SettingsFileTests {
    static let level = Option("log-level", default: "info", environment: "LOG_LEVEL", help: "Level")
    static let root = Option("kubelet-root", default: "/var/lib/kubelet", help: "Root")
    static let ignored = Option<[String]>("ignore", help: "Ignored")
    static let strict = Flag("strict", environment: "STRICT", help: "Strict")
    static let command = Command(
        "plug", summary: "Plugs", arguments: [level, root, ignored, strict]
    ) { _ in }

    static func values(
        _ text: String, _ words: [String] = [], environment: [String: String] = [:]
    ) throws -> ArgumentValues {
        let settings = try Command.Settings(origin: "/etc/plug.yaml", parsing: text)
        let request = try command.parse(words, environment: { environment[$0] }, settings: settings)
        guard case .run(_, let values) = request else { throw Unexpected() }
        return values
    }

    @Test("is flat lines of keys and values, as a ConfigMap holds them")
    func flat() throws {
        let values = try Self.values(
            "---\n# what is logged\nlog-level: debug   # for a day\r\n\nkubelet-root: \"/data/k \\\"x\\\" # y\"\n"
                + "ignore: a,b\nstrict: true\n")
        #expect(values[Self.level] == "debug")
        #expect(values[Self.root] == "/data/k \"x\" # y")
        #expect(values[Self.ignored] == ["a", "b"])
        #expect(values[Self.strict])
    }

    @Test(
        "reads scalars as YAML does",
        arguments: [
            ("kubelet-root: /a#b", "/a#b"), ("kubelet-root: 'it''s'", "it's"),
            ("kubelet-root:", "/var/lib/kubelet"),
            ("kubelet-root: \"\"", "/var/lib/kubelet"), ("kubelet-root:\t/a:b ", "/a:b"),
            ("kubelet-root : /a", "/a"), ("kubelet-root: \"\\\\\" # c", "\\"), ("", "/var/lib/kubelet"),
        ])
    func scalars(text: String, root: String) throws { #expect(try Self.values(text)[Self.root] == root) }

    @Test("counts after the environment, and that after the command line")
    func precedence() throws {
        let file = "log-level: file\nstrict: true\n"
        #expect(try Self.values(file)[Self.level] == "file")
        #expect(try Self.values(file, environment: ["LOG_LEVEL": "env"])[Self.level] == "env")
        #expect(
            try Self.values(file, ["--log-level=flag"], environment: ["LOG_LEVEL": "env"])[Self.level]
                == "flag")
        #expect(try Self.values(file, ["--strict=false"])[Self.strict] == false)
    }

    @Test(
        "that cannot be read names the line and the mend",
        arguments: [
            ("strict", 1, "has no colon: write \"key: value\""),
            ("strict:true", 1, "has no blank after the colon: write \"key: value\""),
            ("a: 1\n  b: 2", 2, "is indented or a list: write one \"key: value\" to a line"),
            ("- a: 1", 1, "is indented or a list: write one \"key: value\" to a line"),
            ("a: [1, 2]", 1, "has a value that begins with [: put it in quotes"),
            ("a: |", 1, "has a value that begins with |: put it in quotes"),
            ("a: 1\n\na: 2", 3, "gives a a second time: remove one"),
            ("a: \"b", 1, "has a quote that is not closed: close it on the same line"),
            ("a: 'b' c", 1, "goes on after the closing quote: remove what follows it"),
            ("a: \"\\n\"", 1, "has an escape that is not read: only \\\" and \\\\ are"),
        ])
    func malformed(text: String, line: Int, reason: String) {
        #expect(throws: ArgumentError.malformedSettings(origin: "f", line: line, reason: reason)) {
            _ = try Command.Settings(origin: "f", parsing: text)
        }
    }

    @Test("with a key that is no flag names the nearest flag")
    func unknown() {
        #expect(
            throws: ArgumentError.unknownSetting("log-levle", origin: "/etc/plug.yaml", nearest: "log-level")
        ) { _ = try Self.values("log-levle: debug") }
        #expect(
            ArgumentError.unknownSetting("log-levle", origin: "/etc/plug.yaml", nearest: "log-level")
                .description
                == "unknown setting log-levle in /etc/plug.yaml: did you mean log-level?")
        #expect(
            ArgumentError.malformedSettings(
                origin: "f", line: 2, reason: "has no colon: write \"key: value\""
            )
            .description == "line 2 of f has no colon: write \"key: value\"")
    }

    @Test("with a value that is none names the key, the file and the value")
    func badValue() {
        #expect(
            throws: ArgumentError.invalid(
                origin: "strict in /etc/plug.yaml", text: "maybe", reason: "must be true or false")
        ) { _ = try Self.values("strict: maybe") }
    }
}
