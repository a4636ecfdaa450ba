// Numbers of two octets. Spelled out, since Swift's Float16 is not there on every platform.

extension Float {
    /// IEEE 754 half precision widened.
    @inlinable @inline(__always)
    public init(halfBits bits: UInt16) {
        let sign = UInt32(bits & 0x8000) << 16
        let exponent = UInt32(bits >> 10) & 0x1f
        let fraction = UInt32(bits & 0x3ff)
        switch exponent {
        case 0:  // zero or subnormal: the fraction times 2^-24
            self.init(bitPattern: (Float(fraction) * 0x1p-24).bitPattern | sign)
        case 31: self.init(bitPattern: sign | 0x7f80_0000 | fraction << 13)
        default: self.init(bitPattern: sign | (exponent + 112) << 23 | fraction << 13)
        }
    }

    /// Rounded to IEEE 754 half precision, to the nearest and ties to even; what is too large becomes infinite.
    @inlinable @inline(__always)
    public var roundedToHalf: Float {
        let bits = bitPattern & 0x7fff_ffff
        let sign = bitPattern & 0x8000_0000
        // From 2^-14 on ten bits of the fraction stay; below, multiples of 2^-24, which adding 3/4 rounds to.
        let normal = (bits &+ (0x0fff &+ (bits >> 13 & 1))) & ~0x1fff
        let small = ((Float(bitPattern: bits) + 0.75) - 0.75).bitPattern
        let finite = bits < 0x3880_0000 ? small : normal > 0x477f_e000 ? 0x7f80_0000 : normal
        return Float(bitPattern: (bits > 0x7f80_0000 ? bits | 0x0040_0000 : finite) | sign)
    }

    /// The bits of IEEE 754 half precision, rounded as `roundedToHalf`.
    @inlinable @inline(__always)
    public var halfBits: UInt16 {
        let rounded = roundedToHalf.bitPattern
        let sign = UInt16(rounded >> 16) & 0x8000
        let magnitude = rounded & 0x7fff_ffff
        if magnitude > 0x7f80_0000 { return sign | 0x7e00 }
        if magnitude == 0x7f80_0000 { return sign | 0x7c00 }
        if magnitude < 0x3880_0000 { return sign | UInt16(Float(bitPattern: magnitude) * 0x1p24) }
        return sign | UInt16((magnitude >> 13) - 112 << 10)
    }

    /// The upper half of single precision widened.
    @inlinable @inline(__always)
    public init(brainBits bits: UInt16) { self.init(bitPattern: UInt32(bits) << 16) }
}
