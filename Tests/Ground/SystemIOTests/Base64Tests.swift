import Testing

@testable import SystemIO

@Suite("Base64, RFC 4648")
struct Base64Tests {
    /// §10.
    static let examples = [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
        ("foobar", "Zm9vYmFy"),
    ]

    @Test("octets go there and back, padded and not", arguments: examples)
    func codes(plain: String, coded: String) {
        let octets = Array(plain.utf8)
        let bare = String(coded.filter { $0 != "=" })
        #expect(Base64.encode(octets) == coded)
        #expect(Base64.encode(octets, padded: false) == bare)
        #expect(Base64.decode(coded) == octets)
        #expect(Base64.decode(coded, allowing: .padding) == octets)
        #expect(Base64.decode(bare, allowing: .padding) == octets)
    }

    @Test("every length of octets survives in both alphabets", arguments: 0..<70)
    func lengths(count: Int) {
        let octets = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 89 &+ 200) }
        #expect(Base64.decode(Base64.encode(octets)) == octets)
        let url = Base64.encode(octets, padded: false, url: true)
        #expect(url.utf8.allSatisfy { !"+/=".utf8.contains($0) })
        #expect(Base64.decode(url, allowing: [.padding, .urlAlphabet]) == octets)
    }

    @Test("the two alphabets differ in two digits")
    func alphabets() {
        #expect(Base64.encode([251, 255, 191]) == "+/+/")
        #expect(Base64.encode([251, 255, 191], url: true) == "-_-_")
        #expect(Base64.decode("-_+/") == nil)
        #expect(Base64.decode("-_+/", allowing: .urlAlphabet) == [251, 255, 191])
    }

    @Test(
        "what is not Base64 is nil",
        arguments: [
            "Z", "Zg=", "Z===", "Zg=a", "Zm9*", "Zm9vY", "Z*==", "Zm 9", "Zm9vYg", "====", "Zg===", "Ä",
        ])
    func refuses(text: String) { #expect(Base64.decode(text) == nil) }

    @Test(
        "leniency has its ends",
        arguments: [
            ("", []), ("QQ==", [65]), ("QQ", [65]), ("QQ=", [65]), ("QUI=", [65, 66]),
            ("QU\nJD", [65, 66, 67]),
            ("Q", nil), ("Q*", nil), ("QQ==QQ", nil), ("Q-", nil), ("QU\u{b}JD", nil),
        ] as [(String, [UInt8]?)])
    func lenient(text: String, octets: [UInt8]?) {
        #expect(Base64.decode(text, allowing: [.padding, .whiteSpace]) == octets)
    }
}
