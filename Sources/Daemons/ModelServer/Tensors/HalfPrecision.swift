// Half precision on the way out; `Float(halfBits:)` is the way in.

extension Float {
    /// The nearest number of IEEE 754 half precision, the even one of two; beyond 65,504 infinity.
    var halfBits: UInt16 {
        let sign = UInt16(sign == .minus ? 0x8000 : 0)
        guard !isNaN else { return sign | 0x7e00 }
        guard magnitude < 65_520 else { return sign | 0x7c00 }
        // In steps of the fraction's last bit; what is below the normal numbers has the steps of the smallest of them.
        let exponent = magnitude == 0 ? -14 : max(-14, Int(magnitude.exponent))
        let step = Float(sign: .plus, exponent: exponent - 10, significand: 1)
        let steps = UInt16((magnitude / step).rounded(.toNearestOrEven))
        // Of a normal number there are 1,024 steps and more: the first of them are one of the exponent's own.
        return sign | (UInt16(exponent + 14) << 10) + steps
    }
}
