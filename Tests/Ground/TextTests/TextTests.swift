import Testing
import Text

@Suite("Words and numbers in sentences")
struct TextTests {
    @Test(
        "the nearest word is the one with the fewest changes, if they are few",
        arguments: [
            ("lsit", "list"), ("lis", "list"), ("laod", "load"), ("xyz", nil), ("l", nil), ("dep", "deploy"),
            ("", nil),
        ] as [(String, String?)])
    func nearestWord(word: String, expected: String?) {
        #expect(nearest(to: word, among: ["list", "load", "deploy"]) == expected)
    }

    @Test(
        "what may be chosen from",
        arguments: [
            ([], "", ""), ([1], "1", "1"), ([1, 2], "1 or 2", "1 and 2"),
            ([1, 2, 4], "1, 2 or 4", "1, 2 and 4"),
        ])
    func lists(numbers: [Int], alternatives: String, enumeration: String) {
        #expect(numbers.alternatives == alternatives)
        #expect(numbers.enumeration == enumeration)
    }

    @Test("a span of numbers", arguments: [(3..<3, ""), (3..<4, "3"), (4..<8, "4-7")])
    func spans(range: Range<Int>, text: String) { #expect(range.spanText == text) }

    @Test(
        "a duration in seconds",
        arguments: [(Duration.milliseconds(1500), 1.5), (.milliseconds(-250), -0.25), (.zero, 0)])
    func seconds(duration: Duration, expected: Double) { #expect(duration.inSeconds == expected) }

    // The values of the test suite in draft-eastlake-fnv, appendix C.
    @Test(
        "FNV-1a of known octets",
        arguments: [
            ("", 0xcbf2_9ce4_8422_2325), ("a", 0xaf63_dc4c_8601_ec8c), ("foobar", 0x8594_4171_f739_67e8),
        ]
            as [(String, UInt64)])
    func hashes(text: String, expected: UInt64) { #expect(FNV1a(text.utf8).value == expected) }
}

@Suite("Percent-encoding, RFC 3986 §2.1")
struct PercentEncodingTests {
    @Test(
        "goes both ways",
        arguments: [("a b/ü", "a%20b%2F%C3%BC"), ("plain-._~", "plain-._~"), ("50%", "50%25"), ("", "")])
    func percent(text: String, encoded: String) {
        #expect(PercentEncoding.encode(text) == encoded)
        #expect(PercentEncoding.decode(encoded) == text)
    }

    @Test("leaves what it is told to leave")
    func keeping() { #expect(PercentEncoding.encode("a/b c", keeping: "/") == "a/b%20c") }

    @Test("a broken escape is left as it is")
    func brokenEscape() {
        #expect(PercentEncoding.decode("%zz%4") == "%zz%4")
        #expect(PercentEncoding.decode("a+b") == "a+b")
        #expect(PercentEncoding.decode("a+b", plusIsSpace: true) == "a b")
    }
}
