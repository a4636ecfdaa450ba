// Every variant that this CPU can run, against plain loops in double precision.

import Glibc
import KernelTemplates
import NeuronKernels
import Testing

private let variants = KernelVariant.allCases.filter(\.isSupported)

@Suite("Matrix product")
struct MultiplyTests {
    /// Around the tile (6 x 8, 6 x 16 or 8 x 48), tiles of fewer rows and vectors, and the pass (192 or 256 deep).
    static let sizes: [(rows: Int, columns: Int, depth: Int)] = [
        (1, 1, 1), (1, 16, 7), (6, 16, 32), (7, 17, 33), (5, 15, 384), (13, 31, 385), (120, 48, 100),
        (121, 40, 800), (250, 9, 64), (3, 129, 1537),
        (12, 32, 40), (11, 32, 384), (13, 33, 385), (24, 95, 769),
        (8, 48, 192), (15, 49, 193), (9, 64, 257), (10, 65, 256), (14, 96, 577), (5, 112, 511),
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

    @Test("bias and GELU follow the product as they would by themselves", arguments: variants, [5, 100])
    func finishes(variant: KernelVariant, columns: Int) {
        let (rows, depth) = (11, 300)
        let kernels = variant.kernels
        let a = floats(rows * depth, seed: 15)
        let b = floats(columns * depth, seed: 16)
        let bias = floats(columns, seed: 17)
        let plain = multiply(
            kernels, a, b, rows: rows, columns: columns, depth: depth, columnStride: depth, depthStride: 1)
        var biased = plain
        kernels.addBias(&biased, rows: rows, columns: columns, stride: columns, bias: bias)
        var activated = plain
        kernels.addBiasAndGELU(&activated, rows: rows, columns: columns, stride: columns, bias: bias)
        bias.withUnsafeBufferPointer { bias in
            guard let bias = bias.baseAddress else { return }
            for (finish, expected) in [(Finish.bias(bias), biased), (.biasAndGELU(bias), activated)] {
                let product = multiply(
                    kernels, a, b, rows: rows, columns: columns, depth: depth, columnStride: depth,
                    depthStride: 1, finish: finish)
                #expect(product == expected)
            }
        }
    }

    private func multiply(
        _ kernels: any Kernels, _ a: [Float], _ b: [Float], rows: Int, columns: Int, depth: Int,
        columnStride: Int,
        depthStride: Int, finish: Finish = .none
    ) -> [Float] {
        var packed = [Float](repeating: .nan, count: kernels.packedCount(columns: columns, depth: depth))
        var product = [Float](repeating: .nan, count: rows * columns)
        kernels.pack(
            b, columns: columns, depth: depth, columnStride: columnStride, depthStride: depthStride,
            into: &packed)
        kernels.multiply(
            a, rows: rows, depth: depth, aStride: depth, packed: packed, columns: columns, into: &product,
            cStride: columns, finish: finish)
        return product
    }
}

@Suite("Matrix product in BF16")
struct PairsTests {
    @Test("rounds to the nearest, ties to even, as IEEE 754 has it")
    func rounding() {
        let cases: [(UInt32, UInt16)] = [
            (0x3f80_0000, 0x3f80), (0x3f80_7fff, 0x3f80), (0x3f80_8000, 0x3f80), (0x3f80_8001, 0x3f81),
            (0x3f81_8000, 0x3f82), (0xbf81_8000, 0xbf82), (0x8000_0000, 0x8000), (0x7f7f_ffff, 0x7f80),
            (0x7f80_0000, 0x7f80), (0xff80_0000, 0xff80), (0x0000_8000, 0x0000), (0x0001_8000, 0x0002),
        ]
        for (bits, rounded) in cases { #expect(BFloat16.bits(of: Float(bitPattern: bits)) == rounded) }
        for bits: UInt32 in [0x7f80_0001, 0x7fff_ffff, 0xffff_ffff] {
            #expect(Float(bitPattern: UInt32(BFloat16.bits(of: Float(bitPattern: bits))) << 16).isNaN)
        }
    }

    @Test(
        "is what VDPBF16PS computes, to the last bit, on every CPU", arguments: variants,
        MultiplyTests.sizes)
    func agrees(variant: KernelVariant, size: (rows: Int, columns: Int, depth: Int)) {
        let kernels = variant.kernels
        // SSE2 rounds a product before it is added, which makes no difference to a product of BF16 numbers.
        let (rows, columns, depth) = size
        let a = floats(rows * depth, seed: 18)
        let b = floats(columns * depth, seed: 19)
        let words = kernels.packedPairsSize(columns: columns, depth: depth) / MemoryLayout<Float>.stride
        var packed = [Float](repeating: .nan, count: words)
        var scratch = [Float](
            repeating: .nan, count: kernels.pairsScratchCount(rows: rows, depth: depth))
        var product = [Float](repeating: .nan, count: rows * columns)
        kernels.packPairs(
            b, columns: columns, depth: depth, columnStride: depth, depthStride: 1, into: &packed)
        kernels.multiplyPairs(
            a, rows: rows, depth: depth, aStride: depth, packed: packed, columns: columns, into: &product,
            cStride: columns, finish: .none, scratch: &scratch)
        let (left, right) = (a.map(rounded), b.map(rounded))
        let passes = kernels.passCount(kernels.pairSteps(depth))
        for row in 0..<rows {
            for column in 0..<columns {
                var expected: Float = 0
                for pass in 0..<passes {
                    var sum: Float = 0
                    for step in kernels.passRange(pass, kernels.pairSteps(depth)) {
                        for k in [2 * step + 1, 2 * step] where k < depth {
                            sum += left[row * depth + k] * right[column * depth + k]
                        }
                    }
                    expected = pass == 0 ? sum : expected + sum
                }
                #expect(product[row * columns + column] == expected)
            }
        }
    }

    private func rounded(_ value: Float) -> Float {
        Float(bitPattern: UInt32(BFloat16.bits(of: value)) << 16)
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
