// What a step of a matrix product multiplies: single numbers, or pairs of BF16 numbers with or without an instruction for
// them. A vector of B has a number, or a pair, for each column.

/// Adds the product of two vectors to a third.
public protocol VectorProduct {
    /// `sum + a * b`, in the vectors' meaning.
    static func add<Vector: KernelVector>(_ sum: Vector, _ a: Vector, _ b: Vector) -> Vector
}

/// Single-precision numbers.
public enum SingleProduct: VectorProduct {
    /// See `VectorProduct`.
    @inlinable @inline(__always)
    public static func add<Vector: KernelVector>(_ sum: Vector, _ a: Vector, _ b: Vector) -> Vector {
        sum.adding(a, times: b)
    }
}

/// One step of a tile.
public protocol ProductArithmetic {
    /// Floats of A that a step takes from each row.
    static var operandFloats: Int { get }

    /// Adds the step to the tile's sums.
    static func add<Tile: RegisterTile>(
        _ a: UnsafePointer<Float>, stride: Int, times line: Tile.Line, to tile: inout Tile)

    /// Writes numbers of a row of A as steps take them, rounded to BF16.
    ///
    /// - Parameters:
    ///   - count: numbers of the row.
    ///   - out: room for as many pairs as they make; the last is filled up with zero.
    static func round(_ a: UnsafePointer<Float>, count: Int, into out: UnsafeMutablePointer<Float>)
}

/// Single precision: a step is one number.
public enum Singles: ProductArithmetic {
    /// One.
    @inlinable @inline(__always) public static var operandFloats: Int { 1 }

    /// See `ProductArithmetic`.
    @inlinable @inline(__always)
    public static func add<Tile: RegisterTile>(
        _ a: UnsafePointer<Float>, stride: Int, times line: Tile.Line, to tile: inout Tile
    ) {
        tile.add(a, stride: stride, times: line, SingleProduct.self)
    }

    /// As they are: nothing is rounded.
    @inlinable @inline(__always)
    public static func round(_ a: UnsafePointer<Float>, count: Int, into out: UnsafeMutablePointer<Float>) {
        out.update(from: a, count: count)
    }
}

/// Pairs of BF16 on a CPU without instructions for them: A is rounded and kept in single precision, B is made single
/// precision a line at a time. Half the memory for B, and somewhat more than half the speed of single precision.
public enum EmulatedPairs: ProductArithmetic {
    /// A pair of floats.
    @inlinable @inline(__always) public static var operandFloats: Int { 2 }

    /// See `ProductArithmetic`. The product of two BF16 numbers is exact in single precision, so fusing changes nothing.
    @inlinable @inline(__always)
    public static func add<Tile: RegisterTile>(
        _ a: UnsafePointer<Float>, stride: Int, times line: Tile.Line, to tile: inout Tile
    ) {
        tile.add(a + 1, stride: stride, times: line.map { $0.upperHalves }, SingleProduct.self)
        tile.add(a, stride: stride, times: line.map { $0.lowerHalves }, SingleProduct.self)
    }

    /// See `ProductArithmetic`.
    @inlinable @inline(__always)
    public static func round(_ a: UnsafePointer<Float>, count: Int, into out: UnsafeMutablePointer<Float>) {
        for index in 0..<count {
            out[index] = Float(bitPattern: UInt32(BFloat16.bits(of: a[index])) << 16)
        }
        if count % 2 == 1 { out[count] = 0 }
    }
}

/// The upper half of a single-precision number: 8 bits of exponent, 7 of mantissa.
public enum BFloat16 {
    /// A number rounded to the nearest, ties to even. What is too large becomes infinite; NaN stays NaN.
    @inlinable @inline(__always)
    public static func bits(of value: Float) -> UInt16 {
        let bits = value.bitPattern
        let rounded = bits &+ (0x7fff &+ (bits >> 16 & 1))
        // A NaN whose upper bits say so keeps them; rounding could carry it into the sign.
        let isNaN = bits & 0x7fff_ffff > 0x7f80_0000
        return UInt16(truncatingIfNeeded: (isNaN ? bits | 0x40_0000 : rounded) >> 16)
    }
}
