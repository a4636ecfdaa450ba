// Header lists into header blocks (RFC 7541 §6). Fields that repeat enter the dynamic table, so from the second request
// on a call costs a handful of octets.

/// The sending end's table. One for a connection.
package struct HPACKEncoder: Sendable {
    /// The largest table we keep, whatever the peer allows: the search is linear.
    package static let largestTable = 4096

    private var table: DynamicTable
    /// The smallest and the last limit since the last block; both must be told to the peer (§4.2).
    private var smallestUpdate: Int?
    private var lastUpdate: Int?

    /// - Parameter tableSize: the peer's SETTINGS_HEADER_TABLE_SIZE in octets.
    package init(tableSize: Int = 4096) {
        table = DynamicTable(maximumSize: min(tableSize, Self.largestTable))
    }

    /// The peer has changed its SETTINGS_HEADER_TABLE_SIZE; the next block tells it what we use of that.
    package mutating func setTableLimit(_ limit: Int) {
        let size = min(limit, Self.largestTable)
        guard size != (lastUpdate ?? table.maximumSize) || smallestUpdate != nil else { return }
        smallestUpdate = min(smallestUpdate ?? size, size)
        lastUpdate = size
    }

    /// The octets that the table's entries count.
    package var tableSize: Int { table.size }

    /// Appends the block of `list` to `output`.
    package mutating func encode(_ list: HeaderList, into output: inout [UInt8]) {
        if let smallest = smallestUpdate, let last = lastUpdate {
            if smallest < last { update(smallest, into: &output) }
            update(last, into: &output)
            smallestUpdate = nil
            lastUpdate = nil
        }
        for index in 0..<list.count { field(list, index, into: &output) }
    }

    private mutating func update(_ size: Int, into output: inout [UInt8]) {
        table.resize(size)
        PrefixInteger.encode(size, prefix: 5, flags: 0x20, into: &output)
    }

    private mutating func field(_ list: HeaderList, _ index: Int, into output: inout [UInt8]) {
        let nameRange = list.nameRange(index)
        let valueRange = list.valueRange(index)
        let name = list.storage[nameRange]
        let value = list.storage[valueRange]
        let indexing = list.indexing(index)
        let known = find(name: name, value: value)
        if let known, known.hasValue, indexing != .never {
            PrefixInteger.encode(known.index, prefix: 7, flags: 0x80, into: &output)
            return
        }
        // An entry that takes most of the table would evict all that is worth more.
        let size = name.count + value.count + DynamicTable.overhead
        let enters = indexing == .allowed && size <= table.maximumSize / 4 * 3
        let (prefix, flags): (Int, UInt8) = enters ? (6, 0x40) : (4, indexing == .never ? 0x10 : 0)
        PrefixInteger.encode(known?.index ?? 0, prefix: prefix, flags: flags, into: &output)
        if known == nil { string(name, into: &output) }
        string(value, into: &output)
        if enters { table.insert(list.storage, name: nameRange, value: valueRange) }
    }

    /// The best entry of both tables; the static one is asked first, its indices are shorter.
    private func find(name: ArraySlice<UInt8>, value: ArraySlice<UInt8>) -> (index: Int, hasValue: Bool)? {
        let fixed = StaticTable.find(name: name, value: value)
        if let fixed, fixed.hasValue { return fixed }
        if let own = table.find(name: name, value: value), own.hasValue || fixed == nil {
            return (StaticTable.count + 1 + own.age, own.hasValue)
        }
        return fixed
    }

    /// Huffman where it is shorter (§5.2).
    private func string(_ octets: ArraySlice<UInt8>, into output: inout [UInt8]) {
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
