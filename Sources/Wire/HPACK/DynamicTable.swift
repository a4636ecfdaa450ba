// The table that both ends grow in step (RFC 7541 §2.3.2, §4). Entries leave in the order in which they came, so one
// array holds all octets; its dead front is cut off when it is as long as the table may be.

/// First in, first out, bounded by octets.
struct DynamicTable {
    /// One field.
    struct Entry {
        /// Counted from the first octet that ever entered.
        var start: Int
        var nameLength: Int
        var valueLength: Int
        var name: HeaderName
        /// As `HeaderList.isPlain` has it.
        var isPlain: Bool
        var size: Int { nameLength + valueLength + DynamicTable.overhead }
    }

    /// What an entry counts beyond its octets (§4.1).
    static let overhead = 32

    /// The sum of the entries' sizes.
    private(set) var size = 0
    /// What `size` may be.
    private(set) var maximumSize: Int
    /// Changes with every entry that comes or goes: while it is the same, an index means the same field.
    private(set) var generation = 0

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

    /// Adds the last field of `list` as the newest entry; one that is larger than the table empties it (§4.4).
    mutating func insertLast(of list: HeaderList) {
        if let field = list.fields.last { insert(field, list.storage) }
    }

    /// Adds a field of a list as the newest entry; one that is larger than the table empties it (§4.4).
    mutating func insert(_ field: HeaderList.Field, _ source: [UInt8]) {
        let octets = field.nameLength + field.valueLength
        let needed = octets + Self.overhead
        guard needed <= maximumSize else {
            evict(until: 0)
            return
        }
        evict(until: maximumSize - needed)
        entries.append(
            Entry(
                start: base + storage.count, nameLength: field.nameLength, valueLength: field.valueLength,
                name: field.name, isPlain: field.isPlain))
        source.withUnsafeBufferPointer {
            storage.append(contentsOf: UnsafeBufferPointer(rebasing: $0[field.start..<field.start + octets]))
        }
        size += needed
        generation &+= 1
    }

    /// The entry that is `age` insertions old, from 0, or nil when there is none.
    func entry(_ age: Int) -> Entry? {
        guard age >= 0, age < count else { return nil }
        return entries[entries.count - 1 - age]
    }

    /// Appends octets of an entry: first the name, then, if wanted, the value.
    func append(_ entry: Entry, withValue: Bool, to output: inout [UInt8]) {
        let start = entry.start - base
        let end = start + entry.nameLength + (withValue ? entry.valueLength : 0)
        storage.withUnsafeBufferPointer {
            output.append(contentsOf: UnsafeBufferPointer(rebasing: $0[start..<end]))
        }
    }

    /// The age of the newest entry with this name and, where one has it too, this value.
    func find(
        _ known: HeaderName, name: UnsafeBufferPointer<UInt8>, value: UnsafeBufferPointer<UInt8>
    ) -> (age: Int, hasValue: Bool)? {
        storage.withUnsafeBufferPointer { storage -> (age: Int, hasValue: Bool)? in
            var named: Int?
            for age in 0..<count {
                let entry = entries[entries.count - 1 - age]
                guard entry.name == known, entry.nameLength == name.count else { continue }
                let start = entry.start - base
                let middle = start + entry.nameLength
                if known == .other {
                    guard UnsafeBufferPointer(rebasing: storage[start..<middle]).isEqual(to: name) else {
                        continue
                    }
                }
                let own = UnsafeBufferPointer(rebasing: storage[middle..<middle + entry.valueLength])
                if own.isEqual(to: value) { return (age, true) }
                named = named ?? age
            }
            return named.map { ($0, false) }
        }
    }

    private mutating func evict(until target: Int) {
        while size > target, oldest < entries.count {
            size -= entries[oldest].size
            oldest += 1
            generation &+= 1
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
