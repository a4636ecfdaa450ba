import KernelTemplates
import Testing

@testable import NeuronKernels

/// Numbers that look like weights, the same each time.
private struct Numbers {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state >> 33
    }

    mutating func float() -> Float { Float(next() % 20_001) / 10_000 - 1 }
}

@Suite("Matrices of few bits")
struct BlockMatrixTests {
    struct Shape: CustomTestStringConvertible, Sendable {
        let rows: Int
        let columns: Int
        let depth: Int
        var testDescription: String { "\(rows) x \(columns) x \(depth)" }
    }

    private static let shapes = [
        Shape(rows: 1, columns: 576, depth: 576), Shape(rows: 3, columns: 48, depth: 32),
        Shape(rows: 4, columns: 49, depth: 64), Shape(rows: 5, columns: 7, depth: 256),
        Shape(rows: 13, columns: 97, depth: 416), Shape(rows: 8, columns: 145, depth: 608),
        Shape(rows: 2, columns: 33, depth: 1_536),
    ]

    /// A quantised matrix and its numbers in single precision, column by column.
    private struct Sample {
        var packed: [Float]
        var widened: [Float]

        init(_ variant: KernelVariant, _ format: MatrixFormat, columns: Int, depth: Int) {
            let kernels = variant.kernels
            #if arch(arm64)
                let isFused = true
            #else
                let isFused = variant != .baseline
            #endif
            var random = Numbers(UInt64(columns * depth))
            let (bits, group) = format.blocks ?? (8, 32)
            let numbers = (0..<columns * depth).map { _ in UInt8(random.next() % (1 << UInt64(bits))) }
            let scales = (0..<columns * depth / group).map { _ in random.float() / 64 }
            let leasts = (0..<columns * depth / group).map { _ in random.float() / 8 }
            // The kernels multiply and add in one step where the CPU can: so does this.
            widened = numbers.indices.map { place in
                let own = place / group
                return isFused
                    ? leasts[own].addingProduct(scales[own], Float(numbers[place]))
                    : leasts[own] + scales[own] * Float(numbers[place])
            }
            packed = [Float](
                repeating: .nan, count: kernels.packedCount(format, columns: columns, depth: depth))
            numbers.withUnsafeBufferPointer { numbers in
                scales.withUnsafeBufferPointer { scales in
                    leasts.withUnsafeBufferPointer { leasts in
                        guard let numbers = numbers.baseAddress, let scales = scales.baseAddress,
                            let leasts = leasts.baseAddress
                        else { return }
                        kernels.packBlocks(
                            BlockColumns(numbers: numbers, scales: scales, leasts: leasts), format: format,
                            columns: columns, depth: depth, into: &packed)
                    }
                }
            }
        }
    }

    @Test(
        "give the bits of the widened matrix, with few rows and with many",
        arguments: KernelVariant.allCases.filter(\.isSupported),
        [MatrixFormat.nibbles, .octets, .shortOctets])
    func product(variant: KernelVariant, format: MatrixFormat) {
        let kernels = variant.kernels
        for shape in Self.shapes {
            let (rows, columns, depth) = (shape.rows, shape.columns, shape.depth)
            let sample = Sample(variant, format, columns: columns, depth: depth)
            var random = Numbers(7)
            let a = (0..<rows * depth).map { _ in random.float() }
            var plain = [Float](repeating: 0, count: kernels.packedCount(columns: columns, depth: depth))
            kernels.pack(
                sample.widened, columns: columns, depth: depth, columnStride: depth, depthStride: 1,
                into: &plain)
            var expected = [Float](repeating: 0, count: rows * columns)
            kernels.multiply(
                a, rows: rows, depth: depth, aStride: depth, packed: plain, columns: columns,
                into: &expected, cStride: columns, finish: .none)
            let panels = (columns + kernels.panelColumns - 1) / kernels.panelColumns
            var scratch = [Float](
                repeating: 0, count: kernels.scratchCount(format, rows: rows, depth: depth))
            for (format, packed) in [(format, sample.packed), (.singles, plain)] {
                var result = [Float](repeating: 1, count: rows * columns)
                packed.withUnsafeBufferPointer { packed in
                    guard let start = packed.baseAddress else { return }
                    let matrix = PackedMatrix(start: start, format: format, columns: columns, depth: depth)
                    // Panel by panel, as threads divide them.
                    for panel in 0..<panels {
                        kernels.multiply(
                            a, rows: rows, aStride: depth, by: matrix, panels: panel..<panel + 1,
                            into: &result, cStride: columns, adds: false, finish: .none, scratch: &scratch)
                    }
                }
                #expect(result == expected, "\(shape.testDescription) \(format)")
            }
        }
    }

    @Test(
        "are read column by column",
        arguments: KernelVariant.allCases.filter(\.isSupported),
        [MatrixFormat.nibbles, .octets, .shortOctets])
    func columns(variant: KernelVariant, format: MatrixFormat) {
        let kernels = variant.kernels
        let (columns, depth) = (101, 416)
        let sample = Sample(variant, format, columns: columns, depth: depth)
        var out = [Float](repeating: 0, count: depth)
        for column in [0, 47, 48, 96, 100] {
            sample.packed.withUnsafeBufferPointer { packed in
                guard let start = packed.baseAddress else { return }
                kernels.readColumn(
                    column, of: PackedMatrix(start: start, format: format, columns: columns, depth: depth),
                    into: &out)
            }
            let expected = Array(sample.widened[column * depth..<(column + 1) * depth])
            #expect(zip(out, expected).allSatisfy { abs($0 - $1) <= abs($1) * 1e-6 + 1e-7 })
        }
    }

    @Test(
        "columns and rows are stored where packing puts them",
        arguments: KernelVariant.allCases.filter(\.isSupported))
    func stores(variant: KernelVariant) {
        let kernels = variant.kernels
        for (columns, depth) in [(48, 64), (64, 48), (80, 256), (13, 5)] {
            var random = Numbers(3)
            let matrix = (0..<columns * depth).map { _ in random.float() }
            let count = kernels.packedCount(columns: columns, depth: depth)
            var expected = [Float](repeating: 0, count: count)
            kernels.pack(
                matrix, columns: columns, depth: depth, columnStride: depth, depthStride: 1, into: &expected)
            var byColumn = [Float](repeating: 0, count: count)
            for column in 0..<columns {
                kernels.storeColumn(
                    Array(matrix[column * depth..<(column + 1) * depth]), column, columns: columns,
                    depth: depth, into: &byColumn)
            }
            #expect(byColumn == expected)
            var byRow = [Float](repeating: 0, count: count)
            for row in 0..<depth {
                kernels.storeRow(
                    (0..<columns).map { matrix[$0 * depth + row] }, row, columns: columns, depth: depth,
                    into: &byRow)
            }
            #expect(byRow == expected)
        }
    }
}

@Suite("What decoders compute between products")
struct DecodingKernelTests {
    private static let variants = KernelVariant.allCases.filter(\.isSupported)

    private func close(_ left: [Float], _ right: [Double], _ tolerance: Double = 1e-6) -> Bool {
        zip(left, right).allSatisfy { abs(Double($0) - $1) <= tolerance * (1 + abs($1)) }
    }

    @Test("the norm by the root of the mean square", arguments: variants)
    func rootMeanSquare(variant: KernelVariant) {
        var random = Numbers(1)
        for columns in [5, 16, 48, 577] {
            let x = (0..<2 * columns).map { _ in random.float() }
            let scale = (0..<columns).map { _ in random.float() }
            var out = [Float](repeating: 0, count: 2 * columns)
            variant.kernels.normalizeByRootMeanSquare(
                x, rows: 2, columns: columns, scale: scale, epsilon: 1e-5, into: &out)
            let expected = (0..<2).flatMap { row -> [Double] in
                let line = x[row * columns..<(row + 1) * columns].map(Double.init)
                let mean = line.reduce(0) { $0 + $1 * $1 } / Double(columns)
                return line.enumerated().map { $1 / (mean + 1e-5).squareRoot() * Double(scale[$0]) }
            }
            #expect(close(out, expected))
        }
    }

    @Test("gates and GELU", arguments: variants)
    func activations(variant: KernelVariant) {
        let x = stride(from: Float(-100), to: 100, by: 0.37).map(\.self)
        var values = [Float](repeating: 2, count: x.count)
        variant.kernels.multiplyBySiLU(x, &values, count: x.count)
        #expect(close(values, x.map { 2 * Double($0) / (1 + exponential(-Double($0))) }))
        var gelu = x
        variant.kernels.geluByTanh(&gelu, count: x.count)
        let expected = x.map { x -> Double in
            let y = Double(x)
            let twice = 2 * 0.797_884_560_802_865_4 * (y + 0.044715 * y * y * y)
            return y / (1 + exponential(-twice))
        }
        #expect(close(gelu, expected))
    }

    /// e to the x, by its series of halves.
    private func exponential(_ x: Double) -> Double {
        if abs(x) > 0.01 {
            let half = exponential(x / 2)
            return half * half
        }
        return 1 + x * (1 + x / 2 * (1 + x / 3 * (1 + x / 4 * (1 + x / 5))))
    }

    @Test("pairs are turned, beside each other or half a head apart", arguments: variants)
    func rotation(variant: KernelVariant) {
        let (cosines, sines): ([Float], [Float]) = ([0, 1], [1, 0])
        var interleaved: [Float] = [1, 2, 3, 4, 9]
        variant.kernels.rotate(
            &interleaved, count: 1, size: 5, rotated: 4, isInterleaved: true, cosines: cosines, sines: sines)
        #expect(interleaved == [-2, 1, 3, 4, 9])
        var halves: [Float] = [1, 2, 3, 4, 9]
        variant.kernels.rotate(
            &halves, count: 1, size: 5, rotated: 4, isInterleaved: false, cosines: cosines, sines: sines)
        #expect(halves == [-3, 2, 1, 4, 9])
    }
}
