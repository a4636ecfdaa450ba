// The tokens that a model's files name one after the other: tokenizer.json's vocabulary and those that are looked for in texts, and
// what the files beside it add. What was named first counts.

/// A vocabulary with the tokens that are looked for in texts, found by their texts and their numbers.
package struct KnownTokens: Sendable {
    /// The tokens that are looked for in texts, in the order in which they were named.
    package private(set) var added: [AddedToken] = []

    private let file: TokenizerFile
    private var places: [[UInt8]: Int] = [:]
    private var texts: [Int32: [UInt8]] = [:]

    /// What tokenizer.json has.
    package init(_ file: TokenizerFile) {
        self.file = file
        for token in file.added { add(token) }
    }

    /// Whether a token of this text is looked for in texts.
    package func isAdded(_ text: String) -> Bool { places[Array(text.utf8)] != nil }

    /// The number of a text, the vocabulary's among them.
    package func id(of text: String) -> Int32? {
        places[Array(text.utf8)].map { added[$0].id } ?? file.id(of: text)
    }

    /// The texts of a number as UTF-8: one, unless the files contradict each other.
    package func texts(of id: Int32) -> [[UInt8]] { [file.token(of: id), texts[id]].compactMap { $0 } }

    /// Takes a token in, unless one of its text is known.
    package mutating func add(_ token: AddedToken) {
        let octets = Array(token.text.utf8)
        guard places[octets] == nil else { return }
        places[octets] = added.count
        if texts[token.id] == nil { texts[token.id] = octets }
        added.append(token)
    }

    /// Takes a token in, in the place of one of its text.
    package mutating func replace(with token: AddedToken) {
        guard let place = places[Array(token.text.utf8)] else { return add(token) }
        added[place] = token
        if texts[token.id] == nil { texts[token.id] = Array(token.text.utf8) }
    }
}
