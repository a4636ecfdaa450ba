import JSON
import TestSupport
import Testing

@testable import Tokenizers

@Suite("Vocabularies of tokenizer.json")
struct VocabularyScannerTests {
    @Test(
        "a vocabulary is read as it is written, however it is escaped, and the rest of the file stays",
        arguments: 0..<40)
    func vocabulary(seed: Int) throws {
        var generator = SeededGenerator(seed: seed)
        let scalars: [Unicode.Scalar] = [
            "a", "\"", "\\", "{", "}", "é", "e", "\u{301}", "\u{1f600}", "\u{212b}", "\u{1}", "/", ",",
        ]
        var text = #"{"x":"}{\"vocab\":{","vocab":{"no":1},"model":{"a":[{"vocab":{"no":2}}],"vocab":{"#
        var expected: [(token: [UInt8], id: Int32)] = []
        for id in 0..<generator.number(0..<20) {
            var token = ""
            var written = ""
            for _ in 0..<generator.number(0..<6) {
                let scalar = scalars.randomElement(using: &generator) ?? "a"
                token.unicodeScalars.append(scalar)
                let mustEscape = scalar == "\"" || scalar == "\\" || scalar.value < 32
                if mustEscape || generator.number(0..<3) == 0 {
                    for unit in String(scalar).utf16 {
                        let digits = String(unit, radix: 16)
                        written += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
                    }
                } else {
                    written.unicodeScalars.append(scalar)
                }
            }
            expected.append((Array(token.utf8), Int32(id)))
            text += (id > 0 ? " ,\n" : "") + "\"\(written)\" : \(id)"
        }
        let whole = text + #"},"type":"WordPiece"},"y":1}"#
        let scanner = try VocabularyScanner(Array(whole.utf8))
        #expect(scanner.entries.map(\.token) == expected.map(\.token))
        #expect(scanner.entries.map(\.id) == expected.map(\.id))
        let rest = try JSON(parsing: scanner.rest)
        #expect(rest["model"]?["vocab"] == [:] && rest["model"]?["type"] == "WordPiece" && rest["y"] == 1)
        // Any end, and any octet in it, is an error or something else, and no trap.
        for _ in 0..<200 {
            var octets = Array(whole.utf8.prefix(generator.number(0..<whole.utf8.count)))
            if let place = octets.indices.randomElement(using: &generator) {
                octets[place] = UInt8(truncatingIfNeeded: generator.next())
            }
            _ = try? VocabularyScanner(octets)
        }
    }
}
