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
    /// Numbers of a column of B that a step takes.
    static var depthOfStep: Int { get }

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
    /// One.
    @inlinable @inline(__always) public static var depthOfStep: Int { 1 }

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

/// Pairs of BF16 in single precision: A is rounded and kept so, B is widened a line at a time. Half the memory for B. Many
/// rows are multiplied faster by a part of a panel that has been widened (`WidenedPart`), to the same bits.
public enum WidenedPairs: ProductArithmetic {
    /// A pair of floats.
    @inlinable @inline(__always) public static var operandFloats: Int { 2 }
    /// A pair.
    @inlinable @inline(__always) public static var depthOfStep: Int { 2 }

    /// See `ProductArithmetic`. The product of two BF16 numbers is exact in single precision, so fusing changes nothing.
    @inlinable @inline(__always)
    public static func add<Tile: RegisterTile>(
        _ a: UnsafePointer<Float>, stride: Int, times line: Tile.Line, to tile: inout Tile
    ) {
        tile.add(a, stride: stride, times: line.map { $0.upperHalves }, SingleProduct.self)
        tile.add(a + 1, stride: stride, times: line.map { $0.lowerHalves }, SingleProduct.self)
    }

    /// See `ProductArithmetic`. The second of each pair comes first, since it is multiplied first.
    @inlinable @inline(__always)
    public static func round(_ a: UnsafePointer<Float>, count: Int, into out: UnsafeMutablePointer<Float>) {
        swapPairs(a, count: count, into: out) {
            Float(bitPattern: UInt32(BFloat16.bits(of: $0)) << 16)
        }
    }
}

/// Writes what becomes of numbers, the second of each pair before the first, the last pair filled up with zero.
///
/// - Parameter out: room for whole pairs.
@inlinable @inline(__always)
func swapPairs(
    _ numbers: UnsafePointer<Float>, count: Int, into out: UnsafeMutablePointer<Float>,
    _ change: (Float) -> Float
) {
    for pair in 0..<count / 2 {
        out[2 * pair] = change(numbers[2 * pair + 1])
        out[2 * pair + 1] = change(numbers[2 * pair])
    }
    guard count % 2 == 1 else { return }
    out[count - 1] = 0
    out[count] = change(numbers[count - 1])
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
