// WordPiece, as BERT uses it: each word is cut greedily into the longest pieces that the vocabulary knows. The vocabulary
// compares UTF-8, never strings, whose equality in Swift is canonical and not that of code points.

/// A WordPiece model, or one that knows whole words only.
struct WordPieceModel: Sendable {
    private let wholeWords: PieceTrie
    private let continuations: PieceTrie
    private let unknown: Int32
    /// A word of more characters than this is unknown as a whole.
    private let longestWord: Int
    /// Octets of the mark before tokens that go on with a word.
    let markLength: Int

    /// - Parameters:
    ///   - wholeWords: the whole vocabulary.
    ///   - continuations: the tokens that go on with a word, without the mark before them; empty for a model of whole words.
    init(
        wholeWords: PieceTrie, continuations: PieceTrie, unknown: Int32, longestWord: Int, markLength: Int = 2
    ) {
        self.markLength = markLength
        self.wholeWords = wholeWords
        self.continuations = continuations
        self.unknown = unknown
        self.longestWord = longestWord
    }

    /// Appends the tokens of a word.
    func encode(_ octets: [UInt8], _ range: Range<Int>, into ids: inout [Int32]) {
        // No character has less than one octet.
        if range.count > longestWord, octets[range].lazy.filter({ $0 & 0xc0 != 0x80 }).count > longestWord {
            ids.append(unknown)
            return
        }
        let before = ids.count
        var start = range.lowerBound
        while start < range.upperBound {
            var longest: (end: Int, id: Int32)?
            let trie = start == range.lowerBound ? wholeWords : continuations
            trie.forEachPrefix(of: octets, from: start, to: range.upperBound) { longest = ($0, $1) }
            guard let longest else {
                ids.removeSubrange(before...)
                ids.append(unknown)
                return
            }
            ids.append(longest.id)
            start = longest.end
        }
    }
}
