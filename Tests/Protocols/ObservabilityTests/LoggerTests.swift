import Observability
import SystemIO
import Testing

/// Keeps what a logger writes.
final class Lines: Sendable {
    private let all = Lock<[String]>([])

    var write: @Sendable ([UInt8]) -> Void {
        { bytes in self.all.withLock { $0.append(String(decoding: bytes, as: UTF8.self)) } }
    }

    /// The lines without the time that a text line begins with.
    var untimed: [String] {
        raw.map { line in
            line.firstIndex(of: " ").map { String(line[line.index(after: $0)...]) } ?? line
        }
    }

    var raw: [String] { all.withLock { $0 } }
}

@Suite("A log line")
struct LoggerTests {
    let lines = Lines()

    @Test("is one event with its fields")
    func event() throws {
        let log = Logger(write: lines.write)
        log.info(
            "registered",
            ["resource": "aws.amazon.com/neuroncore", "devices": 24, "took": Duration.milliseconds(12)])
        #expect(
            lines.untimed == ["info registered resource=aws.amazon.com/neuroncore devices=24 took=12ms\n"])
        let line = try #require(lines.raw.first)
        let time = try #require(line.split(separator: " ").first)
        #expect(WallClock.parse(String(time)) != nil)
        #expect(time.count == "2026-11-21T14:10:00.123Z".count)
    }

    @Test(
        "writes values in the form that reads best",
        arguments: [
            (true, "true"), (-7, "-7"), (2.5, "2.5"), (3.0, "3"), (1.0 / 3, "0.333"),
            (Duration.microseconds(850), "850us"), (Duration.microseconds(1_250), "1.3ms"),
            (Duration.milliseconds(1_500), "1.5s"), (Duration.zero, "0us"), (["4", "5"], "4,5"),
            ([4, 5], "4,5"),
            (String?.none, "-"), (Int?.some(3), "3"),
        ] as [(any LogValue, String)])
    func values(value: any LogValue, text: String) {
        Logger(write: lines.write).info("event", ["value": value])
        #expect(lines.untimed == ["info event value=\(text)\n"])
    }

    @Test(
        "quotes what would not read back, and stays one line whatever a peer sent",
        arguments: [
            ("two words", #""two words""#), ("", #""""#), ("a=b", #""a=b""#), (#"say "x""#, #""say \"x\"""#),
            ("x\ninfo forged", #""x\ninfo forged""#), ("\u{1b}[31m", #""\u001b[31m""#), (#"a\b"#, #""a\\b""#),
            ("ä⚡", "ä⚡"),
        ])
    func quoting(value: String, text: String) {
        Logger(write: lines.write).info("event", ["value": value])
        #expect(lines.untimed == ["info event value=\(text)\n"])
    }

    @Test("is cut where a value is very long")
    func long() throws {
        Logger(write: lines.write).info("event", ["value": String(repeating: "x", count: 100_000)])
        #expect(try #require(lines.raw.first).utf8.count < 2_200)
    }

    @Test("is JSON on request, with numbers as numbers")
    func json() throws {
        let log = Logger(format: .json, write: lines.write)
        log.warning(
            "own socket is gone",
            [
                "path": "/run/\"x\"", "chips": 12, "ok": false, "ratio": Double.nan,
                "took": Duration.seconds(2),
            ])
        let line = try #require(lines.raw.first)
        #expect(line.hasPrefix(#"{"time":"2"#))
        #expect(
            line.hasSuffix(
                #","level":"warning","message":"own socket is gone","path":"/run/\"x\"","chips":12,"ok":false,"#
                    + #""ratio":"nan","took":"2s"}"# + "\n"))
    }

    @Test("is written from its level up, and the level can change for all copies")
    func levels() {
        let log = Logger(level: .info, write: lines.write)
        let copy = log.with(["pod": "a"])
        log.debug("no")
        log.info("one")
        copy.error("two", ["n": 1])
        log.level = .debug
        copy.debug("three")
        copy.level = .error
        log.warning("no")
        #expect(lines.untimed == ["info one\n", "error two pod=a n=1\n", "debug three pod=a\n"])
        #expect(log.level == .error)
    }

    @Test("costs nothing to make when its level is off")
    func lazy() {
        Logger(level: .info, write: lines.write).debug("never", ["x": Self.fail()])
        #expect(lines.raw.isEmpty)
    }

    static func fail() -> Int {
        Issue.record("the field was computed")
        return 0
    }
}
