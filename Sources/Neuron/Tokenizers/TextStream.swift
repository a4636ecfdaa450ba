// A text that comes token by token: a character may begin in one and end in another.

/// Makes text of octets as they come.
package struct TextStream: Sendable {
    private var pending: [UInt8] = []

    /// Nothing yet.
    package init() {}

    /// Takes octets.
    ///
    /// - Returns: the text that is whole now. Octets that cannot become a character are U+FFFD each.
    package mutating func take(_ octets: some Sequence<UInt8>) -> String {
        pending += octets
        let whole = pending.count - Self.unfinished(pending)
        defer { pending.removeFirst(whole) }
        return String(decoding: pending[..<whole], as: UTF8.self)
    }

    /// What is left at the end.
    package mutating func finish() -> String {
        defer { pending = [] }
        return String(decoding: pending, as: UTF8.self)
    }

    /// Octets at the end that may be the beginning of a character.
    private static func unfinished(_ octets: [UInt8]) -> Int {
        for back in 1...3 where back <= octets.count {
            let octet = octets[octets.count - back]
            if octet & 0xc0 == 0x80 { continue }
            let length = octet >= 0xf0 && octet < 0xf5 ? 4 : octet >= 0xe0 ? 3 : octet >= 0xc2 ? 2 : 1
            return octet < 0x80 || octet >= 0xf5 || length <= back ? 0 : back
        }
        return 0
    }
}
