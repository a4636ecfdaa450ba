// Header blocks into header lists (RFC 7541 §3, §6). The limit on a list holds while it is decoded: a block of a few
// octets can refer to a large entry again and again.

/// The receiving end's table. One for a connection.
public struct HPACKDecoder: Sendable {
    /// What became of a block. Both keep the table in step with the peer.
    public enum Outcome: Equatable, Sendable {
        case complete
        /// The list would be larger than `maximumListSize` and holds only the fields before that.
        case tooLarge
    }

    /// The largest list that is decoded, as `HeaderList.size` counts.
    public var maximumListSize: Int

    private var table: DynamicTable
    /// What a size update may set: SETTINGS_HEADER_TABLE_SIZE as the peer has acknowledged it.
    private var tableLimit: Int
    /// The limit has been lowered below the table's size and the peer has yet to say that it knows (§4.2).
    private var awaitsUpdate = false
    /// The last list that began empty, as a guess how much memory the next one takes.
    private var usual = (octets: 0, fields: 0)
    /// The last block that changed nothing in the table, and its list: a client's requests are often all alike.
    private var last = Repetition()

    /// A block that means its list for as long as the table is what it was.
    private struct Repetition {
        var block: [UInt8] = []
        var generation = 0
        /// Empty until the block has come a second time.
        var list = HeaderList()
    }

    /// Longer blocks are not kept, so that a connection that is idle holds little.
    private static let longestRepetition = 256

    /// - Parameters:
    ///   - tableSize: our SETTINGS_HEADER_TABLE_SIZE in octets; 4096 unless announced otherwise.
    ///   - maximumListSize: see the property.
    public init(tableSize: Int = 4096, maximumListSize: Int = 16_384) {
        table = DynamicTable(maximumSize: tableSize)
        tableLimit = tableSize
        self.maximumListSize = maximumListSize
    }

    /// The peer has acknowledged a new SETTINGS_HEADER_TABLE_SIZE.
    public mutating func setTableLimit(_ limit: Int) {
        awaitsUpdate = awaitsUpdate || limit < table.maximumSize
        tableLimit = limit
    }

    /// The octets that the table's entries count.
    public var tableSize: Int { table.size }

    /// Decodes one whole block and appends its fields to `list`.
    public mutating func decode(_ block: RawSpan, into list: inout HeaderList) throws(HPACKError) -> Outcome {
        let wasEmpty = list.isEmpty
        let isRepeated = wasEmpty && last.generation == table.generation && last.block.isEqual(to: block)
        if isRepeated, !awaitsUpdate, !last.list.isEmpty {
            list = last.list
            return .complete
        }
        let generation = table.generation
        var offset = 0
        var outcome = Outcome.complete
        while let first = block.octet(offset), first & 0xe0 == 0x20 {
            let size = try PrefixInteger.decode(block, &offset, prefix: 5)
            guard size <= tableLimit else { throw .sizeUpdate(size, maximum: tableLimit) }
            table.resize(size)
            awaitsUpdate = false
        }
        if awaitsUpdate { throw .missingSizeUpdate(maximum: tableLimit) }
        let hasUpdates = offset > 0
        if wasEmpty { list.reserve(octets: usual.octets, fields: usual.fields) }
        do throws(HPACKError) {
            while let first = block.octet(offset) {
                if first & 0x80 != 0 {
                    try indexed(block, &offset, &list, &outcome)
                } else if first & 0xc0 == 0x40 {
                    try literal(block, &offset, prefix: 6, .allowed, &list, &outcome)
                } else if first & 0xe0 == 0x20 {
                    throw .lateSizeUpdate
                } else {
                    try literal(
                        block, &offset, prefix: 4, first & 0x10 != 0 ? .never : .avoided, &list, &outcome)
                }
            }
        } catch {
            list.removeRest()
            throw error
        }
        if wasEmpty {
            usual = (min(list.storage.count, 1024), min(list.count, 32))
            if outcome == .complete, !hasUpdates, generation == table.generation {
                keep(block, isRepeated ? list : HeaderList())
            }
        }
        return outcome
    }

    /// Keeps a block that has changed nothing.
    private mutating func keep(_ block: RawSpan, _ list: HeaderList) {
        guard block.byteCount <= Self.longestRepetition, list.storage.count <= 4 * Self.longestRepetition
        else {
            return
        }
        last.block.removeAll(keepingCapacity: true)
        last.block.append(block, 0..<block.byteCount)
        last.list = list
        last.generation = table.generation
    }

    /// An entry of a table, name and value (§6.1).
    private mutating func indexed(
        _ block: RawSpan, _ offset: inout Int, _ list: inout HeaderList, _ outcome: inout Outcome
    ) throws(HPACKError) {
        let index = try PrefixInteger.decode(block, &offset, prefix: 7)
        guard index > 0, index <= StaticTable.count + table.count else { throw .index(index) }
        guard outcome == .complete else { return }
        let start = list.storage.count
        let name = try appendEntry(index, withValue: true, to: &list)
        list.note(
            start: start, nameLength: name.length, indexing: .allowed, name.known, isPlain: name.isPlain)
        check(&list, &outcome)
    }

    /// A field with its value, and its name or the index of one (§6.2).
    private mutating func literal(
        _ block: RawSpan, _ offset: inout Int, prefix: Int, _ indexing: HeaderList.Indexing,
        _ list: inout HeaderList, _ outcome: inout Outcome
    ) throws(HPACKError) {
        let start = list.storage.count
        let index = try PrefixInteger.decode(block, &offset, prefix: prefix)
        var name: FieldName
        if index > 0 {
            name = try appendEntry(index, withValue: false, to: &list)
            // The entry's value may be what is wrong with it.
            if !name.isPlain {
                name.isPlain = list.withOctets(start..<list.storage.count, FieldOctets.isName)
            }
        } else {
            try string(block, &offset, to: &list.storage)
            let known = list.withOctets(start..<list.storage.count) { HeaderName($0) }
            name = FieldName(length: list.storage.count - start, known: known, isPlain: known != .other)
            if !name.isPlain {
                name.isPlain = list.withOctets(start..<list.storage.count, FieldOctets.isName)
            }
        }
        try string(block, &offset, to: &list.storage)
        let value = start + name.length..<list.storage.count
        let isPlain = name.isPlain && list.withOctets(value, FieldOctets.isValue)
        list.note(
            start: start, nameLength: name.length, indexing: indexing, name.known, isPlain: isPlain)
        if indexing == .allowed { table.insertLast(of: list) }
        check(&list, &outcome)
    }

    /// Drops the last field of a list that is too large.
    private func check(_ list: inout HeaderList, _ outcome: inout Outcome) {
        guard outcome == .tooLarge || list.size > maximumListSize else { return }
        list.removeLast()
        outcome = .tooLarge
    }

    /// What is known about a name that was appended, or about the whole entry when its value was appended too.
    private struct FieldName {
        var length: Int
        var known: HeaderName
        var isPlain: Bool
    }

    /// Appends entry `index` of the two tables (§2.3.3).
    private func appendEntry(
        _ index: Int, withValue: Bool, to list: inout HeaderList
    ) throws(HPACKError) -> FieldName {
        guard index > StaticTable.count else {
            let entries = StaticTable.entries
            let field = entries.fields[index - 1]
            let end = withValue ? field.valueRange.upperBound : field.nameRange.upperBound
            entries.withOctets(field.start..<end) { list.storage.append(contentsOf: $0) }
            return FieldName(length: field.nameLength, known: field.name, isPlain: true)
        }
        guard let entry = table.entry(index - StaticTable.count - 1) else { throw .index(index) }
        table.append(entry, withValue: withValue, to: &list.storage)
        return FieldName(length: entry.nameLength, known: entry.name, isPlain: entry.isPlain)
    }

    /// Appends a string literal (§5.2).
    private func string(
        _ block: RawSpan, _ offset: inout Int, to arena: inout [UInt8]
    ) throws(HPACKError) {
        guard let first = block.octet(offset) else { throw .truncated }
        let length = try PrefixInteger.decode(block, &offset, prefix: 7)
        guard length <= block.byteCount - offset else { throw .truncated }
        let range = offset..<offset + length
        offset += length
        if first & 0x80 != 0 {
            try Huffman.decode(block, range, into: &arena)
        } else {
            arena.append(block, range)
        }
    }
}
