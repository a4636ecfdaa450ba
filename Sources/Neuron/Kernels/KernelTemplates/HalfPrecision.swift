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

    /// The upper half of single precision widened.
    @inlinable @inline(__always)
    public init(brainBits bits: UInt16) { self.init(bitPattern: UInt32(bits) << 16) }
}
