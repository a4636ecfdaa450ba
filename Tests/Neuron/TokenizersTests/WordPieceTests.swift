import Testing

@testable import Tokenizers

@Suite("WordPiece")
struct WordPieceTests {
    private func pieces(_ text: String, limit: Int = 64) throws -> [String] {
        let vocabulary = [
            "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "un", "##aff", "##able", "affable", ",", "!",
            "hello", "e",
            "##e", "中", "é", "##un", "s",
        ]
        let bytes = Array((vocabulary.joined(separator: "\r\n") + "\r\n").utf8)
        let tokenizer = try Tokenizer(vocabulary: bytes, subject: "vocab.txt")
        #expect(tokenizer.vocabularyCount == vocabulary.count)
        return tokenizer.encodeWithMarks(text, count: limit).map { vocabulary[Int($0)] }
    }

    @Test(
        "cuts greedily, longest piece first",
        arguments: [
            ("unaffable", ["un", "##aff", "##able"]),
            ("HELLO, hello!", ["hello", ",", "hello", "!"]),
            ("affables", ["[UNK]"]),
            ("É ee e\u{301}e", ["e", "e", "##e", "e", "##e"]),
            ("hello中hello", ["hello", "中", "hello"]),
            ("hel\u{0}lo he\u{200b}llo", ["hello", "hello"]),
            ("hello\u{3000}hello\u{a0}e", ["hello", "hello", "e"]),
            ("a[SEP]hello [mask]", ["[UNK]", "[SEP]", "hello", "[UNK]", "[UNK]", "[UNK]"]),
            (String(repeating: "e", count: 101), ["[UNK]"]),
            ("", []),
        ])
    func cuts(text: String, expected: [String]) throws {
        #expect(try pieces(text) == ["[CLS]"] + expected + ["[SEP]"])
    }

    @Test("a word of a hundred characters is still cut")
    func longest() throws {
        #expect(
            try pieces(String(repeating: "e", count: 100), limit: 200).count == 102)
    }

    @Test("is cut off at the limit, [SEP] included", arguments: 2...6)
    func limits(limit: Int) throws {
        let all = ["[CLS]", "hello", ",", "un", "##aff", "##able", "[SEP]"]
        #expect(try pieces("hello, unaffable", limit: limit) == all.prefix(limit - 1) + ["[SEP]"])
    }

    @Test("a text of ASCII alone becomes the same by octets as by characters")
    func octets() {
        let ascii = (0..<128).map { UInt8($0) }
        let text = ascii + ascii.flatMap { [UInt8(ascii: "a"), $0, UInt8(ascii: "Z")] }
        let scalars = text.map { Unicode.Scalar($0) }
        var steps: [TextNormalization] = [.lowercase, .stripAccents]
        for number in 0..<16 {
            steps.append(
                .bert(
                    BERTNormalization(
                        cleans: number & 1 > 0, lowercase: number & 2 > 0,
                        stripAccents: number & 4 > 0 ? nil : true, spacesIdeographs: number & 8 > 0)))
        }
        for (isCompatible, isComposed) in [(false, false), (false, true), (true, false), (true, true)] {
            steps.append(.form(isCompatible: isCompatible, isComposed: isComposed))
        }
        for step in steps {
            #expect(step.apply(ascii: text) == [UInt8](utf8: step.apply(scalars)), "\(step)")
        }
        // What looks at more than a character has no such way.
        #expect(TextNormalization.strip(left: true, right: true).apply(ascii: text) == nil)
    }

    @Test(
        "what is cut once is not joined with the piece before it",
        arguments: [
            (SplitBehavior.contiguous, [0..<2, 2..<3, 3..<4]),
            (.mergedWithPrevious, [0..<1, 1..<2, 2..<3, 3..<4]),
            (.mergedWithNext, [0..<1, 1..<2, 2..<4]), (.isolated, [0..<1, 1..<2, 2..<3, 3..<4]),
            (.removed, [3..<4]),
        ])
    func splits(behavior: SplitBehavior, expected: [Range<Int>]) {
        var pieces = TextPieces(Array("--|a".utf8), isAtStart: true)
        pieces.ranges = [0..<2, 2..<4]
        pieces.split(behavior) { $0 == "-" || $0 == "|" }
        #expect(pieces.ranges == expected)
    }

    @Test(
        "decomposition is canonical, with marks in order",
        arguments: [
            ("\u{1ea8}", "A\u{302}\u{309}"), ("\u{ac01}", "\u{1100}\u{1161}\u{11a8}"),
            ("\u{212b}", "A\u{30a}"),
            ("e\u{301}\u{323}", "e\u{323}\u{301}"), ("\u{f900}", "\u{8c48}"), ("\u{344}", "\u{308}\u{301}"),
            ("plain", "plain"),
        ])
    func decomposition(text: String, expected: String) {
        #expect(canonicallyDecomposed(Array(text.unicodeScalars)) == Array(expected.unicodeScalars))
    }

    @Test("every character of the table is canonically equal to its decomposition")
    func table() {
        let characters =
            stride(from: 0, to: decompositionPairs.count, by: 3).map { decompositionPairs[$0] }
            + stride(from: 0, to: decompositionSingles.count, by: 2).map { decompositionSingles[$0] }
        #expect(characters.count > 2_000)
        for scalar in characters.compactMap(Unicode.Scalar.init) {
            var decomposed = String.UnicodeScalarView()
            decomposed.append(contentsOf: canonicallyDecomposed([scalar]))
            #expect(Array(decomposed) != [scalar])
            #expect(String(decomposed) == String(Character(scalar)))
        }
    }
}
