// The table that both ends grow in step (RFC 7541 §2.3.2, §4). Entries leave in the order in which they came, so one
// array holds all octets; its dead front is cut off when it is as long as the table may be.

/// First in, first out, bounded by octets.
struct DynamicTable {
    private struct Entry {
        /// Counted from the first octet that ever entered.
        var start: Int
        var nameLength: Int
        var valueLength: Int
        var size: Int { nameLength + valueLength + DynamicTable.overhead }
    }

    /// What an entry counts beyond its octets (§4.1).
    static let overhead = 32

    /// The sum of the entries' sizes.
    private(set) var size = 0
    /// What `size` may be.
    private(set) var maximumSize: Int

    private var storage: [UInt8] = []
    /// How many octets have been cut off in front of `storage`.
    private var base = 0
    private var entries: [Entry] = []
    /// The oldest live entry.
    private var oldest = 0

    init(maximumSize: Int) { self.maximumSize = maximumSize }

    /// The number of entries.
    var count: Int { entries.count - oldest }

    /// Changes the limit and evicts what no longer fits (§4.3).
    mutating func resize(_ maximum: Int) {
        maximumSize = maximum
        evict(until: maximum)
    }

    /// Adds a field as the newest entry; one that is larger than the table empties it (§4.4).
    mutating func insert(_ source: borrowing [UInt8], name: Range<Int>, value: Range<Int>) {
        let needed = name.count + value.count + Self.overhead
        guard needed <= maximumSize else {
            evict(until: 0)
            return
        }
        evict(until: maximumSize - needed)
        let entry = Entry(start: base + storage.count, nameLength: name.count, valueLength: value.count)
        storage.append(contentsOf: source[name])
        storage.append(contentsOf: source[value])
        entries.append(entry)
        size += needed
    }

    /// The octets of the entry that is `age` insertions old, from 0, appended to `output`: first the name, then, if
    /// wanted, the value.
    /// - Returns: the length of the name, or nil when there is no such entry.
    func append(_ age: Int, withValue: Bool, to output: inout [UInt8]) -> Int? {
        guard age >= 0, age < count else { return nil }
        let entry = entries[entries.count - 1 - age]
        let start = entry.start - base
        let end = start + entry.nameLength + (withValue ? entry.valueLength : 0)
        output.append(contentsOf: storage[start..<end])
        return entry.nameLength
    }

    /// The age of the newest entry with this name and, where one has it too, this value.
    func find(name: ArraySlice<UInt8>, value: ArraySlice<UInt8>) -> (age: Int, hasValue: Bool)? {
        var named: Int?
        for age in 0..<count {
            let entry = entries[entries.count - 1 - age]
            guard entry.nameLength == name.count else { continue }
            let start = entry.start - base
            guard storage[start..<start + entry.nameLength] == name else { continue }
            let valueStart = start + entry.nameLength
            if entry.valueLength == value.count, storage[valueStart..<valueStart + entry.valueLength] == value
            {
                return (age, true)
            }
            named = named ?? age
        }
        return named.map { ($0, false) }
    }

    private mutating func evict(until target: Int) {
        while size > target, oldest < entries.count {
            size -= entries[oldest].size
            oldest += 1
        }
        if oldest == entries.count {
            base += storage.count
            storage.removeAll(keepingCapacity: true)
            entries.removeAll(keepingCapacity: true)
            oldest = 0
        } else if oldest > 64, oldest > entries.count / 2 {
            let dead = entries[oldest].start - base
            storage.removeFirst(dead)
            base += dead
            entries.removeFirst(oldest)
            oldest = 0
        }
    }
}
