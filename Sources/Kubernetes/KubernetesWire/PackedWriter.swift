// What is kept of an object, as protobuf of Kubernetes' own field numbers. What many objects have in common is a number in
// the table of shared octets: a value of wire type 5, which no field of Kubernetes has.

/// Octets of an object that is being packed.
struct PackedWriter {
    /// What has been written.
    var octets: [UInt8] = []
    /// What is used of the shared table, to be given back where the object turns out to be none.
    var shared: [UInt32] = []

    init() { octets.reserveCapacity(2048) }

    mutating func reset() {
        octets.removeAll(keepingCapacity: true)
        shared.removeAll(keepingCapacity: true)
    }

    mutating func varint(_ value: UInt64) {
        var value = value
        while value >= 0x80 {
            octets.append(UInt8(truncatingIfNeeded: value) | 0x80)
            value >>= 7
        }
        octets.append(UInt8(truncatingIfNeeded: value))
    }

    mutating func tag(_ number: Int, _ wireType: UInt64) { varint(UInt64(number) << 3 | wireType) }

    /// Begins a value of a length that is not known yet.
    ///
    /// - Returns: where its tag stands and where its octets begin, for `end`.
    mutating func begin(_ number: Int) -> (tag: Int, start: Int) {
        let place = octets.count
        tag(number, 2)
        octets.append(0)
        return (place, octets.count)
    }

    /// Ends a value, and puts its number in its place where it is shared.
    mutating func end(
        _ mark: (tag: Int, start: Int), _ number: Int, sharing table: inout SharedOctets, if isShared: Bool
    ) {
        let count = octets.count - mark.start
        if isShared, count > 4 {
            let shared = octets.withUnsafeBytes {
                table.share(UnsafeRawBufferPointer(rebasing: $0[mark.start...]))
            }
            octets.removeSubrange(mark.tag...)
            tag(number, 5)
            for shift in stride(from: UInt32(0), to: 32, by: 8) {
                octets.append(UInt8(truncatingIfNeeded: shared >> shift))
            }
            self.shared.append(shared)
            return
        }
        guard count >= 0x80 else {
            octets[mark.start - 1] = UInt8(count)
            return
        }
        var length: [UInt8] = []
        var rest = count
        while rest >= 0x80 {
            length.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        length.append(UInt8(truncatingIfNeeded: rest))
        octets.replaceSubrange(mark.start - 1..<mark.start, with: length)
    }

    /// Takes a value back.
    mutating func drop(_ mark: (tag: Int, start: Int)) { octets.removeSubrange(mark.tag...) }

    /// Whether the first field of the message that has been written since `start` is one of these strings.
    func begins(at start: Int, with strings: [[UInt8]]) -> Bool {
        guard start + 1 < octets.count, octets[start] == 0x0a else { return false }
        let count = Int(octets[start + 1])
        guard count < 0x80, start + 2 + count <= octets.count else { return false }
        let value = octets[start + 2..<start + 2 + count]
        return strings.contains { $0.elementsEqual(value) }
    }
}
