// Header blocks into header lists (RFC 7541 §3, §6). The limit on a list holds while it is decoded: a block of a few
// octets can refer to a large entry again and again.

/// The receiving end's table. One for a connection.
package struct HPACKDecoder: Sendable {
    /// What became of a block. Both keep the table in step with the peer.
    package enum Outcome: Equatable, Sendable {
        case complete
        /// The list would be larger than `maximumListSize` and holds only the fields before that.
        case tooLarge
    }

    /// The largest list that is decoded, as `HeaderList.size` counts.
    package var maximumListSize: Int

    private var table: DynamicTable
    /// What a size update may set: SETTINGS_HEADER_TABLE_SIZE as the peer has acknowledged it.
    private var tableLimit: Int
    /// The limit has been lowered below the table's size and the peer has yet to say that it knows (§4.2).
    private var awaitsUpdate = false

    /// - Parameters:
    ///   - tableSize: our SETTINGS_HEADER_TABLE_SIZE in octets; 4096 unless announced otherwise.
    ///   - maximumListSize: see the property.
    package init(tableSize: Int = 4096, maximumListSize: Int = 16_384) {
        table = DynamicTable(maximumSize: tableSize)
        tableLimit = tableSize
        self.maximumListSize = maximumListSize
    }

    /// The peer has acknowledged a new SETTINGS_HEADER_TABLE_SIZE.
    package mutating func setTableLimit(_ limit: Int) {
        awaitsUpdate = awaitsUpdate || limit < table.maximumSize
        tableLimit = limit
    }

    /// The octets that the table's entries count.
    package var tableSize: Int { table.size }

    /// Decodes one whole block and appends its fields to `list`.
    package mutating func decode(_ block: RawSpan, into list: inout HeaderList) throws(HPACKError) -> Outcome
    {
        var offset = 0
        var outcome = Outcome.complete
        while let first = block.octet(offset), first & 0xe0 == 0x20 {
            let size = try PrefixInteger.decode(block, &offset, prefix: 5)
            guard size <= tableLimit else { throw .sizeUpdate(size, maximum: tableLimit) }
            table.resize(size)
            awaitsUpdate = false
        }
        if awaitsUpdate { throw .missingSizeUpdate(maximum: tableLimit) }
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
        return outcome
    }

    /// An entry of a table, name and value (§6.1).
    private mutating func indexed(
        _ block: RawSpan, _ offset: inout Int, _ list: inout HeaderList, _ outcome: inout Outcome
    ) throws(HPACKError) {
        let index = try PrefixInteger.decode(block, &offset, prefix: 7)
        guard index > 0, index <= StaticTable.count + table.count else { throw .index(index) }
        guard outcome == .complete else { return }
        var arena = list.takeStorage()
        let start = arena.count
        do {
            let nameLength = try copyEntry(index, withValue: true, to: &arena)
            list.giveBack(arena)
            list.noteField(start: start, nameLength: nameLength, indexing: .allowed)
            if list.size > maximumListSize {
                list.removeLast()
                outcome = .tooLarge
            }
        } catch {
            arena.removeSubrange(start...)
            list.giveBack(arena)
            throw error
        }
    }

    /// A field with its value, and its name or the index of one (§6.2).
    private mutating func literal(
        _ block: RawSpan, _ offset: inout Int, prefix: Int, _ indexing: HeaderList.Indexing,
        _ list: inout HeaderList, _ outcome: inout Outcome
    ) throws(HPACKError) {
        var arena = list.takeStorage()
        let start = arena.count
        do {
            let index = try PrefixInteger.decode(block, &offset, prefix: prefix)
            let nameLength: Int
            if index > 0 {
                nameLength = try copyEntry(index, withValue: false, to: &arena)
            } else {
                try string(block, &offset, to: &arena)
                nameLength = arena.count - start
            }
            try string(block, &offset, to: &arena)
            if indexing == .allowed {
                let middle = start + nameLength
                table.insert(arena, name: start..<middle, value: middle..<arena.count)
            }
            list.giveBack(arena)
            list.noteField(start: start, nameLength: nameLength, indexing: indexing)
            if outcome == .tooLarge || list.size > maximumListSize {
                list.removeLast()
                outcome = .tooLarge
            }
        } catch {
            arena.removeSubrange(start...)
            list.giveBack(arena)
            throw error
        }
    }

    /// Appends entry `index` of the two tables (§2.3.3); returns the length of its name.
    private func copyEntry(
        _ index: Int, withValue: Bool, to arena: inout [UInt8]
    ) throws(HPACKError) -> Int {
        if index <= StaticTable.count {
            let entries = StaticTable.entries
            let name = entries.nameRange(index - 1)
            arena.append(contentsOf: entries.storage[name])
            if withValue { arena.append(contentsOf: entries.storage[entries.valueRange(index - 1)]) }
            return name.count
        }
        guard let length = table.append(index - StaticTable.count - 1, withValue: withValue, to: &arena)
        else {
            throw .index(index)
        }
        return length
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
