// Other files name tokens of a vocabulary by their texts or their numbers, some a few of them and some as many as there are:
// each is found at once, whatever a file of somebody else asks for.

internal import SystemIO

/// The tokens of a vocabulary by their texts and by their numbers.
final class VocabularyIndex: Sendable {
    private struct Tables {
        /// Of several of one text the last one's.
        var ids: [[UInt8]: Int32] = [:]
        var tokens: [Int32: [UInt8]] = [:]
    }

    private let entries: [VocabularyScanner.Entry]
    /// Made at the first question: most vocabularies get none.
    private let tables = Lock<Tables?>(nil)

    init(_ entries: [VocabularyScanner.Entry]) { self.entries = entries }

    /// The number of a token.
    func id(of token: [UInt8]) -> Int32? { asking { $0.ids[token] } }

    /// The token of a number.
    func token(of id: Int32) -> [UInt8]? { asking { $0.tokens[id] } }

    private func asking<Answer: Sendable>(_ question: (borrowing Tables) -> Answer) -> Answer {
        tables.withLock { kept in
            let tables = kept ?? made()
            kept = tables
            return question(tables)
        }
    }

    private func made() -> Tables {
        var tables = Tables()
        tables.ids.reserveCapacity(entries.count)
        tables.tokens.reserveCapacity(entries.count)
        for entry in entries {
            tables.ids[entry.token] = entry.id
            tables.tokens[entry.id] = entry.token
        }
        return tables
    }
}
