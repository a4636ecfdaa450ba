// The kernels are written once, over whatever vector a CPU has. Swift has no attribute that picks a function's
// instructions, so the choice is made between modules: NeuronKernelsBaseline, NeuronKernelsAVX2 and NeuronKernelsAVX512
// each have a type of this protocol with a vector of theirs and are compiled with flags of their own. All the work is in
// the protocol's extensions, inlinable, so what each module gets are copies for its vector in its instructions; public,
// because the compiler hands no body of package access to another module.
// NeuronKernels picks one at run time. Calls are coarse, a whole matrix each; an indirect one costs nothing.

/// What an encoder computes. Pointers are the caller's to keep valid, matrices are row-major.
public protocol Kernels: Sendable {
    /// What it is written in.
    associatedtype Vector: KernelVector
    /// How BF16 numbers are multiplied.
    associatedtype Pairs: ProductArithmetic = WidenedPairs

    /// Whether many rows are multiplied by BF16 numbers faster in single precision than as `Pairs`.
    var widensPairs: Bool { get }

    /// Floats that `pack` writes for `columns` x `depth`.
    func packedCount(columns: Int, depth: Int) -> Int

    /// Packs the right-hand side B of C = A B into panels, the last one filled up to whole vectors with zeros.
    ///
    /// - Parameters:
    ///   - source: element (k, n) of B lies at `source[n * columnStride + k * depthStride]`, so a weight matrix stored
    ///     as [out][in] has column stride `in` and depth stride 1.
    ///   - destination: room for `packedCount` floats.
    func pack(
        _ source: UnsafePointer<Float>, columns: Int, depth: Int, columnStride: Int, depthStride: Int,
        into destination: UnsafeMutablePointer<Float>
    )

    /// C = A B, in single precision. The order of summation depends on `depth` only, never on `rows` or `columns`.
    ///
    /// - Parameters:
    ///   - a: `rows` x `depth`, row-major, rows `aStride` floats apart.
    ///   - packed: B as `pack` left it, `depth` x `columns`.
    ///   - c: `rows` x `columns`, row-major, rows `cStride` floats apart; must not overlap the others.
    ///   - adds: whether the product is added to what is in C.
    ///   - finish: what is done to C before it leaves the cache.
    func multiply(
        _ a: UnsafePointer<Float>, rows: Int, depth: Int, aStride: Int, packed: UnsafePointer<Float>,
        columns: Int, into c: UnsafeMutablePointer<Float>, cStride: Int, adds: Bool, finish: Finish
    )

    /// Floats that `multiply` by a matrix of a format needs for itself.
    func scratchCount(_ format: MatrixFormat, rows: Int, depth: Int) -> Int

    /// Columns of a panel: what a product can be divided by among threads.
    var panelColumns: Int { get }

    /// Floats of a packed matrix in a format.
    func packedCount(_ format: MatrixFormat, columns: Int, depth: Int) -> Int

    /// As `pack`, of numbers of few bits.
    ///
    /// - Parameters:
    ///   - format: one with groups, of which `depth` is a multiple.
    ///   - destination: room for `packedCount` floats.
    func packBlocks(
        _ source: BlockColumns, format: MatrixFormat, columns: Int, depth: Int,
        into destination: UnsafeMutablePointer<Float>
    )

    /// As `pack`, rounded to BF16 or FP16 (to the nearest, ties to even), two numbers of successive depths beside each other.
    ///
    /// - Parameters:
    ///   - format: `pairs` or `halves`.
    ///   - destination: room for `packedCount` floats.
    func packRounded(
        _ source: UnsafePointer<Float>, format: MatrixFormat, columns: Int, depth: Int, columnStride: Int,
        depthStride: Int, into destination: UnsafeMutablePointer<Float>
    )

    /// C = A B, or some columns of it, for B in any format. The order of summation depends on `depth` only. A matrix of few
    /// bits gives what its widened one does. By BF16 and FP16, A is rounded, too, and products and sums are in single
    /// precision: equal to the last bit on every CPU for normal numbers, where of a BF16 pair the second product is added
    /// first, as VDPBF16PS does.
    ///
    /// - Parameters:
    ///   - panels: which of the panels of `panelColumns` columns; nil for all.
    ///   - c: where the result's first column is, not that of the panels.
    ///   - adds: whether the product is added to what is in C.
    ///   - finish: what is done to C before it leaves the cache; its pointers are to the first column, too.
    ///   - scratch: room for `scratchCount` floats, the caller's own.
    func multiply(
        _ a: UnsafePointer<Float>, rows: Int, aStride: Int, by matrix: PackedMatrix, panels: Range<Int>?,
        into c: UnsafeMutablePointer<Float>, cStride: Int, adds: Bool, finish: Finish,
        scratch: UnsafeMutablePointer<Float>
    )

    /// A column of a packed matrix: the row of a table that is kept like the matrix it is tied to.
    ///
    /// - Parameter out: room for as many numbers as the matrix is deep.
    func readColumn(_ column: Int, of matrix: PackedMatrix, into out: UnsafeMutablePointer<Float>)

    /// Writes a column of a matrix that is packed in single precision, as `pack` would have.
    ///
    /// - Parameter source: `depth` numbers.
    func storeColumn(
        _ source: UnsafePointer<Float>, _ column: Int, columns: Int, depth: Int,
        into packed: UnsafeMutablePointer<Float>)

    /// Writes a row of a matrix that is packed in single precision, as `pack` would have.
    ///
    /// - Parameter source: `columns` numbers.
    func storeRow(
        _ source: UnsafePointer<Float>, _ row: Int, columns: Int, depth: Int,
        into packed: UnsafeMutablePointer<Float>)

    /// x := gelu(x + bias) = y/2 (1 + erf(y / sqrt 2)), the exact form that BERT uses, within 1e-6.
    ///
    /// - Parameters:
    ///   - values: `rows` x `columns`, row-major, rows `stride` floats apart.
    ///   - bias: one value per column.
    func addBiasAndGELU(
        _ values: UnsafeMutablePointer<Float>, rows: Int, columns: Int, stride: Int,
        bias: UnsafePointer<Float>
    )

    /// x := x + bias.
    ///
    /// - Parameters:
    ///   - values: `rows` x `columns`, row-major, rows `stride` floats apart.
    ///   - bias: one value per column.
    func addBias(
        _ values: UnsafeMutablePointer<Float>, rows: Int, columns: Int, stride: Int,
        bias: UnsafePointer<Float>
    )

    /// x := softmax(scale * x), row by row, with the row's maximum taken off first.
    ///
    /// - Parameter values: `rows` x `columns`, row-major, rows `stride` floats apart.
    func softmax(
        _ values: UnsafeMutablePointer<Float>, rows: Int, columns: Int, stride: Int, scale: Float
    )

    /// y = layerNorm(residual + bias + partial 0 + partial 1 + ...), row by row, always summed in this order so that the
    /// result is the same at every run. `out` may be `residual`.
    ///
    /// - Parameters:
    ///   - partials: one `rows` x `columns` matrix per core, rows `columns` floats apart.
    ///   - bias: one value per column, or nil.
    ///   - epsilon: added to the variance (config.json's `layer_norm_eps`).
    func reduceAndNormalize(
        _ partials: [UnsafePointer<Float>], bias: UnsafePointer<Float>?, residual: UnsafePointer<Float>,
        rows: Int, columns: Int, scale: UnsafePointer<Float>, shift: UnsafePointer<Float>, epsilon: Float,
        into out: UnsafeMutablePointer<Float>
    )

    /// y = x / sqrt(mean(x^2) + epsilon) * scale, row by row (RMSNorm, Zhang and Sennrich 2019).
    ///
    /// - Parameter values: `rows` x `columns`, row-major without gaps, as is `out`.
    func normalizeByRootMeanSquare(
        _ values: UnsafePointer<Float>, rows: Int, columns: Int, scale: UnsafePointer<Float>, epsilon: Float,
        into out: UnsafeMutablePointer<Float>
    )

    /// Turns pairs of numbers by the angles of a position (RoPE, Su et al. 2021), in place.
    ///
    /// - Parameters:
    ///   - heads: `count` of `size` numbers, of which the first `rotated` are turned.
    ///   - isInterleaved: whether a pair's numbers lie beside each other, or half of `rotated` apart.
    ///   - cosines: of half of `rotated` angles, as are the sines.
    func rotate(
        _ heads: UnsafeMutablePointer<Float>, count: Int, size: Int, rotated: Int, isInterleaved: Bool,
        cosines: UnsafePointer<Float>, sines: UnsafePointer<Float>
    )

    /// values := silu(gates) * values, with silu(x) = x / (1 + e^-x).
    func multiplyBySiLU(_ gates: UnsafePointer<Float>, _ values: UnsafeMutablePointer<Float>, count: Int)

    /// x := gelu(x) by the hyperbolic tangent, as GPT-2 has it.
    func geluByTanh(_ values: UnsafeMutablePointer<Float>, count: Int)

    /// out := out + partial 0 + partial 1 + ... + bias, always summed in this order.
    func add(
        _ partials: [UnsafePointer<Float>], bias: UnsafePointer<Float>?, rows: Int, columns: Int,
        to out: UnsafeMutablePointer<Float>
    )

    /// out = sum of three rows: word, position and token type.
    func addRows(
        _ first: UnsafePointer<Float>, _ second: UnsafePointer<Float>, _ third: UnsafePointer<Float>,
        count: Int, into out: UnsafeMutablePointer<Float>
    )

    /// The mean of `rows` rows, scaled to length 1. A mean of zero stays zero.
    ///
    /// - Parameter values: `rows` (at least 1) x `columns`, row-major without gaps.
    func meanAndScaleToUnit(
        _ values: UnsafePointer<Float>, rows: Int, columns: Int, into out: UnsafeMutablePointer<Float>
    )
}

extension Kernels {
    /// They are where pairs are no instruction's.
    @inlinable @inline(__always) public var widensPairs: Bool { true }
}

/// What is done to a product's columns as soon as they are summed.
public enum Finish {
    /// Nothing.
    case none
    /// x := x + bias; one value per column.
    case bias(UnsafePointer<Float>)
    /// x := gelu(x + bias), as `Kernels.addBiasAndGELU` has it.
    case biasAndGELU(UnsafePointer<Float>)
    /// x := gelu(x + bias), as `Kernels.geluByTanh` has it.
    case biasAndGELUByTanh(UnsafePointer<Float>?)
    /// x := silu(gate) * (x + bias), as `Kernels.multiplyBySiLU` has it; a gate for each number, rows as far apart as the
    /// result's.
    case gate(UnsafePointer<Float>, bias: UnsafePointer<Float>?)

    /// The same for the columns from `column` on.
    @inlinable @inline(__always)
    func advanced(by column: Int) -> Finish {
        switch self {
        case .none: .none
        case .bias(let bias): .bias(bias + column)
        case .biasAndGELU(let bias): .biasAndGELU(bias + column)
        case .biasAndGELUByTanh(let bias): .biasAndGELUByTanh(bias.map { $0 + column })
        case .gate(let gates, let bias): .gate(gates + column, bias: bias.map { $0 + column })
        }
    }
}
