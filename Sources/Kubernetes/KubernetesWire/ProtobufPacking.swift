// From the protobuf of an API server to what is kept of it.

/// Walks the fields of a message.
struct MessageWalk {
    let base: UnsafeRawBufferPointer
    var offset: Int
    let end: Int
    private(set) var isBroken = false
    /// Of the field that `next` has found.
    private(set) var number = 0
    private(set) var wireType: UInt64 = 0
    private(set) var value: UInt64 = 0
    private(set) var start = 0
    private(set) var limit = 0

    init(_ base: UnsafeRawBufferPointer, _ range: Range<Int>) {
        self.base = base
        let range = range.clamped(to: 0..<base.count)
        offset = range.lowerBound
        end = range.upperBound
    }

    /// Goes to the next field; false at the end, or where the octets are no message.
    @inline(__always)
    mutating func next() -> Bool {
        guard offset < end, let tag = varint(), tag >> 3 > 0, tag >> 3 < 1 << 29 else {
            isBroken = isBroken || offset < end
            return false
        }
        number = Int(tag >> 3)
        wireType = tag & 7
        switch wireType {
        case 0:
            guard let varint = varint() else { return fail() }
            value = varint
        case 2:
            guard let count = varint(), count <= UInt64(end - offset) else { return fail() }
            start = offset
            offset += Int(count)
            limit = offset
        case 1:
            guard end - offset >= 8 else { return fail() }
            value = UInt64(littleEndian: base.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            offset += 8
        case 5:
            guard end - offset >= 4 else { return fail() }
            value = UInt64(UInt32(littleEndian: base.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
            offset += 4
        default: return fail()
        }
        return true
    }

    private mutating func fail() -> Bool {
        isBroken = true
        return false
    }

    @inline(__always)
    private mutating func varint() -> UInt64? {
        var result: UInt64 = 0
        var shift: UInt64 = 0
        while offset < end, shift < 64 {
            let octet = base[offset]
            offset += 1
            result |= UInt64(octet & 0x7f) << shift
            if octet < 0x80 { return result }
            shift += 7
        }
        isBroken = true
        return nil
    }
}

extension PackedWriter {
    /// Packs a message.
    ///
    /// - Parameters:
    ///   - selection: what is kept; nil for everything that is known.
    ///   - depth: 0 for the object itself. What lies deeper than its parts is never shared: those are shared as wholes.
    /// - Returns: false where the octets are no such message.
    mutating func pack(
        protobuf base: UnsafeRawBufferPointer, _ range: Range<Int>, _ shape: MessageShape,
        _ selection: FieldSelection?,
        depth: Int, sharing table: inout SharedOctets
    ) -> Bool {
        guard depth < 100 else { return false }
        var walk = MessageWalk(base, range)
        while walk.next() {
            let place = shape.field(number: walk.number)
            guard place >= 0 else { continue }
            let field = shape.fields[place]
            var child: FieldSelection?
            if let selection {
                guard selection.actions[place] != .drop else { continue }
                child = selection.children[place]
            }
            guard field.kind != .skipped else { continue }
            if walk.wireType == 0 || walk.wireType == 1 {
                guard field.kind == .int || field.kind == .bool || field.kind == .double else { return false }
                guard walk.value != 0 || field.keepsZero || field.share == .list else { continue }
                tag(walk.number, walk.wireType)
                if walk.wireType == 0 {
                    varint(walk.value)
                } else {
                    for shift in stride(from: UInt64(0), to: 64, by: 8) {
                        octets.append(UInt8(truncatingIfNeeded: walk.value >> shift))
                    }
                }
                continue
            }
            guard walk.wireType == 2, field.kind != .int, field.kind != .bool, field.kind != .double else {
                return false
            }
            let (start, limit) = (walk.start, walk.limit)
            if field.share == .one, field.kind == .string, start == limit, !field.keepsZero { continue }
            let mark = begin(walk.number)
            if field.kind == .message, field.share != .map {
                guard
                    pack(
                        protobuf: base, start..<limit, MessageShapes.all.shapes[field.child], child,
                        depth: depth + 1, sharing: &table)
                else { return false }
                if let wanted = selection?.elements[place], !wanted.isEmpty,
                    !begins(at: mark.start, with: wanted)
                {
                    drop(mark)
                    continue
                }
            } else {
                octets.append(contentsOf: UnsafeRawBufferPointer(rebasing: base[start..<limit]))
            }
            end(mark, walk.number, sharing: &table, if: field.isShared && depth <= 1)
        }
        return !walk.isBroken
    }
}
