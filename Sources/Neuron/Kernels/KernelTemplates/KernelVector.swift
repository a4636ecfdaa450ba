// A register of floats, with what the standard library leaves out or does by a call.

/// A register full of floats.
public protocol KernelVector: SIMD where Scalar == Float {
    /// As many integers as there are lanes.
    associatedtype Integers: KernelIntegers

    /// Rows of the register tile of a matrix product, 6 or 8.
    static var tileRows: Int { get }
    /// Vectors side by side in the register tile, 2 or 3: six rows of two fit 16 registers (12 sums, 2 loads, 1 broadcast),
    /// eight of three fit 32 (24 sums, 3 loads, 1 broadcast) and ask for 11 loads in 24 products.
    static var tileVectors: Int { get }

    // The standard library has these for each vector type as one instruction, and for any vector as a loop over its lanes,
    // which is what generic code gets. As requirements they lead to the former.

    /// The sum, lane by lane.
    static func + (left: Self, right: Self) -> Self
    /// The difference, lane by lane.
    static func - (left: Self, right: Self) -> Self
    /// The product, lane by lane.
    static func * (left: Self, right: Self) -> Self
    /// The quotient, lane by lane.
    static func / (left: Self, right: Self) -> Self
    /// Where `left` is less.
    static func .< (left: Self, right: Self) -> SIMDMask<MaskStorage>
    /// `other` in the lanes of `mask`, `self` in the rest.
    func replacing(with other: Self, where mask: SIMDMask<MaskStorage>) -> Self

    /// `self + a * b`, fused where one instruction does it. Elsewhere `addingProduct` would be a call into libm.
    func adding(_ a: Self, times b: Self) -> Self
}

/// A register full of integers.
public protocol KernelIntegers: SIMD where Scalar == Int32 {
    /// The sum, lane by lane, with what overflows left out.
    static func &+ (left: Self, right: Self) -> Self
    /// Shifts left, lane by lane.
    static func &<< (left: Self, right: Self) -> Self
    /// Shifts right, lane by lane, and keeps the sign.
    static func &>> (left: Self, right: Self) -> Self
    /// The bits that both have.
    static func & (left: Self, right: Self) -> Self
    /// The bits that either has.
    static func | (left: Self, right: Self) -> Self
}

extension KernelVector {
    /// Reads one vector; `pointer` needs the alignment of a `Float` only.
    @inlinable @inline(__always)
    init(at pointer: UnsafePointer<Float>) {
        self = UnsafeRawPointer(pointer).loadUnaligned(as: Self.self)
    }

    /// Writes one vector; `pointer` needs the alignment of a `Float` only.
    @inlinable @inline(__always)
    func store(to pointer: UnsafeMutablePointer<Float>) {
        UnsafeMutableRawPointer(pointer).storeBytes(of: self, as: Self.self)
    }

    /// Every lane between the two; `clamped` of the standard library is a call that is not inlined.
    @inlinable @inline(__always)
    func limited(to low: Float, _ high: Float) -> Self {
        let (least, most) = (Self(repeating: low), Self(repeating: high))
        let bounded = replacing(with: least, where: self .< least)
        return bounded.replacing(with: most, where: most .< bounded)
    }

    /// Of the two BF16 numbers that each lane holds, the one in the lower bits, in single precision.
    @inlinable @inline(__always)
    var lowerHalves: Self {
        unsafeBitCast(
            unsafeBitCast(self, to: Integers.self) &<< Integers(repeating: 16), to: Self.self)
    }

    /// Of the two BF16 numbers that each lane holds, the one in the upper bits, in single precision.
    @inlinable @inline(__always)
    var upperHalves: Self {
        let mask = Integers(repeating: Int32(bitPattern: 0xffff_0000))
        return unsafeBitCast(unsafeBitCast(self, to: Integers.self) & mask, to: Self.self)
    }

    /// Of the two FP16 numbers that each lane holds, the one in the lower bits, in single precision; none may be infinite.
    @inlinable @inline(__always)
    var lowerFiniteHalves: Self {
        let bits = unsafeBitCast(self, to: Integers.self)
        return Self.widened(
            sign: bits &<< Integers(repeating: 16), magnitude: bits &<< Integers(repeating: 13))
    }

    /// Of the two FP16 numbers that each lane holds, the one in the upper bits, in single precision; none may be infinite.
    @inlinable @inline(__always)
    var upperFiniteHalves: Self {
        let bits = unsafeBitCast(self, to: Integers.self)
        return Self.widened(sign: bits, magnitude: bits &>> Integers(repeating: 3))
    }

    /// Exponent and fraction of half precision in their places in single precision: the exponents count from 112 less, which a
    /// product mends, also of numbers below the smallest normal one.
    @inlinable @inline(__always)
    static func widened(sign: Integers, magnitude: Integers) -> Self {
        let number =
            unsafeBitCast(magnitude & Integers(repeating: 0x0fff_e000), to: Self.self)
            * Self(repeating: 0x1p112)
        let signs = sign & Integers(repeating: Int32(bitPattern: 0x8000_0000))
        return unsafeBitCast(unsafeBitCast(number, to: Integers.self) | signs, to: Self.self)
    }

    /// The number, below 2^23, that the low bits of each lane are. Set beside the exponent of 2^23 it is a float without a
    /// conversion, which the standard library would make a call of.
    @inlinable @inline(__always)
    func lowBits(_ mask: Int32) -> Self {
        let bits = unsafeBitCast(self, to: Integers.self) & Integers(repeating: mask)
        let number = unsafeBitCast(bits | Integers(repeating: 0x4b00_0000), to: Self.self)
        return number - Self(repeating: 8_388_608)
    }

    /// The bits of each lane so many places lower.
    @inlinable @inline(__always)
    func bitsShiftedRight(by count: Int32) -> Self {
        unsafeBitCast(unsafeBitCast(self, to: Integers.self) &>> Integers(repeating: count), to: Self.self)
    }

    /// Columns of the register tile.
    @inlinable @inline(__always)
    static var panelColumns: Int { tileVectors * scalarCount }

    /// Octets of a product's left-hand side that the second-level cache keeps beside some columns of the result: 1.25 or
    /// 2 MiB in CPUs with AVX-512 for servers, a quarter or half of one in others.
    @inlinable @inline(__always)
    static var cachedOperandOctets: Int { tileVectors == 3 ? 1 << 20 : 1 << 17 }
}
