// Every variant that this CPU can run, against plain loops in double precision.

import Glibc
import KernelTemplates
import NeuronKernels
import NeuronKernelsAVX512BF16
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
        let gates = floats(rows * columns, seed: 20)
        var gated = biased
        kernels.multiplyBySiLU(gates, &gated, count: gated.count)
        var byTanh = biased
        kernels.geluByTanh(&byTanh, count: byTanh.count)
        withPointers(bias, gates) { bias, gates in
            let finishes: [(Finish, [Float])] = [
                (.bias(bias), biased), (.biasAndGELU(bias), activated), (.biasAndGELUByTanh(bias), byTanh),
                (.gate(gates, bias: bias), gated),
            ]
            for (finish, expected) in finishes {
                let product = multiply(
                    kernels, a, b, rows: rows, columns: columns, depth: depth, columnStride: depth,
                    depthStride: 1, finish: finish)
                // A vector's last, narrower part may be another one's whole: lanes are the same, places are not.
                #expect(zip(product, expected).allSatisfy { abs($0 - $1) <= 1e-6 * (1 + abs($1)) })
            }
        }
    }

    private func withPointers(
        _ first: [Float], _ second: [Float],
        _ body: (UnsafePointer<Float>, UnsafePointer<Float>) -> Void
    ) {
        first.withUnsafeBufferPointer { first in
            second.withUnsafeBufferPointer { second in
                if let first = first.baseAddress, let second = second.baseAddress { body(first, second) }
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

/// A product by a matrix in a format of two octets.
private func multiply(
    _ kernels: any Kernels, _ a: [Float], _ b: [Float], _ format: MatrixFormat, rows: Int, columns: Int,
    depth: Int
) -> [Float] {
    var packed = [Float](repeating: .nan, count: kernels.packedCount(format, columns: columns, depth: depth))
    var scratch = [Float](repeating: .nan, count: kernels.scratchCount(format, rows: rows, depth: depth))
    var product = [Float](repeating: .nan, count: rows * columns)
    kernels.packRounded(
        b, format: format, columns: columns, depth: depth, columnStride: depth, depthStride: 1, into: &packed)
    packed.withUnsafeBufferPointer { packed in
        guard let start = packed.baseAddress else { return }
        kernels.multiply(
            a, rows: rows, aStride: depth,
            by: PackedMatrix(start: start, format: format, columns: columns, depth: depth), panels: nil,
            into: &product, cStride: columns, adds: false, finish: .none, scratch: &scratch)
    }
    return product
}

@Suite("Matrix product in FP16")
struct HalvesTests {
    @Test("every half widens to what it is, and is what it widens to")
    func widening() {
        for bits in UInt16.min...UInt16.max {
            let number = Float(Float16(bitPattern: bits))
            if number.isNaN {
                #expect(Float(halfBits: bits).isNaN && number.roundedToHalf.isNaN)
            } else {
                #expect(Float(halfBits: bits) == number && number.halfBits == bits)
            }
        }
    }

    @Test("rounds as the standard library does")
    func rounding() {
        // Every exponent, with fractions at and beside each tie.
        for exponent: UInt32 in 0...255 {
            for upper: UInt32 in [0, 1, 2, 511, 1_022, 1_023] {
                for lower: UInt32 in [0, 1, 0x0fff, 0x1000, 0x1001, 0x1fff] {
                    let number = Float(bitPattern: exponent << 23 | upper << 13 | lower)
                    for number in [number, -number] where !number.isNaN {
                        #expect(number.roundedToHalf == Float(Float16(number)))
                        #expect(number.halfBits == Float16(number).bitPattern)
                    }
                }
            }
        }
    }

    @Test(
        "is the product of the rounded matrices in single precision, to the last bit", arguments: variants,
        MultiplyTests.sizes)
    func agrees(variant: KernelVariant, size: (rows: Int, columns: Int, depth: Int)) {
        let kernels = variant.kernels
        let (rows, columns, depth) = size
        // Small ones are subnormal in FP16.
        let a = floats(rows * depth, seed: 21).enumerated().map { $1 * ($0 % 5 == 0 ? 0x1p-15 : 1) }
        let b = floats(columns * depth, seed: 22).enumerated().map { $1 * ($0 % 3 == 0 ? 0x1p-16 : 1) }
        let product = multiply(kernels, a, b, .halves, rows: rows, columns: columns, depth: depth)
        let (left, right) = (a.map(\.roundedToHalf), b.map(\.roundedToHalf))
        let parts = kernels.pairParts(columns: 1, depth: depth)
        var differences = 0
        for row in 0..<rows {
            for column in 0..<columns {
                var expected: Float = 0
                for part in parts {
                    var sum: Float = 0
                    for step in part.steps {
                        for k in [2 * step + 1, 2 * step] where k < depth {
                            sum += left[row * depth + k] * right[column * depth + k]
                        }
                    }
                    expected = part.steps.lowerBound == 0 ? sum : expected + sum
                }
                if product[row * columns + column] != expected { differences += 1 }
            }
        }
        #expect(differences == 0)
    }

    @Test("numbers that FP16 cannot hold become infinite, as on hardware", arguments: variants)
    func overflow(variant: KernelVariant) {
        let product = multiply(
            variant.kernels, [70_000, 1], [1, 1], .halves, rows: 1, columns: 1, depth: 2)
        #expect(product == [.infinity])
    }

    @Test("columns are read as they were rounded", arguments: variants, [MatrixFormat.pairs, .halves])
    func columns(variant: KernelVariant, format: MatrixFormat) {
        let (kernels, columns, depth) = (variant.kernels, 101, 417)
        let b = floats(columns * depth, seed: 23)
        var packed = [Float](
            repeating: 0, count: kernels.packedCount(format, columns: columns, depth: depth))
        kernels.packRounded(
            b, format: format, columns: columns, depth: depth, columnStride: depth, depthStride: 1,
            into: &packed)
        var out = [Float](repeating: 0, count: depth)
        for column in [0, 47, 48, 96, 100] {
            packed.withUnsafeBufferPointer { packed in
                guard let start = packed.baseAddress else { return }
                kernels.readColumn(
                    column, of: PackedMatrix(start: start, format: format, columns: columns, depth: depth),
                    into: &out)
            }
            let own = b[column * depth..<(column + 1) * depth]
            #expect(
                out
                    == own.map {
                        format == .halves ? $0.roundedToHalf : Float(brainBits: BFloat16.bits(of: $0))
                    })
        }
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
        check(variant.kernels, size)
        // The best way is found by trying; the result may not depend on it.
        guard variant == .avx512bf16 else { return }
        for widens in [false, true] { check(AVX512BF16Kernels(widensPairs: widens), size) }
    }

    private func check(_ kernels: some Kernels, _ size: (rows: Int, columns: Int, depth: Int)) {
        // SSE2 rounds a product before it is added, which makes no difference to a product of BF16 numbers.
        let (rows, columns, depth) = size
        let a = floats(rows * depth, seed: 18)
        let b = floats(columns * depth, seed: 19)
        let product = multiply(kernels, a, b, .pairs, rows: rows, columns: columns, depth: depth)
        let (left, right) = (a.map(rounded), b.map(rounded))
        let parts = kernels.pairParts(columns: 1, depth: depth)
        for row in 0..<rows {
            for column in 0..<columns {
                var expected: Float = 0
                for part in parts {
                    var sum: Float = 0
                    for step in part.steps {
                        for k in [2 * step + 1, 2 * step] where k < depth {
                            sum += left[row * depth + k] * right[column * depth + k]
                        }
                    }
                    expected = part.steps.lowerBound == 0 ? sum : expected + sum
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
