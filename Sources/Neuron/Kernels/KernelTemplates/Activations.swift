// The element-wise work between the matrix products. Whole rows at a time and vectorised, since one call of libm per
// element would cost more than the products.

extension Kernels {
    /// See `Kernels.addBiasAndGELU`.
    @inlinable @inline(__always)
    public func addBiasAndGELU(
        _ values: UnsafeMutablePointer<Float>, rows: Int, columns: Int, stride: Int,
        bias: UnsafePointer<Float>
    ) {
        let lanes = Vector.scalarCount
        for row in 0..<rows {
            let line = values + row * stride
            var column = 0
            while column + lanes <= columns {
                gelu(Vector(at: line + column) + Vector(at: bias + column)).store(to: line + column)
                column += lanes
            }
            while column < columns {
                line[column] = gelu(Vector(repeating: line[column] + bias[column]))[0]
                column += 1
            }
        }
    }

    /// See `Kernels.addBias`.
    @inlinable @inline(__always)
    public func addBias(
        _ values: UnsafeMutablePointer<Float>, rows: Int, columns: Int, stride: Int,
        bias: UnsafePointer<Float>
    ) {
        for row in 0..<rows {
            let line = values + row * stride
            for column in 0..<columns { line[column] += bias[column] }
        }
    }

    /// See `Kernels.softmax`.
    @inlinable @inline(__always)
    public func softmax(
        _ values: UnsafeMutablePointer<Float>, rows: Int, columns: Int, stride: Int,
        scale: Float
    ) {
        let lanes = Vector.scalarCount
        for row in 0..<rows {
            let line = values + row * stride
            let highest = greatest(line, count: columns)
            let (top, factor) = (Vector(repeating: highest), Vector(repeating: scale))
            var sums = Vector.zero
            var column = 0
            while column + lanes <= columns {
                let power = exponential((Vector(at: line + column) - top) * factor)
                power.store(to: line + column)
                sums = sums + power
                column += lanes
            }
            var sum = sums.sum()
            while column < columns {
                let power = exponential(Vector(repeating: (line[column] - highest) * scale))[0]
                line[column] = power
                sum += power
                column += 1
            }
            let inverse = 1 / sum
            for column in 0..<columns { line[column] *= inverse }
        }
    }

    /// The greatest of some numbers; minus infinity of none.
    @inlinable @inline(__always)
    public func greatest(_ line: UnsafePointer<Float>, count: Int) -> Float {
        let lanes = Vector.scalarCount
        var highest = -Float.infinity
        var column = 0
        if count >= lanes {
            var most = Vector(at: line)
            column = lanes
            while column + lanes <= count {
                let next = Vector(at: line + column)
                most = most.replacing(with: next, where: most .< next)
                column += lanes
            }
            for lane in 0..<lanes where most[lane] > highest { highest = most[lane] }
        }
        while column < count {
            if line[column] > highest { highest = line[column] }
            column += 1
        }
        return highest
    }

    /// y/2 (1 + erf(y / sqrt 2)).
    @inlinable @inline(__always)
    public func gelu(_ y: Vector) -> Vector {
        let half = y * Vector(repeating: 0.5)
        return half.adding(half, times: errorFunction(y * Vector(repeating: 0.707_106_77)))
    }

    /// erf as the quotient of two polynomials on [-4, 4], within 3e-7; the coefficients are Eigen's (`generic_fast_erf`).
    @inlinable @inline(__always)
    public func errorFunction(_ value: Vector) -> Vector {
        let x = value.limited(to: -4, 4)
        let square = x * x
        var top = Vector(repeating: -2.726_142_258_013_06e-10)
        top = Vector(repeating: 2.770_681_424_959_02e-08).adding(top, times: square)
        top = Vector(repeating: -2.101_024_020_825_08e-06).adding(top, times: square)
        top = Vector(repeating: -5.692_506_394_623_46e-05).adding(top, times: square)
        top = Vector(repeating: -7.349_906_303_268_55e-04).adding(top, times: square)
        top = Vector(repeating: -2.954_599_808_540_25e-03).adding(top, times: square)
        top = Vector(repeating: -1.609_603_332_624_15e-02).adding(top, times: square)
        var bottom = Vector(repeating: -1.456_607_184_649_96e-05)
        bottom = Vector(repeating: -2.133_740_552_789_05e-04).adding(bottom, times: square)
        bottom = Vector(repeating: -1.682_826_974_382_03e-03).adding(bottom, times: square)
        bottom = Vector(repeating: -7.373_329_167_204_68e-03).adding(bottom, times: square)
        bottom = Vector(repeating: -1.426_473_905_141_89e-02).adding(bottom, times: square)
        return x * top / bottom
    }

    /// e to the x for x at most 88, within 2 units in the last place: x = n ln 2 + r, a polynomial for r (Cephes `expf`),
    /// and n into the exponent. Below -87 the result is 0.
    @inlinable @inline(__always)
    public func exponential(_ value: Vector) -> Vector {
        let x = value.limited(to: -87, 88)
        // Adding 1.5 * 2^23 rounds to the nearest integer and leaves it in the low bits of the mantissa.
        let magic = Vector(repeating: 12_582_912)
        let shifted = magic.adding(x, times: Vector(repeating: 1.442_695_040_888_963))
        let n = shifted - magic
        var r = x.adding(n, times: Vector(repeating: -0.693_359_375))
        r = r.adding(n, times: Vector(repeating: 2.121_944_4e-4))
        var p = Vector(repeating: 1.987_569_150_0e-4)
        p = Vector(repeating: 1.398_199_950_7e-3).adding(p, times: r)
        p = Vector(repeating: 8.333_451_907_3e-3).adding(p, times: r)
        p = Vector(repeating: 4.166_579_589_4e-2).adding(p, times: r)
        p = Vector(repeating: 1.666_666_545_9e-1).adding(p, times: r)
        p = Vector(repeating: 0.5).adding(p, times: r)
        p = (r + Vector(repeating: 1)).adding(p, times: r * r)
        let bits = unsafeBitCast(shifted, to: Vector.Integers.self)
        let biased = bits &+ Vector.Integers(repeating: 127 - 0x4b40_0000)
        let power = unsafeBitCast(biased &<< Vector.Integers(repeating: 23), to: Vector.self)
        return (p * power).replacing(with: .zero, where: value .< Vector(repeating: -87))
    }
}
