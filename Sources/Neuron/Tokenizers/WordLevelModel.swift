// A model whose tokens are whole words.

/// A vocabulary of whole words.
struct WordLevelModel: Sendable {
    let words: PieceTrie
    /// The token of any other word.
    let unknown: Int32

    /// Appends the token of a word.
    func encode(_ octets: [UInt8], _ range: Range<Int>, into ids: inout [Int32]) {
        ids.append(words.id(of: octets[range]) ?? unknown)
    }
}
