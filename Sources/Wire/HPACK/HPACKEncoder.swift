// Header lists into header blocks (RFC 7541 §6). Fields that repeat enter the dynamic table, so from the second request
// on a call costs a handful of octets.

/// The sending end's table. One for a connection.
public struct HPACKEncoder: Sendable {
    /// The largest table we keep, whatever the peer allows: the search is linear.
    public static let largestTable = 4096

    private var table: DynamicTable
    /// The smallest and the last limit since the last block; both must be told to the peer (§4.2).
    private var smallestUpdate: Int?
    private var lastUpdate: Int?
    /// Blocks of lists that are sent often.
    private var kept: [KeptBlock] = []

    /// A block that means its list for as long as the table is what it was.
    private struct KeptBlock {
        /// Held, so that no other list can ever stand at its address.
        var storage: [UInt8]
        var generation: Int
        var block: [UInt8]
    }

    /// How many blocks are kept.
    private static let keptBlocks = 4

    /// - Parameter tableSize: the peer's SETTINGS_HEADER_TABLE_SIZE in octets.
    public init(tableSize: Int = 4096) {
        table = DynamicTable(maximumSize: min(tableSize, Self.largestTable))
    }

    /// The peer has changed its SETTINGS_HEADER_TABLE_SIZE; the next block tells it what we use of that.
    public mutating func setTableLimit(_ limit: Int) {
        let size = min(limit, Self.largestTable)
        guard size != (lastUpdate ?? table.maximumSize) || smallestUpdate != nil else { return }
        smallestUpdate = min(smallestUpdate ?? size, size)
        lastUpdate = size
    }

    /// The octets that the table's entries count.
    public var tableSize: Int { table.size }

    /// Appends the block of `list` to `output`.
    public mutating func encode(_ list: HeaderList, into output: inout [UInt8]) {
        if let smallest = smallestUpdate, let last = lastUpdate {
            if smallest < last { update(smallest, into: &output) }
            update(last, into: &output)
            smallestUpdate = nil
            lastUpdate = nil
        }
        if list.isSentOften, appendKept(list, to: &output) { return }
        let start = output.count
        let generation = table.generation
        for index in 0..<list.count { field(list, index, into: &output) }
        if list.isSentOften, table.generation == generation { keep(list, output, from: start) }
    }

    /// Appends the block that was kept for this very list, if there is one.
    private func appendKept(_ list: HeaderList, to output: inout [UInt8]) -> Bool {
        for index in kept.indices
        where kept[index].generation == table.generation && kept[index].storage.isSame(as: list.storage) {
            kept[index].block.withUnsafeBufferPointer { output.append(contentsOf: $0) }
            return true
        }
        return false
    }

    /// Keeps a block that has changed nothing in the table.
    private mutating func keep(_ list: HeaderList, _ output: [UInt8], from start: Int) {
        kept.removeAll { $0.generation != table.generation }
        guard kept.count < Self.keptBlocks else { return }
        kept.append(
            KeptBlock(
                storage: list.storage, generation: table.generation, block: Array(output[start...])))
    }

    private mutating func update(_ size: Int, into output: inout [UInt8]) {
        table.resize(size)
        PrefixInteger.encode(size, prefix: 5, flags: 0x20, into: &output)
    }

    private mutating func field(_ list: HeaderList, _ index: Int, into output: inout [UInt8]) {
        let field = list.fields[index]
        let isKnown = list.withOctets(field.nameRange) { name in
            list.withOctets(field.valueRange) { value in find(field.name, name: name, value: value) }
        }
        if let isKnown, isKnown.hasValue, field.indexing != .never {
            PrefixInteger.encode(isKnown.index, prefix: 7, flags: 0x80, into: &output)
            return
        }
        // An entry that takes most of the table would evict all that is worth more.
        let size = field.nameLength + field.valueLength + DynamicTable.overhead
        let enters = field.indexing == .allowed && size <= table.maximumSize / 4 * 3
        let (prefix, flags): (Int, UInt8) = enters ? (6, 0x40) : (4, field.indexing == .never ? 0x10 : 0)
        PrefixInteger.encode(isKnown?.index ?? 0, prefix: prefix, flags: flags, into: &output)
        if isKnown == nil { list.withOctets(field.nameRange) { Self.string($0, into: &output) } }
        list.withOctets(field.valueRange) { Self.string($0, into: &output) }
        if enters { table.insert(field, list.storage) }
    }

    /// The best entry of both tables; the static one is asked first, its indices are shorter.
    private func find(
        _ known: HeaderName, name: UnsafeBufferPointer<UInt8>, value: UnsafeBufferPointer<UInt8>
    ) -> (index: Int, hasValue: Bool)? {
        let fixed = known.staticIndex.map { StaticTable.find(known, first: $0, value: value) }
        if let fixed, fixed.hasValue { return fixed }
        if let own = table.find(known, name: name, value: value), own.hasValue || fixed == nil {
            return (StaticTable.count + 1 + own.age, own.hasValue)
        }
        return fixed
    }

    /// Huffman where it is shorter (§5.2).
    private static func string(_ octets: UnsafeBufferPointer<UInt8>, into output: inout [UInt8]) {
        let length = Huffman.encodedLength(octets)
        if length < octets.count {
            PrefixInteger.encode(length, prefix: 7, flags: 0x80, into: &output)
            Huffman.encode(octets, into: &output)
        } else {
            PrefixInteger.encode(octets.count, prefix: 7, flags: 0, into: &output)
            output.append(contentsOf: octets)
        }
    }
}
