// Tokens that are found in the text as it is, before anything else: `<|im_start|>` and its like. Of those that begin at a
// place the longest counts. Those that are called normalized are looked for in the text after its normalization, in their own
// normalized form.

/// A token that is looked for in the text.
package struct AddedToken: Equatable, Sendable {
    /// Its number.
    package var id: Int32
    /// As it stands in the text.
    package var text: String
    /// Whether it is a mark of the model, which no text that somebody wrote should be able to set.
    package var isSpecial: Bool
    /// Whether it takes the spaces before it.
    package var takesSpacesBefore: Bool
    /// Whether it takes the spaces behind it.
    package var takesSpacesAfter: Bool
    /// Whether it counts only where no letter, number or underscore stands beside it.
    package var isSingleWord: Bool
    /// Whether it is looked for after the normalization.
    package var isNormalized: Bool

    /// A token without conditions.
    package init(
        id: Int32, text: String, isSpecial: Bool, takesSpacesBefore: Bool = false,
        takesSpacesAfter: Bool = false, isSingleWord: Bool = false, isNormalized: Bool = false
    ) {
        self.id = id
        self.text = text
        self.isSpecial = isSpecial
        self.takesSpacesBefore = takesSpacesBefore
        self.takesSpacesAfter = takesSpacesAfter
        self.isSingleWord = isSingleWord
        self.isNormalized = isNormalized
    }
}

/// Finds them.
struct AddedTokens: Sendable {
    /// A piece of a text.
    enum Piece {
        case text(Range<Int>)
        /// With the spaces that it takes.
        case token(Int32, Range<Int>)
    }

    private let tokens: [[UInt8]: AddedToken]
    /// By the first octet: the lengths that there are, the longest first.
    private var lengths = [[Int]](repeating: [], count: 256)
    /// By octet: whether a token begins with it. Hardly any octet of a text is one.
    private let begins: [Bool]

    /// Whether there is none.
    var isEmpty: Bool { tokens.isEmpty }

    private let isLongestFirst: Bool

    /// - Parameters:
    ///   - written: how each stands in the text.
    ///   - longestFirst: whether the longest count wherever they are, and not the first ones.
    init(_ all: [(written: [UInt8], token: AddedToken)], longestFirst: Bool = false) {
        isLongestFirst = longestFirst
        var tokens: [[UInt8]: AddedToken] = [:]
        for (written, token) in all where !written.isEmpty { tokens[written] = token }
        self.tokens = tokens
        var seen = [Set<Int>](repeating: [], count: 256)
        for octets in tokens.keys { seen[Int(octets[0])].insert(octets.count) }
        lengths = seen.map { $0.sorted(by: >) }
        begins = seen.map { !$0.isEmpty }
    }

    /// Cuts a text at the tokens in it.
    ///
    /// - Parameter takesSpecial: whether special ones are looked for as well.
    func pieces(of octets: [UInt8], takesSpecial: Bool) -> [Piece] {
        guard !tokens.isEmpty else { return octets.isEmpty ? [] : [.text(octets.indices)] }
        guard !isLongestFirst else { return piecesByLength(of: octets, takesSpecial) }
        var pieces: [Piece] = []
        var start = 0
        var place = 0
        while place < octets.count {
            guard begins[Int(octets[place])], let (token, length) = token(in: octets, at: place) else {
                place += 1
                continue
            }
            var end = place + length
            guard counts(token, in: octets, place, end, takesSpecial) else {
                // It is what a search finds, so nothing else is found within it.
                place = end
                continue
            }
            if token.takesSpacesBefore { place = Self.spaces(in: octets, before: place, notBefore: start) }
            if token.takesSpacesAfter { end = Self.spaces(in: octets, after: end) }
            if start < place { pieces.append(.text(start..<place)) }
            pieces.append(.token(token.id, place..<end))
            (start, place) = (end, end)
        }
        if start < octets.count { pieces.append(.text(start..<octets.count)) }
        return pieces
    }

    /// As llama.cpp cuts: all of the longest tokens, then in what is left those that are shorter, and so on.
    private func piecesByLength(of octets: [UInt8], _ takesSpecial: Bool) -> [Piece] {
        var pieces: [Piece] = octets.isEmpty ? [] : [.text(octets.indices)]
        for length in Set(tokens.keys.lazy.map(\.count)).sorted(by: >) where length <= octets.count {
            var cut: [Piece] = []
            for piece in pieces {
                guard case .text(let range) = piece else {
                    cut.append(piece)
                    continue
                }
                var (start, place) = (range.lowerBound, range.lowerBound)
                while place + length <= range.upperBound {
                    guard lengths[Int(octets[place])].contains(length),
                        let token = tokens[Array(octets[place..<place + length])],
                        takesSpecial || !token.isSpecial
                    else {
                        place += 1
                        continue
                    }
                    if start < place { cut.append(.text(start..<place)) }
                    cut.append(.token(token.id, place..<place + length))
                    place += length
                    start = place
                }
                if start < range.upperBound { cut.append(.text(start..<range.upperBound)) }
            }
            pieces = cut
        }
        return pieces
    }

    private func token(in octets: [UInt8], at place: Int) -> (AddedToken, length: Int)? {
        for length in lengths[Int(octets[place])] where place + length <= octets.count {
            if let token = tokens[Array(octets[place..<place + length])] { return (token, length) }
        }
        return nil
    }

    private func counts(
        _ token: AddedToken, in octets: [UInt8], _ place: Int, _ end: Int, _ takesSpecial: Bool
    ) -> Bool {
        guard takesSpecial || !token.isSpecial else { return false }
        guard token.isSingleWord else { return true }
        let isBefore = place > 0 && octets.scalar(at: octets.scalarStart(before: place)).isWord
        return !isBefore && !(end < octets.count && octets.scalar(at: end).isWord)
    }

    private static func spaces(in octets: [UInt8], before place: Int, notBefore start: Int) -> Int {
        var place = place
        while place > start {
            let before = octets.scalarStart(before: place)
            guard octets.scalar(at: before).isWhiteSpace else { break }
            place = before
        }
        return place
    }

    private static func spaces(in octets: [UInt8], after place: Int) -> Int {
        var place = place
        while place < octets.count, octets.scalar(at: place).isWhiteSpace {
            place += octets.scalarLength(at: place)
        }
        return place
    }
}

extension [UInt8] {
    /// Where the character that ends before a place of valid UTF-8 begins.
    func scalarStart(before place: Int) -> Int {
        var start = place - 1
        while start > 0, self[start] & 0xc0 == 0x80 { start -= 1 }
        return start
    }
}
