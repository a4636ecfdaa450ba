import Glibc
import Testing

@testable import SystemIO

@Suite("RFC 3339")
struct RFC3339Tests {
    @Test(
        "a time is read",
        arguments: [
            ("1970-01-01T00:00:00Z", 0, 0), ("1969-12-31T23:59:59.5Z", -1, 500_000_000),
            ("2026-11-21t12:50:57.000000001z", 1_795_265_457, 1),
            ("2026-11-21T12:50:57.0000000019Z", 1_795_265_457, 1),
            ("2026-01-01T02:30:00+02:30", 1_767_225_600, 0), ("2025-12-31T23:00:00-01:00", 1_767_225_600, 0),
            ("9999-12-31T23:59:59.999999999Z", 253_402_300_799, 999_999_999),
            ("0000-01-01T00:00:00Z", -62_167_219_200, 0), ("2016-12-31T23:59:60Z", 1_483_228_800, 0),
        ] as [(String, Int64, Int64)])
    func reads(text: String, seconds: Int64, nanoseconds: Int64) {
        #expect(RFC3339(text) == RFC3339(seconds: seconds, nanoseconds: nanoseconds))
    }

    @Test(
        "what is no time is refused",
        arguments: [
            "", "2026", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-02-29T00:00:00Z",
            "2026-04-31T00:00:00Z", "2026-01-01T00:00:00", "2026-01-01 00:00:00Z", "2026-01-01T00:00:00Zx",
            "2026-01-01T00:00:00.Z", "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z", "2026-01-01T00:00:61Z",
            "2026-01-01T00:00:00+0100", "2026-01-01T00:00:00+01:0", "2026-01-01T00:00:00+1:00",
            "+026-01-01T00:00:00Z", "2026-01-01T00:00:00Ä",
        ])
    func refuses(text: String) {
        #expect(RFC3339(text) == nil)
    }

    @Test("the calendar is that of the C library, for any second of the years 0 to 9999")
    func calendar() throws {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<2_000 {
            var seconds = time_t.random(in: -62_167_219_200...253_402_300_799, using: &random)
            let moment = RFC3339(seconds: Int64(seconds), nanoseconds: .random(in: 0..<1_000_000_000))
            let text = moment.text(digits: 9)
            var parts = tm()
            gmtime_r(&seconds, &parts)
            let read = text.dropLast(11).split { "-T:".contains($0) }.compactMap { Int32($0) }
            #expect(
                read == [
                    parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min,
                    parts.tm_sec,
                ])
            #expect(RFC3339(text) == moment, "\(text)")
        }
    }
}

@Suite("Wall clock")
struct WallClockTests {
    @Test(
        "writes RFC 3339 and reads it back",
        arguments: [
            (0, 0, "1970-01-01T00:00:00Z"), (1_792_000_000_123_456_789, 6, "2026-10-14T17:46:40.123456Z"),
            (951_782_400_000_000_000, 0, "2000-02-29T00:00:00Z"), (-1_000_000_000, 0, "1969-12-31T23:59:59Z"),
            (-1, 9, "1969-12-31T23:59:59.999999999Z"),
        ] as [(Int64, Int, String)])
    func timestamps(nanoseconds: Int64, digits: Int, text: String) {
        #expect(WallClock.timestamp(nanoseconds, digits: digits) == text)
        #expect(WallClock.parse(text).map { WallClock.timestamp($0, digits: digits) } == text)
    }

    @Test(
        "refuses a time whose nanoseconds 64 bits cannot count",
        arguments: ["2263-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "1677-01-01T00:00:00Z"])
    func refuses(text: String) {
        #expect(WallClock.parse(text) == nil)
    }

    @Test("durations that are negative or too long are bounded")
    func durations() {
        #expect(Duration.milliseconds(3).nanoseconds == 3_000_000)
        #expect(Duration.seconds(-3).nanoseconds == 0)
        #expect(Duration.seconds(Int64.max).nanoseconds == .max)
    }
}
