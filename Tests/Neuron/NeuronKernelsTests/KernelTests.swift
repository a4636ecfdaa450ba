// Every variant that this CPU can run, against plain loops in double precision.

import Glibc
import KernelTemplates
import NeuronKernels
import Testing

private let variants = KernelVariant.allCases.filter(\.isSupported)

@Suite("Matrix product")
struct MultiplyTests {
    /// Around the tile (6 x 8, 6 x 16 or 12 x 32), the pass (384 deep) and the block (120 rows).
    static let sizes: [(rows: Int, columns: Int, depth: Int)] = [
        (1, 1, 1), (1, 16, 7), (6, 16, 32), (7, 17, 33), (5, 15, 384), (13, 31, 385), (120, 48, 100),
        (121, 40, 800), (250, 9, 64), (3, 129, 1537),
        (12, 32, 40), (11, 32, 384), (13, 33, 385), (24, 95, 769),
    ]

    @Test("is what three loops compute, at every edge", arguments: variants, sizes)
    func agrees(variant: KernelVariant, size: (rows: Int, columns: Int, depth: Int)) {
        let kernels = variant.kernels
        let a = floats(size.rows * size.depth, seed: 1)
        let b = floats(size.columns * size.depth, seed: 2)
        let product = multiply(
            kernels, a, b, rows: size.rows, columns: size.columns, depth: size.depth,
            columnStride: size.depth, depthStride: 1)
        var worst = 0.0
        for row in 0..<size.rows {
            for column in 0..<size.columns {
                var exact = 0.0
                for k in 0..<size.depth {
                    exact += Double(a[row * size.depth + k]) * Double(b[column * size.depth + k])
                }
                worst = max(worst, abs(exact - Double(product[row * size.columns + column])))
            }
        }
        #expect(worst < 1e-5 * Double(size.depth).squareRoot() + 1e-6)
    }

    @Test("takes the right-hand side either way round", arguments: variants)
    func strides(variant: KernelVariant) {
        let (rows, columns, depth) = (9, 21, 40)
        let a = floats(rows * depth, seed: 3)
        let b = floats(columns * depth, seed: 4)
        var turned = b
        for n in 0..<columns {
            for k in 0..<depth { turned[k * columns + n] = b[n * depth + k] }
        }
        let straight = multiply(
            variant.kernels, a, b, rows: rows, columns: columns, depth: depth, columnStride: depth,
            depthStride: 1)
        let across = multiply(
            variant.kernels, a, turned, rows: rows, columns: columns, depth: depth, columnStride: 1,
            depthStride: columns)
        #expect(straight == across)
    }

    @Test("a row's result does not depend on the rows around it", arguments: variants)
    func batchInvariance(variant: KernelVariant) {
        let (rows, columns, depth) = (131, 33, 500)
        let a = floats(rows * depth, seed: 5)
        let b = floats(columns * depth, seed: 6)
        let all = multiply(
            variant.kernels, a, b, rows: rows, columns: columns, depth: depth, columnStride: depth,
            depthStride: 1)
        for row in [0, 5, 6, 119, 120, 130] {
            let alone = multiply(
                variant.kernels, Array(a[row * depth..<(row + 1) * depth]), b, rows: 1, columns: columns,
                depth: depth, columnStride: depth, depthStride: 1)
            #expect(alone == Array(all[row * columns..<(row + 1) * columns]))
        }
    }

    private func multiply(
        _ kernels: any Kernels, _ a: [Float], _ b: [Float], rows: Int, columns: Int, depth: Int,
        columnStride: Int,
        depthStride: Int
    ) -> [Float] {
        var packed = [Float](repeating: .nan, count: kernels.packedCount(columns: columns, depth: depth))
        var scratch = [Float](repeating: .nan, count: kernels.multiplyScratchCount)
        var product = [Float](repeating: .nan, count: rows * columns)
        kernels.pack(
            b, columns: columns, depth: depth, columnStride: columnStride, depthStride: depthStride,
            into: &packed)
        kernels.multiply(
            a, rows: rows, depth: depth, aStride: depth, packed: packed, columns: columns, into: &product,
            cStride: columns, scratch: &scratch)
        return product
    }
}

@Suite("Element-wise kernels")
struct ElementTests {
    @Test("GELU is y/2 (1 + erf(y / sqrt 2)) after the bias, within 1e-6", arguments: variants)
    func gelu(variant: KernelVariant) {
        let columns = 1_003
        let input = (0..<columns).map { Float($0 - 501) / 50 }
        let bias = floats(columns, seed: 7)
        var output = input
        variant.kernels.addBiasAndGELU(&output, rows: 1, columns: columns, stride: columns, bias: bias)
        for column in 0..<columns {
            let y = Double(input[column] + bias[column])
            let exact = y / 2 * (1 + erf(y / 2.0.squareRoot()))
            #expect(abs(exact - Double(output[column])) < 1e-6 * max(1, abs(y)))
        }
    }

    @Test(
        "softmax sums to one, survives large values, and agrees with exp", arguments: variants,
        [1, 7, 8, 130])
    func softmax(variant: KernelVariant, columns: Int) {
        let input = floats(2 * columns, seed: 8).enumerated().map { $0 < columns ? $1 * 20 : $1 * 1e4 }
        var output = input
        variant.kernels.softmax(&output, rows: 2, columns: columns, stride: columns, scale: 0.5)
        for row in 0..<2 {
            let line = input[row * columns..<(row + 1) * columns].map { Double($0) * 0.5 }
            let highest = line.max() ?? 0
            let powers = line.map { exp($0 - highest) }
            let sum = powers.reduce(0, +)
            for column in 0..<columns {
                #expect(abs(powers[column] / sum - Double(output[row * columns + column])) < 1e-6)
            }
        }
    }

    @Test("partial sums, bias, residual and layer norm in one walk", arguments: variants, [1, 5, 16, 45])
    func normalize(variant: KernelVariant, columns: Int) {
        let rows = 3
        let partials = [floats(rows * columns, seed: 9), floats(rows * columns, seed: 10)]
        let bias = floats(columns, seed: 11)
        let residual = floats(rows * columns, seed: 12)
        let scale = floats(columns, seed: 13)
        let shift = floats(columns, seed: 14)
        var output = [Float](repeating: .nan, count: rows * columns)
        partials[0].withUnsafeBufferPointer { first in
            partials[1].withUnsafeBufferPointer { second in
                variant.kernels.reduceAndNormalize(
                    [first.baseAddress, second.baseAddress].compactMap(\.self), bias: bias,
                    residual: residual,
                    rows: rows, columns: columns, scale: scale, shift: shift, epsilon: 1e-3, into: &output)
            }
        }
        for row in 0..<rows {
            let sums = (0..<columns).map { column in
                let place = row * columns + column
                return Double(residual[place]) + Double(bias[column]) + Double(partials[0][place])
                    + Double(partials[1][place])
            }
            let mean = sums.reduce(0, +) / Double(columns)
            let variance = sums.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / Double(columns)
            for column in 0..<columns {
                let exact =
                    (sums[column] - mean) / (variance + 1e-3).squareRoot() * Double(scale[column])
                    + Double(shift[column])
                #expect(abs(exact - Double(output[row * columns + column])) < 1e-5)
            }
        }
    }

    @Test("the mean of rows has length one, a mean of zero stays zero", arguments: variants)
    func mean(variant: KernelVariant) {
        var output = [Float](repeating: .nan, count: 2)
        variant.kernels.meanAndScaleToUnit([1, 2, 5, 6], rows: 2, columns: 2, into: &output)
        #expect(output == [0.6, 0.8])
        variant.kernels.meanAndScaleToUnit([1, -2, -1, 2], rows: 2, columns: 2, into: &output)
        #expect(output == [0, 0])
    }
}

/// Repeatable numbers in -1..<1.
private func floats(_ count: Int, seed: UInt64) -> [Float] {
    var state = seed &* 0x9e37_79b9_7f4a_7c15
    return (0..<count).map { _ in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Float(state >> 40) / Float(1 << 23) - 1
    }
}
