// The vector the kernels are written in. This directory is compiled twice: as NeuronKernelsAVX2 with 256-bit
// vectors and fused multiply-add, and, through symbolic links, as NeuronKernelsBaseline for any other CPU. Swift has
// no per-function target attribute, so the choice is made between modules, at run time, in NeuronKernels.

#if GANGLION_AVX2
    /// Eight lanes: one AVX register.
    typealias Vector = SIMD8<Float>
    /// As many integers as `Vector` has lanes.
    typealias IntegerVector = SIMD8<Int32>
#else
    /// Four lanes: one SSE or NEON register.
    typealias Vector = SIMD4<Float>
    /// As many integers as `Vector` has lanes.
    typealias IntegerVector = SIMD4<Int32>
#endif

extension Vector {
    /// Reads one vector; `pointer` needs the alignment of a `Float` only.
    @inline(__always)
    init(at pointer: UnsafePointer<Float>) {
        self = UnsafeRawPointer(pointer).loadUnaligned(as: Vector.self)
    }

    /// Writes one vector; `pointer` needs the alignment of a `Float` only.
    @inline(__always)
    func store(to pointer: UnsafeMutablePointer<Float>) {
        UnsafeMutableRawPointer(pointer).storeBytes(of: self, as: Vector.self)
    }

    /// Every lane between the two; `clamped` of the standard library is a call that is not inlined.
    @inline(__always)
    func limited(to low: Float, _ high: Float) -> Vector {
        let bounded = replacing(with: low, where: self .< low)
        return bounded.replacing(with: high, where: bounded .> high)
    }

    /// `self + a * b`, fused where one instruction does it. Elsewhere `addingProduct` would be a call into libm.
    @inline(__always)
    func adding(_ a: Vector, times b: Vector) -> Vector {
        #if GANGLION_AVX2 || arch(arm64)
            addingProduct(a, b)
        #else
            self + a * b
        #endif
    }
}

// MARK: - Products
//
// Matrix multiplication the way of Goto and van de Geijn ("Anatomy of High-Performance Matrix Multiplication", 2008):
// the right-hand side is packed into panels as wide as two vectors, the left-hand side into strips of six rows, and a
// micro-kernel keeps a tile of 6 x 2 vectors in registers (12 accumulators, 2 loads, 1 broadcast: 15 of 16).

/// Rows of the register tile.
private let stripRows = 6
/// Columns of the register tile.
private let panelColumns = 2 * Vector.scalarCount
/// Depth of one pass: a panel of B (24 KiB with AVX2) stays in the first-level cache.
private let passDepth = 384
/// Rows of A packed at a time: 180 KiB, which stay in the second-level cache.
private let blockRows = 120

/// Floats that `pack` writes for `columns` x `depth`.
package func packedCount(columns: Int, depth: Int) -> Int {
    (columns + panelColumns - 1) / panelColumns * panelColumns * depth
}

/// Floats of scratch memory that `multiply` needs, whatever the sizes.
package let multiplyScratchCount = blockRows * passDepth

/// Packs the right-hand side B of C = A B into panels, the last one filled up with zeros.
///
/// - Parameters:
///   - source: element (k, n) of B lies at `source[n * columnStride + k * depthStride]`, so a weight matrix stored
///     as [out][in] has column stride `in` and depth stride 1.
///   - destination: room for `packedCount` floats.
package func pack(
    _ source: UnsafePointer<Float>, columns: Int, depth: Int, columnStride: Int, depthStride: Int,
    into destination: UnsafeMutablePointer<Float>
) {
    var out = destination
    var first = 0
    while first < columns {
        let width = min(panelColumns, columns - first)
        for k in 0..<depth {
            let from = source + (first * columnStride + k * depthStride)
            for n in 0..<width { out[n] = from[n * columnStride] }
            for n in width..<panelColumns { out[n] = 0 }
            out += panelColumns
        }
        first += panelColumns
    }
}

/// C = A B, in single precision. The order of summation depends on `depth` only, never on `rows` or `columns`.
///
/// - Parameters:
///   - a: `rows` x `depth`, row-major, rows `aStride` floats apart.
///   - packed: B as `pack` left it, `depth` x `columns`.
///   - c: `rows` x `columns`, row-major, rows `cStride` floats apart; must not overlap the others.
///   - scratch: room for `multiplyScratchCount` floats.
package func multiply(
    _ a: UnsafePointer<Float>, rows: Int, depth: Int, aStride: Int,
    packed: UnsafePointer<Float>, columns: Int,
    into c: UnsafeMutablePointer<Float>, cStride: Int,
    scratch: UnsafeMutablePointer<Float>
) {
    var firstDepth = 0
    while firstDepth < depth {
        let passed = min(passDepth, depth - firstDepth)
        var firstRow = 0
        while firstRow < rows {
            let blockCount = min(blockRows, rows - firstRow)
            packStrips(
                a + (firstRow * aStride + firstDepth), rows: blockCount, depth: passed, stride: aStride,
                into: scratch)
            var firstColumn = 0
            while firstColumn < columns {
                let panel = packed + (firstColumn * depth + firstDepth * panelColumns)
                let width = min(panelColumns, columns - firstColumn)
                var strip = 0
                while strip < blockCount {
                    let tile = c + ((firstRow + strip) * cStride + firstColumn)
                    let height = min(stripRows, blockCount - strip)
                    if height == stripRows && width == panelColumns {
                        multiplyTile(
                            scratch + strip * passed, panel, depth: passed, into: tile, stride: cStride,
                            add: firstDepth > 0)
                    } else {
                        multiplyEdge(
                            scratch + strip * passed, panel, depth: passed, into: tile, stride: cStride,
                            height: height, width: width, add: firstDepth > 0)
                    }
                    strip += stripRows
                }
                firstColumn += panelColumns
            }
            firstRow += blockCount
        }
        firstDepth += passed
    }
}

/// Interleaves six rows of A at a time, so that the micro-kernel reads it in one stream. Missing rows are zeros.
private func packStrips(
    _ a: UnsafePointer<Float>, rows: Int, depth: Int, stride: Int,
    into destination: UnsafeMutablePointer<Float>
) {
    var strip = 0
    while strip < rows {
        let out = destination + strip * depth
        let height = min(stripRows, rows - strip)
        for row in 0..<height {
            let from = a + (strip + row) * stride
            for k in 0..<depth { out[k * stripRows + row] = from[k] }
        }
        for row in height..<stripRows {
            for k in 0..<depth { out[k * stripRows + row] = 0 }
        }
        strip += stripRows
    }
}

/// The micro-kernel: a full tile, six rows of two vectors.
@inline(__always)
private func multiplyTile(
    _ strip: UnsafePointer<Float>, _ panel: UnsafePointer<Float>, depth: Int,
    into c: UnsafeMutablePointer<Float>, stride: Int, add: Bool
) {
    let lanes = Vector.scalarCount
    var c00 = Vector.zero
    var c01 = Vector.zero
    var c10 = Vector.zero
    var c11 = Vector.zero
    var c20 = Vector.zero
    var c21 = Vector.zero
    var c30 = Vector.zero
    var c31 = Vector.zero
    var c40 = Vector.zero
    var c41 = Vector.zero
    var c50 = Vector.zero
    var c51 = Vector.zero
    var a = strip
    var b = panel
    let end = strip + depth * stripRows
    while a < end {
        let b0 = Vector(at: b)
        let b1 = Vector(at: b + lanes)
        var broadcast = Vector(repeating: a[0])
        c00 = c00.adding(broadcast, times: b0)
        c01 = c01.adding(broadcast, times: b1)
        broadcast = Vector(repeating: a[1])
        c10 = c10.adding(broadcast, times: b0)
        c11 = c11.adding(broadcast, times: b1)
        broadcast = Vector(repeating: a[2])
        c20 = c20.adding(broadcast, times: b0)
        c21 = c21.adding(broadcast, times: b1)
        broadcast = Vector(repeating: a[3])
        c30 = c30.adding(broadcast, times: b0)
        c31 = c31.adding(broadcast, times: b1)
        broadcast = Vector(repeating: a[4])
        c40 = c40.adding(broadcast, times: b0)
        c41 = c41.adding(broadcast, times: b1)
        broadcast = Vector(repeating: a[5])
        c50 = c50.adding(broadcast, times: b0)
        c51 = c51.adding(broadcast, times: b1)
        a += stripRows
        b += panelColumns
    }
    put(c00, c01, c, add)
    put(c10, c11, c + stride, add)
    put(c20, c21, c + 2 * stride, add)
    put(c30, c31, c + 3 * stride, add)
    put(c40, c41, c + 4 * stride, add)
    put(c50, c51, c + 5 * stride, add)
}

/// Writes, or after the first pass adds, one row of a tile.
@inline(__always)
private func put(_ left: Vector, _ right: Vector, _ c: UnsafeMutablePointer<Float>, _ add: Bool) {
    let lanes = Vector.scalarCount
    if add {
        (Vector(at: c) + left).store(to: c)
        (Vector(at: c + lanes) + right).store(to: c + lanes)
    } else {
        left.store(to: c)
        right.store(to: c + lanes)
    }
}

/// A tile at the right or lower edge: computed whole, copied as far as it belongs to C.
@inline(never)
private func multiplyEdge(
    _ strip: UnsafePointer<Float>, _ panel: UnsafePointer<Float>, depth: Int,
    into c: UnsafeMutablePointer<Float>, stride: Int, height: Int, width: Int, add: Bool
) {
    withUnsafeTemporaryAllocation(of: Float.self, capacity: stripRows * panelColumns) { tile in
        guard let base = tile.baseAddress else { return }
        multiplyTile(strip, panel, depth: depth, into: base, stride: panelColumns, add: false)
        for row in 0..<height {
            for column in 0..<width {
                let value = base[row * panelColumns + column]
                let place = row * stride + column
                c[place] = add ? c[place] + value : value
            }
        }
    }
}

// MARK: - Activations
//
// The element-wise work between the matrix products. Whole rows at a time and vectorised, since one call of libm per
// element would cost more than the products.

/// x := gelu(x + bias) = y/2 (1 + erf(y / sqrt 2)), the exact form that BERT uses, within 1e-6.
///
/// - Parameters:
///   - values: `rows` x `columns`, row-major, rows `stride` floats apart.
///   - bias: one value per column.
package func addBiasAndGELU(
    _ values: UnsafeMutablePointer<Float>, rows: Int, columns: Int, stride: Int, bias: UnsafePointer<Float>
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

/// x := x + bias.
///
/// - Parameters:
///   - values: `rows` x `columns`, row-major, rows `stride` floats apart.
///   - bias: one value per column.
package func addBias(
    _ values: UnsafeMutablePointer<Float>, rows: Int, columns: Int, stride: Int, bias: UnsafePointer<Float>
) {
    for row in 0..<rows {
        let line = values + row * stride
        for column in 0..<columns { line[column] += bias[column] }
    }
}

/// x := softmax(scale * x), row by row, with the row's maximum taken off first.
///
/// - Parameter values: `rows` x `columns`, row-major, rows `stride` floats apart.
package func softmax(
    _ values: UnsafeMutablePointer<Float>, rows: Int, columns: Int, stride: Int, scale: Float
) {
    let lanes = Vector.scalarCount
    for row in 0..<rows {
        let line = values + row * stride
        var highest = -Float.infinity
        for column in 0..<columns where line[column] > highest { highest = line[column] }
        var sums = Vector.zero
        var column = 0
        while column + lanes <= columns {
            let power = exponential((Vector(at: line + column) - highest) * scale)
            power.store(to: line + column)
            sums += power
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

/// y/2 (1 + erf(y / sqrt 2)).
@inline(__always)
private func gelu(_ y: Vector) -> Vector {
    y * 0.5 * (errorFunction(y * 0.707_106_77) + 1)
}

/// erf as the quotient of two polynomials on [-4, 4], within 3e-7; the coefficients are Eigen's (`generic_fast_erf`).
@inline(__always)
private func errorFunction(_ value: Vector) -> Vector {
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
@inline(__always)
private func exponential(_ value: Vector) -> Vector {
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
    p = (r + 1).adding(p, times: r * r)
    let bits = unsafeBitCast(shifted, to: IntegerVector.self) &- 0x4b40_0000
    let power = unsafeBitCast((bits &+ 127) &<< 23, to: Vector.self)
    return (p * power).replacing(with: 0, where: value .< -87)
}

// MARK: - Layer norm and pooling
//
// Where the cores of a group meet: the sum of their partial results (all-reduce), residual and layer norm in one walk
// over each row.

/// y = layerNorm(residual + bias + partial 0 + partial 1 + ...), row by row, always summed in this order so that the
/// result is the same at every run. `out` may be `residual`.
///
/// - Parameters:
///   - partials: one `rows` x `columns` matrix per core, rows `columns` floats apart.
///   - bias: one value per column, or nil.
///   - epsilon: added to the variance (config.json's `layer_norm_eps`).
package func reduceAndNormalize(
    _ partials: [UnsafePointer<Float>], bias: UnsafePointer<Float>?, residual: UnsafePointer<Float>,
    rows: Int, columns: Int, scale: UnsafePointer<Float>, shift: UnsafePointer<Float>, epsilon: Float,
    into out: UnsafeMutablePointer<Float>
) {
    for row in 0..<rows {
        let line = out + row * columns
        let before = residual + row * columns
        if let bias {
            for column in 0..<columns { line[column] = before[column] + bias[column] }
        } else {
            for column in 0..<columns { line[column] = before[column] }
        }
        for partial in partials {
            let from = partial + row * columns
            for column in 0..<columns { line[column] += from[column] }
        }
        normalize(line, columns: columns, scale: scale, shift: shift, epsilon: epsilon)
    }
}

/// Layer norm of one row, in place.
private func normalize(
    _ line: UnsafeMutablePointer<Float>, columns: Int, scale: UnsafePointer<Float>,
    shift: UnsafePointer<Float>,
    epsilon: Float
) {
    let lanes = Vector.scalarCount
    let whole = columns - columns % lanes
    var sums = Vector.zero
    var column = 0
    while column < whole {
        sums += Vector(at: line + column)
        column += lanes
    }
    var sum = sums.sum()
    for column in whole..<columns { sum += line[column] }
    let mean = sum / Float(columns)

    var squares = Vector.zero
    column = 0
    while column < whole {
        let distance = Vector(at: line + column) - mean
        squares = squares.adding(distance, times: distance)
        column += lanes
    }
    var square = squares.sum()
    for column in whole..<columns { square += (line[column] - mean) * (line[column] - mean) }
    let inverse = 1 / (square / Float(columns) + epsilon).squareRoot()

    column = 0
    while column < whole {
        let value = (Vector(at: line + column) - mean) * inverse
        Vector(at: shift + column).adding(value, times: Vector(at: scale + column)).store(to: line + column)
        column += lanes
    }
    for column in whole..<columns {
        line[column] = (line[column] - mean) * inverse * scale[column] + shift[column]
    }
}

/// out = sum of three rows: word, position and token type.
package func addRows(
    _ first: UnsafePointer<Float>, _ second: UnsafePointer<Float>, _ third: UnsafePointer<Float>, count: Int,
    into out: UnsafeMutablePointer<Float>
) {
    for index in 0..<count { out[index] = first[index] + second[index] + third[index] }
}

/// The mean of `rows` rows, scaled to length 1. A mean of zero stays zero.
///
/// - Parameter values: `rows` (at least 1) x `columns`, row-major without gaps.
package func meanAndScaleToUnit(
    _ values: UnsafePointer<Float>, rows: Int, columns: Int, into out: UnsafeMutablePointer<Float>
) {
    for column in 0..<columns { out[column] = values[column] }
    for row in 1..<max(rows, 1) {
        let line = values + row * columns
        for column in 0..<columns { out[column] += line[column] }
    }
    let inverse = 1 / Float(max(rows, 1))
    var square: Float = 0
    for column in 0..<columns {
        out[column] *= inverse
        square += out[column] * out[column]
    }
    guard square > 0 else { return }
    let length = 1 / square.squareRoot()
    for column in 0..<columns { out[column] *= length }
}
