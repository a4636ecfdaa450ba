// Tokens that are found in the text as it is, before anything else: `<|im_start|>` and its like. Of those that begin at a
// place the longest counts.

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

    /// A token without conditions.
    package init(
        id: Int32, text: String, isSpecial: Bool, takesSpacesBefore: Bool = false,
        takesSpacesAfter: Bool = false, isSingleWord: Bool = false
    ) {
        self.id = id
        self.text = text
        self.isSpecial = isSpecial
        self.takesSpacesBefore = takesSpacesBefore
        self.takesSpacesAfter = takesSpacesAfter
        self.isSingleWord = isSingleWord
    }
}

/// Finds them.
struct AddedTokens: Sendable {
    /// A piece of a text.
    enum Piece {
        case text(Range<Int>)
        case token(Int32)
    }

    private let tokens: [[UInt8]: AddedToken]
    /// By the first octet: the lengths that there are, the longest first.
    private var lengths = [[Int]](repeating: [], count: 256)

    init(_ all: [AddedToken]) {
        var tokens: [[UInt8]: AddedToken] = [:]
        for token in all where !token.text.isEmpty { tokens[Array(token.text.utf8)] = token }
        self.tokens = tokens
        var seen = [Set<Int>](repeating: [], count: 256)
        for octets in tokens.keys { seen[Int(octets[0])].insert(octets.count) }
        lengths = seen.map { $0.sorted(by: >) }
    }

    /// Cuts a text at the tokens in it.
    ///
    /// - Parameter takesSpecial: whether special ones are looked for as well.
    func pieces(of octets: [UInt8], takesSpecial: Bool) -> [Piece] {
        var pieces: [Piece] = []
        var start = 0
        var place = 0
        while place < octets.count {
            guard let token = token(in: octets, at: place, takesSpecial) else {
                place += 1
                continue
            }
            var end = place + token.text.utf8.count
            if token.takesSpacesBefore { place = Self.spaces(in: octets, before: place, notBefore: start) }
            if token.takesSpacesAfter { end = Self.spaces(in: octets, after: end) }
            if start < place { pieces.append(.text(start..<place)) }
            pieces.append(.token(token.id))
            (start, place) = (end, end)
        }
        if start < octets.count { pieces.append(.text(start..<octets.count)) }
        return pieces
    }

    private func token(in octets: [UInt8], at place: Int, _ takesSpecial: Bool) -> AddedToken? {
        for length in lengths[Int(octets[place])] where place + length <= octets.count {
            guard let token = tokens[Array(octets[place..<place + length])] else { continue }
            guard takesSpecial || !token.isSpecial else { continue }
            let isInWord =
                token.isSingleWord
                && (Self.isWord(Self.scalar(in: octets, before: place))
                    || Self.isWord(Self.scalar(in: octets, at: place + length)))
            // The longest is what a search finds; where it does not count, none is found.
            return isInWord ? nil : token
        }
        return nil
    }

    private static func scalar(in octets: [UInt8], at place: Int) -> Unicode.Scalar? {
        guard place < octets.count else { return nil }
        return String(decoding: octets[place..<min(place + 4, octets.count)], as: UTF8.self).unicodeScalars
            .first
    }

    private static func scalar(in octets: [UInt8], before place: Int) -> Unicode.Scalar? {
        var start = place - 1
        while start > 0, place - start < 4, octets[start] & 0xc0 == 0x80 { start -= 1 }
        guard start >= 0 else { return nil }
        return String(decoding: octets[start..<place], as: UTF8.self).unicodeScalars.last
    }

    private static func isWord(_ scalar: Unicode.Scalar?) -> Bool {
        guard let scalar else { return false }
        let properties = scalar.properties
        return properties.isAlphabetic || properties.generalCategory == .decimalNumber
            || properties.generalCategory == .connectorPunctuation
            || properties.generalCategory == .nonspacingMark
    }

    private static func spaces(in octets: [UInt8], before place: Int, notBefore start: Int) -> Int {
        var place = place
        while place > start, let scalar = scalar(in: octets, before: place), ScalarClass(scalar).isSpace {
            place -= scalar.utf8.count
        }
        return place
    }

    private static func spaces(in octets: [UInt8], after place: Int) -> Int {
        var place = place
        while let scalar = scalar(in: octets, at: place), ScalarClass(scalar).isSpace {
            place += scalar.utf8.count
        }
        return place
    }
}
