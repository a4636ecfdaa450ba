// Picks the kernels that this CPU can run. An AVX2 instruction on a CPU without it ends the process with SIGILL, so
// nobody calls the two kernel modules but through here. Calls are coarse (a whole matrix); the switch costs nothing.

import NeuronKernelsAVX2
import NeuronKernelsBaseline

/// The kernels of one variant. Pointers are the callers' to keep valid; NeuronRuntime is the only caller.
package struct Kernels: Sendable {
    /// The fastest kernels that this CPU can run.
    package static let best = Kernels(KernelVariant.avx2.isSupported ? .avx2 : .baseline)

    /// What was picked.
    package let variant: KernelVariant

    /// Kernels of `variant`, which the CPU must support.
    package init(_ variant: KernelVariant) { self.variant = variant }

    /// Floats of scratch memory that `multiply` needs.
    package var multiplyScratchCount: Int {
        switch variant {
        case .baseline: NeuronKernelsBaseline.multiplyScratchCount
        case .avx2: NeuronKernelsAVX2.multiplyScratchCount
        }
    }

    /// Floats that `pack` writes for `columns` x `depth`.
    package func packedCount(columns: Int, depth: Int) -> Int {
        switch variant {
        case .baseline: NeuronKernelsBaseline.packedCount(columns: columns, depth: depth)
        case .avx2: NeuronKernelsAVX2.packedCount(columns: columns, depth: depth)
        }
    }

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
        switch variant {
        case .baseline:
            NeuronKernelsBaseline.pack(
                source, columns: columns, depth: depth, columnStride: columnStride, depthStride: depthStride,
                into: destination)
        case .avx2:
            NeuronKernelsAVX2.pack(
                source, columns: columns, depth: depth, columnStride: columnStride, depthStride: depthStride,
                into: destination)
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
        _ a: UnsafePointer<Float>, rows: Int, depth: Int, aStride: Int, packed: UnsafePointer<Float>,
        columns: Int, into c: UnsafeMutablePointer<Float>, cStride: Int, scratch: UnsafeMutablePointer<Float>
    ) {
        switch variant {
        case .baseline:
            NeuronKernelsBaseline.multiply(
                a, rows: rows, depth: depth, aStride: aStride, packed: packed, columns: columns, into: c,
                cStride: cStride, scratch: scratch)
        case .avx2:
            NeuronKernelsAVX2.multiply(
                a, rows: rows, depth: depth, aStride: aStride, packed: packed, columns: columns, into: c,
                cStride: cStride, scratch: scratch)
        }
    }

    /// x := gelu(x + bias) = y/2 (1 + erf(y / sqrt 2)), the exact form that BERT uses, within 1e-6.
    ///
    /// - Parameters:
    ///   - values: `rows` x `columns`, row-major, rows `stride` floats apart.
    ///   - bias: one value per column.
    package func addBiasAndGELU(
        _ values: UnsafeMutablePointer<Float>, rows: Int, columns: Int, stride: Int,
        bias: UnsafePointer<Float>
    ) {
        switch variant {
        case .baseline:
            NeuronKernelsBaseline.addBiasAndGELU(
                values, rows: rows, columns: columns, stride: stride, bias: bias)
        case .avx2:
            NeuronKernelsAVX2.addBiasAndGELU(values, rows: rows, columns: columns, stride: stride, bias: bias)
        }
    }

    /// x := x + bias.
    ///
    /// - Parameters:
    ///   - values: `rows` x `columns`, row-major, rows `stride` floats apart.
    ///   - bias: one value per column.
    package func addBias(
        _ values: UnsafeMutablePointer<Float>, rows: Int, columns: Int, stride: Int,
        bias: UnsafePointer<Float>
    ) {
        switch variant {
        case .baseline:
            NeuronKernelsBaseline.addBias(values, rows: rows, columns: columns, stride: stride, bias: bias)
        case .avx2:
            NeuronKernelsAVX2.addBias(values, rows: rows, columns: columns, stride: stride, bias: bias)
        }
    }

    /// x := softmax(scale * x), row by row, with the row's maximum taken off first.
    ///
    /// - Parameter values: `rows` x `columns`, row-major, rows `stride` floats apart.
    package func softmax(
        _ values: UnsafeMutablePointer<Float>, rows: Int, columns: Int, stride: Int, scale: Float
    ) {
        switch variant {
        case .baseline:
            NeuronKernelsBaseline.softmax(values, rows: rows, columns: columns, stride: stride, scale: scale)
        case .avx2:
            NeuronKernelsAVX2.softmax(values, rows: rows, columns: columns, stride: stride, scale: scale)
        }
    }

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
        switch variant {
        case .baseline:
            NeuronKernelsBaseline.reduceAndNormalize(
                partials, bias: bias, residual: residual, rows: rows, columns: columns, scale: scale,
                shift: shift, epsilon: epsilon, into: out)
        case .avx2:
            NeuronKernelsAVX2.reduceAndNormalize(
                partials, bias: bias, residual: residual, rows: rows, columns: columns, scale: scale,
                shift: shift, epsilon: epsilon, into: out)
        }
    }

    /// out = sum of three rows: word, position and token type.
    package func addRows(
        _ first: UnsafePointer<Float>, _ second: UnsafePointer<Float>, _ third: UnsafePointer<Float>,
        count: Int, into out: UnsafeMutablePointer<Float>
    ) {
        switch variant {
        case .baseline: NeuronKernelsBaseline.addRows(first, second, third, count: count, into: out)
        case .avx2: NeuronKernelsAVX2.addRows(first, second, third, count: count, into: out)
        }
    }

    /// The mean of `rows` rows, scaled to length 1. A mean of zero stays zero.
    ///
    /// - Parameter values: `rows` (at least 1) x `columns`, row-major without gaps.
    package func meanAndScaleToUnit(
        _ values: UnsafePointer<Float>, rows: Int, columns: Int, into out: UnsafeMutablePointer<Float>
    ) {
        switch variant {
        case .baseline:
            NeuronKernelsBaseline.meanAndScaleToUnit(values, rows: rows, columns: columns, into: out)
        case .avx2: NeuronKernelsAVX2.meanAndScaleToUnit(values, rows: rows, columns: columns, into: out)
        }
    }
}
