// Sets of nodes as bits: which of five thousand nodes pass a filter and are the best for a size is a few dozen words that are
// joined with "and". A node's number is its place among all names, so the first bit is the first name.

/// A set of nodes by number.
struct NodeBits: Equatable, Sendable {
    private(set) var words: [UInt64]

    /// The empty set of up to `count` nodes.
    init(count: Int) { words = [UInt64](repeating: 0, count: (count + 63) >> 6) }

    /// Whether a node is in it.
    func contains(_ node: Int) -> Bool { words[node >> 6] & (1 << UInt64(node & 63)) != 0 }

    /// Adds a node.
    mutating func insert(_ node: Int) { words[node >> 6] |= 1 << UInt64(node & 63) }

    /// Takes a node out.
    mutating func remove(_ node: Int) { words[node >> 6] &= ~(1 << UInt64(node & 63)) }

    /// Adds a node or takes it out.
    mutating func set(_ node: Int, _ isIn: Bool) { isIn ? insert(node) : remove(node) }

    /// The first node from `start` on that is in this set and in `allowed` and not in `refused`; nil where there is none.
    func first(from start: Int, in allowed: NodeBits, notIn refused: NodeBits) -> Int? {
        var index = start >> 6
        guard index < words.count else { return nil }
        var word = words[index] & allowed.words[index] & ~refused.words[index]
        word &= UInt64.max << UInt64(start & 63)
        while word == 0 {
            index += 1
            guard index < words.count else { return nil }
            word = words[index] & allowed.words[index] & ~refused.words[index]
        }
        return index << 6 + word.trailingZeroBitCount
    }
}
