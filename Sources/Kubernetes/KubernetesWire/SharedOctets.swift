// Namespaces, nodes, labels, owners and whole containers stand in thousands of objects: here they stand once, counted by those
// that use them.

internal import SystemIO

/// A table of octets, each with a number of its own for as long as anybody uses it.
struct SharedOctets {
    private struct Entry {
        var octets: [UInt8]
        var users: Int32
        var hash: UInt32
        /// The octets as a string, where somebody has asked for it.
        var text: String?
    }

    /// The table of this process.
    static let table = Lock(SharedOctets())

    private var entries: [Entry] = []
    private var free: [UInt32] = []
    /// Open addressing: an entry's number and one, 0 for nothing. A power of two, at most three quarters full.
    private var slots: [UInt32] = Array(repeating: 0, count: 1024)
    private(set) var count = 0

    /// The octets of a number; empty for one that is not in use.
    subscript(number: UInt32) -> [UInt8] {
        Int(number) < entries.count ? entries[Int(number)].octets : []
    }

    /// The octets of a number as a string, the same one for all who ask.
    mutating func text(_ number: UInt32) -> String {
        guard Int(number) < entries.count else { return "" }
        if let text = entries[Int(number)].text { return text }
        let text = String(decoding: entries[Int(number)].octets, as: UTF8.self)
        entries[Int(number)].text = text
        return text
    }

    /// The number of octets, with one user more.
    mutating func share(_ octets: UnsafeRawBufferPointer) -> UInt32 {
        let hash = Self.hash(octets)
        var slot = Int(hash) & (slots.count - 1)
        while slots[slot] != 0 {
            let number = slots[slot] - 1
            let entry = entries[Int(number)]
            if entry.hash == hash, entry.octets.count == octets.count, entry.octets.elementsEqual(octets) {
                entries[Int(number)].users += 1
                return number
            }
            slot = (slot + 1) & (slots.count - 1)
        }
        let entry = Entry(octets: Array(octets), users: 1, hash: hash)
        let number: UInt32
        if let old = free.popLast() {
            number = old
            entries[Int(old)] = entry
        } else {
            number = UInt32(entries.count)
            entries.append(entry)
        }
        slots[slot] = number + 1
        count += 1
        if count * 4 > slots.count * 3 { grow() }
        return number
    }

    /// One user less.
    mutating func release(_ number: UInt32) {
        guard Int(number) < entries.count, entries[Int(number)].users > 0 else { return }
        entries[Int(number)].users -= 1
        guard entries[Int(number)].users == 0 else { return }
        remove(number)
        entries[Int(number)].octets = []
        entries[Int(number)].text = nil
        free.append(number)
        count -= 1
    }

    /// Takes an entry out of the slots, and closes the gap (Knuth 6.4, algorithm R).
    private mutating func remove(_ number: UInt32) {
        let mask = slots.count - 1
        var gap = Int(entries[Int(number)].hash) & mask
        while slots[gap] != number + 1 { gap = (gap + 1) & mask }
        var next = (gap + 1) & mask
        while slots[next] != 0 {
            let home = Int(entries[Int(slots[next] - 1)].hash) & mask
            // Whether its home lies cyclically in (gap, next].
            let stays = gap < next ? (home > gap && home <= next) : (home > gap || home <= next)
            if !stays {
                slots[gap] = slots[next]
                gap = next
            }
            next = (next + 1) & mask
        }
        slots[gap] = 0
    }

    private mutating func grow() {
        let old = slots
        slots = Array(repeating: 0, count: old.count * 2)
        for value in old where value != 0 {
            var slot = Int(entries[Int(value - 1)].hash) & (slots.count - 1)
            while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
            slots[slot] = value
        }
    }

    /// Eight octets at a time, with this process's own start: peers choose the octets.
    private static func hash(_ octets: UnsafeRawBufferPointer) -> UInt32 {
        var hash = seed ^ UInt64(octets.count)
        var offset = 0
        while offset + 8 <= octets.count {
            let word = octets.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            hash = mixed(hash ^ word)
            offset += 8
        }
        var rest: UInt64 = 0
        while offset < octets.count {
            rest = rest << 8 | UInt64(octets[offset])
            offset += 1
        }
        hash = mixed(hash ^ rest)
        return UInt32(truncatingIfNeeded: hash ^ (hash >> 32))
    }

    private static let seed = UInt64.random(in: .min ... .max)

    private static func mixed(_ value: UInt64) -> UInt64 {
        let product = value.multipliedFullWidth(by: 0x9e37_79b9_7f4a_7c15)
        return product.high ^ product.low
    }
}
