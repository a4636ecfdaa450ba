// Tokens as a trie over their octets, for models that ask which of them a text begins with. The edges are in one table of open
// addressing: a step is a probe, and a vocabulary of a quarter of a million tokens is read in a fraction of a second.

/// Octet strings with numbers.
struct PieceTrie: Sendable {
    /// A node and an octet, or `empty`.
    private var keys: [UInt32]
    private var targets: [UInt32]
    /// By node: the number of the string that ends there; negative for none.
    private var ids: [Int32] = [-1]
    private static let empty = UInt32.max

    /// More nodes than this are refused.
    static let mostNodes = 1 << 24 - 2

    init() {
        keys = [UInt32](repeating: Self.empty, count: 1 << 10)
        targets = [UInt32](repeating: 0, count: 1 << 10)
    }

    /// Adds a string; a later one of the same octets takes its place.
    ///
    /// - Returns: false when there is no room for it.
    mutating func insert(_ piece: some Sequence<UInt8>, id: Int32) -> Bool {
        var node: UInt32 = 0
        for octet in piece {
            let slot = slot(node, octet)
            if keys[slot] != Self.empty {
                node = targets[slot]
                continue
            }
            guard ids.count < Self.mostNodes else { return false }
            let next = UInt32(ids.count)
            ids.append(-1)
            keys[slot] = node << 8 | UInt32(octet)
            targets[slot] = next
            node = next
            if ids.count * 2 > keys.count { grow() }
        }
        ids[Int(node)] = id
        return true
    }

    /// The number of a whole string.
    func id(of piece: some Sequence<UInt8>) -> Int32? {
        var node: UInt32 = 0
        for octet in piece {
            guard let next = step(node, octet) else { return nil }
            node = next
        }
        let id = ids[Int(node)]
        return id >= 0 ? id : nil
    }

    /// Calls with each string that the octets from a place on begin with, the shortest first: where it ends, and its number.
    @inline(__always)
    func forEachPrefix(of octets: [UInt8], from start: Int, to end: Int, _ body: (Int, Int32) -> Void) {
        var node: UInt32 = 0
        var place = start
        while place < end, let next = step(node, octets[place]) {
            node = next
            place += 1
            let id = ids[Int(node)]
            if id >= 0 { body(place, id) }
        }
    }

    @inline(__always)
    private func step(_ node: UInt32, _ octet: UInt8) -> UInt32? {
        let slot = slot(node, octet)
        return keys[slot] == Self.empty ? nil : targets[slot]
    }

    /// The slot of an edge, or the free one where it belongs.
    @inline(__always)
    private func slot(_ node: UInt32, _ octet: UInt8) -> Int {
        let key = node << 8 | UInt32(octet)
        let mask = keys.count - 1
        var slot = Int(truncatingIfNeeded: UInt64(key) &* 0x9e37_79b9_7f4a_7c15 >> 32) & mask
        while keys[slot] != key, keys[slot] != Self.empty { slot = (slot + 1) & mask }
        return slot
    }

    private mutating func grow() {
        let (old, oldTargets) = (keys, targets)
        keys = [UInt32](repeating: Self.empty, count: old.count * 2)
        targets = [UInt32](repeating: 0, count: old.count * 2)
        for (index, key) in old.enumerated() where key != Self.empty {
            let slot = slot(key >> 8, UInt8(truncatingIfNeeded: key))
            keys[slot] = key
            targets[slot] = oldTargets[index]
        }
    }
}
