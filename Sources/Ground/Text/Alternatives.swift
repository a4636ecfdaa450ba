// Lists as a sentence has them.

extension Sequence where Element: CustomStringConvertible {
    /// `1, 2 or 4`: what may be chosen from, in the sequence's order. Empty for none.
    public var alternatives: String { list(joinedBy: "or") }

    /// `a, b and c`.
    public var enumeration: String { list(joinedBy: "and") }

    private func list(joinedBy word: String) -> String {
        let parts = map(\.description)
        guard let last = parts.last, parts.count > 1 else { return parts.first ?? "" }
        return parts.dropLast().joined(separator: ", ") + " \(word) " + last
    }
}

extension Range<Int> {
    /// Numbers from the first to the last as people write them: `3` or `4-7`. Empty for none.
    public var spanText: String {
        isEmpty ? "" : count == 1 ? "\(lowerBound)" : "\(lowerBound)-\(upperBound - 1)"
    }
}
