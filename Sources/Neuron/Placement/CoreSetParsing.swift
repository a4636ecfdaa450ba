// Core lists travel as text: NEURON_RT_VISIBLE_CORES and the pod annotation. Users write both by hand.

/// Why a text is not a list of cores.
package enum CoreListError: Error, Equatable {
    /// A piece between commas is neither a number nor a range.
    case notANumber(String)
    /// A number is above the highest core there can be.
    case tooLarge(String)
    /// A range runs backwards or a core is named twice or out of order.
    case notIncreasing(String)
}

extension CoreListError: CustomStringConvertible {
    /// One sentence: the thing, the value, the mend.
    package var description: String {
        switch self {
        case .notANumber(let text):
            "core list has '\(text.prefix(40))', which is no core number: write cores as in 4,5,6,7 or 4-7"
        case .tooLarge(let text):
            "core list has '\(text.prefix(40))', the highest core number is \(CoreSet.capacity - 1)"
        case .notIncreasing(let text):
            "core list has '\(text.prefix(40))' out of order: core numbers must increase, as in 4,5,6,7"
        }
    }
}

extension CoreSet {
    /// The cores one by one, as the pod annotation has them: `4,5,6,7`.
    package var list: String { map { String($0) }.joined(separator: ",") }

    /// Reads `3`, `0-7` or `3-5,6`: the forms NEURON_RT_VISIBLE_CORES takes, increasing, blanks allowed around commas.
    ///
    /// - Throws: `CoreListError` naming the piece that is wrong. An empty text is the empty set.
    package init(parsing text: String) throws(CoreListError) {
        self.init()
        var highest = -1
        guard text.contains(where: { $0 != " " }) else { return }
        for piece in text.split(separator: ",", omittingEmptySubsequences: false) {
            let trimmed = piece.drop { $0 == " " }.reversedTrim()
            let ends = trimmed.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
            guard let low = ends.first, let start = Self.number(low) else {
                throw .notANumber(String(trimmed))
            }
            var end = start
            if ends.count == 2 {
                guard let number = Self.number(ends[1]) else { throw .notANumber(String(trimmed)) }
                end = number
            }
            guard end < Self.capacity, start < Self.capacity else { throw .tooLarge(String(trimmed)) }
            guard start > highest, end >= start else { throw .notIncreasing(String(trimmed)) }
            for core in start...end { insert(core) }
            highest = end
        }
    }

    /// A number of one to nine digits; `Int(_:)` would also take a sign.
    private static func number(_ text: Substring) -> Int? {
        guard (1...9).contains(text.utf8.count), text.utf8.allSatisfy({ (48...57).contains($0) }) else {
            return nil
        }
        return Int(text)
    }
}

extension Substring {
    /// Without the blanks at its end.
    fileprivate func reversedTrim() -> Substring {
        var rest = self
        while rest.last == " " { rest.removeLast() }
        return rest
    }
}
