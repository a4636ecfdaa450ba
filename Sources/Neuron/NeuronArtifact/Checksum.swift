// Whether octets are those that were written. A model is loaded in milliseconds, so its checksum has to keep up with
// memory: eight independent sums of 64-bit words, one multiplication each. It finds what disks, copies and downloads do;
// whoever wants to harm can write a right one, so nothing is believed because of it.

/// A sum over octets that changes when any of them does.
package enum Checksum {
    /// Words that are summed beside each other.
    private static let lanes = 8
    /// An odd number without a pattern (2^64 divided by the golden ratio).
    private static let factor: UInt64 = 0x9e37_79b9_7f4a_7c15

    /// The checksum; little endian words, the last filled up with zeros, and the length.
    package static func of(_ octets: UnsafeRawBufferPointer) -> UInt64 {
        var sums: [UInt64] = [1, 2, 3, 4, 5, 6, 7, 8]
        let whole = octets.count / 64 * 64
        if let base = octets.baseAddress { addBlocks(base, count: whole, to: &sums) }
        var rest = [UInt8](octets[whole...])
        rest += [UInt8](repeating: 0, count: 64 - rest.count)
        for lane in 0..<lanes {
            let word = rest[lane * 8..<lane * 8 + 8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            sums[lane] = mix(sums[lane], word)
        }
        var sum = UInt64(octets.count)
        for lane in 0..<lanes { sum = mix(sum, sums[lane]) }
        return sum
    }

    /// Blocks of 64 octets. A variable for each sum, so that it is in a register.
    private static func addBlocks(_ base: UnsafeRawPointer, count: Int, to sums: inout [UInt64]) {
        var (a, b, c, d) = (sums[0], sums[1], sums[2], sums[3])
        var (e, f, g, h) = (sums[4], sums[5], sums[6], sums[7])
        var place = base
        let end = base + count
        while place < end {
            a = mix(a, word(place, 0))
            b = mix(b, word(place, 8))
            c = mix(c, word(place, 16))
            d = mix(d, word(place, 24))
            e = mix(e, word(place, 32))
            f = mix(f, word(place, 40))
            g = mix(g, word(place, 48))
            h = mix(h, word(place, 56))
            place += 64
        }
        sums = [a, b, c, d, e, f, g, h]
    }

    private static func word(_ place: UnsafeRawPointer, _ offset: Int) -> UInt64 {
        UInt64(littleEndian: place.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    private static func mix(_ sum: UInt64, _ word: UInt64) -> UInt64 {
        let product = (sum ^ word) &* factor
        return product ^ product >> 29
    }
}
