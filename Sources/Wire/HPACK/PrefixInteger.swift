// Integers begin in the low bits of an octet that has flags in its high bits (RFC 7541 §5.1).

/// The integer representation of header blocks.
enum PrefixInteger {
    /// Reads an integer and moves `offset` behind it.
    ///
    /// - Parameter prefix: how many low bits of the first octet belong to it, 1 to 8.
    /// - Throws: `truncated`, or `integerOverflow` above 2^32-1 and for more than five octets after the first: zeros
    ///   without end are a known attack.
    static func decode(
        _ bytes: RawSpan, _ offset: inout Int, prefix: Int
    ) throws(HPACKError) -> Int {
        guard let first = bytes.octet(offset) else { throw .truncated }
        offset += 1
        let limit = UInt8(truncatingIfNeeded: 1 << prefix - 1)
        guard first & limit == limit else { return Int(first & limit) }
        var value = UInt64(limit)
        for shift in stride(from: UInt64(0), through: 28, by: 7) {
            guard let octet = bytes.octet(offset) else { throw .truncated }
            offset += 1
            value += UInt64(octet & 0x7f) << shift
            guard octet & 0x80 != 0 else {
                guard value <= UInt64(UInt32.max) else { throw .integerOverflow }
                return Int(value)
            }
        }
        throw .integerOverflow
    }

    /// Appends `value`, which is not negative, under the high bits `flags`.
    static func encode(_ value: Int, prefix: Int, flags: UInt8, into output: inout [UInt8]) {
        let limit = 1 << prefix - 1
        guard value >= limit else {
            output.append(flags | UInt8(truncatingIfNeeded: value))
            return
        }
        output.append(flags | UInt8(truncatingIfNeeded: limit))
        var rest = value - limit
        while rest >= 0x80 {
            output.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        output.append(UInt8(truncatingIfNeeded: rest))
    }
}
