import Testing

@testable import Arguments

enum Level: String, ArgumentChoice { case debug, info, error }

/// A program with one of everything.
enum Sample {
    static let root = Option(
        "kubelet-root", default: "/var/lib/kubelet", environment: "KUBELET_ROOT", help: "Root")
    static let level = Option("log-level", default: Level.info, environment: "LOG_LEVEL", help: "Level")
    static let socket = Option<String?>("agent-socket", short: "s", environment: "SOCKET", help: "Socket")
    static let labels = Option<[String]>("label", short: "l", environment: "LABELS", help: "Labels")
    static let cores = Option(
        "cores", short: "c", default: 4, help: "Cores",
        check: { (1...128).contains($0) ? nil : "must be 1 to 128" })
    static let delay = Option("delay", default: Duration.milliseconds(250), help: "Delay")
    static let ratio = Option("ratio", default: 0.5, help: "Ratio")
    static let quiet = Flag("quiet", short: "q", environment: "QUIET", help: "Say less")
    static let name = Option<String>("name", help: "Name")
    static let file = Positional<String>("FILE", help: "File")
    static let others = Positional<[Int]>("NUMBER", help: "Numbers")

    static let run = Command(
        "run", summary: "Run",
        arguments: [root, level, socket, labels, cores, delay, ratio, quiet]
    ) { _ in }

    static let tool = Command(
        "tool", summary: "A tool", arguments: [root],
        subcommands: [
            Command("list", summary: "List", arguments: [quiet]) { _ in },
            Command("load", summary: "Load", arguments: [name, file, others]) { _ in },
            Command(
                "node", summary: "Nodes",
                subcommands: [Command("show", summary: "Show", arguments: [quiet]) { _ in }]),
        ])
}

/// The values of a command line that is right.
func values(
    _ command: Command, _ words: [String], environment: [String: String] = [:],
    settings: Command.Settings? = nil
) throws -> ArgumentValues {
    let request = try command.parse(words, environment: { environment[$0] }, settings: settings)
    guard case .run(_, let values) = request else { throw Unexpected() }
    return values
}

struct Unexpected: Error {}

@Suite("A command line")
struct ParsingTests {
    @Test(
        "that is wrong points to the help of the command that was meant",
        arguments: [
            ("", "tool"), ("load --nmae x", "tool load"), ("node show --wide", "tool node show"),
            ("--kubelet-root /x list --wide", "tool list"), ("other", "tool"),
        ])
    func help(words: String, spelling: String) {
        #expect(Sample.tool.spelling(in: words.split(separator: " ").map(String.init)) == spelling)
    }

    @Test("with nothing on it has every default")
    func defaults() throws {
        let values = try values(Sample.run, [])
        #expect(values[Sample.root] == "/var/lib/kubelet")
        #expect(values[Sample.level] == .info)
        #expect(values[Sample.socket] == nil)
        #expect(values[Sample.labels] == [])
        #expect(values[Sample.cores] == 4)
        #expect(values[Sample.delay] == .milliseconds(250))
        #expect(values[Sample.ratio] == 0.5)
        #expect(!values[Sample.quiet])
    }

    @Test(
        "takes a value after the flag, with =, or at the short name",
        arguments: [["--agent-socket", "/s"], ["--agent-socket=/s"], ["-s", "/s"], ["-s/s"], ["-s=/s"]])
    func spellings(words: [String]) throws {
        #expect(try values(Sample.run, words)[Sample.socket] == "/s")
    }

    @Test("takes values that look like something else")
    func oddValues() throws {
        #expect(try values(Sample.run, ["--agent-socket="])[Sample.socket] == "")
        #expect(try values(Sample.run, ["--agent-socket", "--quiet"])[Sample.socket] == "--quiet")
        #expect(try values(Sample.run, ["--agent-socket=a=b"])[Sample.socket] == "a=b")
        #expect(try values(Sample.run, ["--ratio", "-1.5"])[Sample.ratio] == -1.5)
    }

    @Test("keeps the last of a single value and all of a repeated one")
    func repetition() throws {
        let values = try values(Sample.run, ["--cores", "1", "--label", "a", "--cores=2", "-l", "b"])
        #expect(values[Sample.cores] == 2)
        #expect(values[Sample.labels] == ["a", "b"])
    }

    @Test(
        "turns a switch on and off",
        arguments: [
            (["--quiet"], true), (["-q"], true), (["--quiet=true"], true), (["--quiet=no"], false),
            (["--quiet", "--quiet=0"], false),
        ] as [([String], Bool)])
    func switches(words: [String], on: Bool) throws {
        #expect(try values(Sample.run, words)[Sample.quiet] == on)
    }

    @Test(
        "reads a time with its unit",
        arguments: [
            ("250ms", .milliseconds(250)), ("10s", .seconds(10)), ("1.5s", .milliseconds(1_500)),
            ("2m", .seconds(120)),
            ("1h", .seconds(3_600)), ("0s", .zero), ("5us", .microseconds(5)),
        ] as [(String, Duration)])
    func durations(text: String, duration: Duration) throws {
        #expect(try values(Sample.run, ["--delay", text])[Sample.delay] == duration)
    }

    @Test("counts before the environment, that before the settings, those before the default")
    func precedence() throws {
        let settings = Command.Settings(
            origin: "/etc/tool", values: ["cores": "8", "kubelet-root": "/f", "quiet": "on"])
        let environment = ["KUBELET_ROOT": "/e", "LABELS": "a,b", "QUIET": ""]
        let fromAll = try values(
            Sample.run, ["--kubelet-root", "/c"], environment: environment, settings: settings)
        #expect(fromAll[Sample.root] == "/c")
        let values = try values(Sample.run, [], environment: environment, settings: settings)
        #expect(values[Sample.root] == "/e")
        #expect(values[Sample.labels] == ["a", "b"])
        #expect(values[Sample.cores] == 8)
        #expect(values[Sample.quiet])
        #expect(values[Sample.ratio] == 0.5)
    }

    @Test("chooses a command, whose options and those above may stand anywhere")
    func subcommands() throws {
        for words in [["list", "--quiet", "--kubelet-root=/r"], ["--kubelet-root", "/r", "list", "-q"]] {
            let values = try values(Sample.tool, words)
            #expect(values.path == ["tool", "list"])
            #expect(values[Sample.root] == "/r")
            #expect(values[Sample.quiet])
        }
        #expect(try values(Sample.tool, ["node", "show"]).path == ["tool", "node", "show"])
    }

    @Test("gives words by their place, and all after -- as they are")
    func positionals() throws {
        let mixed = try values(Sample.tool, ["load", "f", "--name", "n", "1", "-2"])
        #expect(mixed[Sample.file] == "f")
        #expect(mixed[Sample.others] == [1, -2])
        #expect(try values(Sample.tool, ["load", "--name=n", "--", "--help", "3"])[Sample.file] == "--help")
    }

    @Test(
        "that is wrong is refused with the mend",
        arguments: [
            (["--kubelet-rot", "/x"], "unknown flag --kubelet-rot: did you mean --kubelet-root?"),
            (["--cpus=3"], "unknown flag --cpus"),
            (["--kubelet"], "unknown flag --kubelet: did you mean --kubelet-root?"),
            (["-x"], "unknown flag -x"),
            (["--agent-socket"], "--agent-socket needs a value: --agent-socket TEXT"),
            (["--cores", "many"], "--cores is \"many\", but it must be a whole number"),
            (["-c", "0"], "-c is \"0\", but it must be 1 to 128"),
            (["--quiet=maybe"], "--quiet is \"maybe\", but it must be true or false"),
            (["--log-level=loud"], "--log-level is \"loud\", but it must be one of debug, info, error"),
            (
                ["--delay", "5"],
                "--delay is \"5\", but it must be a time with its unit, like 250ms, 10s, 2m or 1h"
            ),
            (["--ratio=nan"], "--ratio is \"nan\", but it must be a number"),
            (["word"], "unexpected argument \"word\": no more are taken"),
        ])
    func errors(words: [String], message: String) {
        let error = #expect(throws: ArgumentError.self) { try Sample.run.parse(words) }
        #expect(error?.description == message)
    }

    @Test(
        "that names no command is refused with those there are",
        arguments: [
            ([], "a command is missing: there is list, load, node"),
            (["lst"], "unknown command \"lst\": did you mean list?"),
            (["frobnicate"], "unknown command \"frobnicate\": there is list, load, node"),
            (["node"], "a command is missing: there is show"),
            (["load", "f"], "--name is missing and has no default: give it a value"),
            (["load", "--name=n"], "FILE is missing and has no default: give it a value"),
            (["load", "--name=n", "f", "x"], "NUMBER is \"x\", but it must be a whole number"),
        ] as [([String], String)])
    func commandErrors(words: [String], message: String) {
        let error = #expect(throws: ArgumentError.self) { try Sample.tool.parse(words) }
        #expect(error?.description == message)
    }

    @Test("errors name the environment or the settings file that the value came from")
    func origins() {
        #expect(
            throws: ArgumentError.invalid(
                origin: "the environment variable LOG_LEVEL", text: "x",
                reason: "must be one of debug, info, error")
        ) { try values(Sample.run, [], environment: ["LOG_LEVEL": "x"]) }
        let wrong = Command.Settings(origin: "/etc/tool", values: ["cores": "x"])
        #expect(
            throws: ArgumentError.invalid(
                origin: "cores in /etc/tool", text: "x", reason: "must be a whole number")
        ) { try values(Sample.run, [], settings: wrong) }
        let unknown = Command.Settings(origin: "/etc/tool", values: ["core": "2"])
        #expect(
            throws: ArgumentError.unknownSetting("core", origin: "/etc/tool", nearest: "cores")
        ) { try values(Sample.run, [], settings: unknown) }
    }

    @Test(
        "values read back from the text that help shows",
        arguments: ["0s", "250ms", "7us", "90s", "2m", "1h", "36h"])
    func durationTexts(text: String) throws {
        #expect(try Duration(argument: text).argumentText == text)
    }
}
