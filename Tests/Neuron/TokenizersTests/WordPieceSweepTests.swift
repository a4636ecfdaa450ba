// Every code point's way through the normaliser, against the Rust crate `tokenizers` (Tests/Peers/wordpiece_sweep.py
// says what the texts show). Data of another Unicode version, here or there, is what this finds.

import TestSupport
import Testing

@testable import Tokenizers

@Suite("WordPiece over all of Unicode")
struct WordPieceSweepTests {
    @Test("every code point is dropped, split, decomposed and lower-cased as `tokenizers` does it")
    func sweep() throws {
        let lines = try Fixtures.lines("text/wordpiece-sweep.txt")
        #expect(lines.count == 532)
        var wrong: [Substring] = []
        for line in lines {
            let parts = line.split(separator: " ")
            let block = try #require(UInt32(parts[0], radix: 16))
            if UInt64(parts[1], radix: 16) != digest(block) { wrong.append(parts[0]) }
        }
        #expect(wrong == [])
    }

    /// FNV-1a of the words of a block of 256 code points, each followed by a line feed.
    private func digest(_ block: UInt32) -> UInt64 {
        let normalizer = BERTNormalization(lowercase: true)
        let scalars = (block..<block + 256).compactMap(Unicode.Scalar.init)
        var digest: UInt64 = 0xcbf2_9ce4_8422_2325
        for start in stride(from: 0, to: scalars.count, by: 40) {
            let some = scalars[start..<min(start + 40, scalars.count)]
            var text = String.UnicodeScalarView()
            for scalar in some { text += ["a", scalar, "b", " "] }
            text += some
            for scalar in some { text += [" ", "A", scalar, "\u{301}", "\u{334}"] }
            var pieces = TextPieces([UInt8](utf8: normalizer.apply(Array(text))), isAtStart: true)
            for splitter in [TextSplitter.spaces, .punctuation(.isolated)] { splitter.apply(&pieces) }
            for word in pieces.ranges {
                for byte in pieces.octets[word] + [0x0a] {
                    digest = (digest ^ UInt64(byte)) &* 0x100_0000_01b3
                }
            }
        }
        return digest
    }
}
