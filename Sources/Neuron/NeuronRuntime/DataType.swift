// In what a model's matrices are kept and multiplied. Vectors, tables and everything between the products are single
// precision in both.

import KernelTemplates

/// The type of a model's matrices.
package enum DataType: String, CaseIterable, Hashable, Sendable {
    /// Single precision.
    case float32 = "fp32"
    /// Weights and activations rounded to BF16, to the nearest and ties to even, before they are multiplied; sums in single
    /// precision.
    case bfloat16 = "bf16"

    /// `fp32 or bf16`.
    package static var names: String { allCases.map(\.rawValue).joined(separator: " or ") }
}

/// The right-hand side of a product, packed for the kernels.
struct WeightMatrix: Sendable {
    let storage: FloatBuffer
    let type: DataType
    let columns: Int
    let depth: Int

    /// Floats that are held.
    var count: Int { storage.count }

    /// Floats that a matrix takes when it is packed.
    static func count(_ kernels: any Kernels, _ type: DataType, columns: Int, depth: Int) -> Int {
        switch type {
        case .float32: kernels.packedCount(columns: columns, depth: depth)
        case .bfloat16:
            kernels.packedPairsSize(columns: columns, depth: depth) / MemoryLayout<Float>.stride
        }
    }

    /// C = A B.
    ///
    /// - Parameter scratch: room for `Kernels.pairsScratchCount` floats where the type is BF16.
    func multiply(
        _ kernels: any Kernels, _ a: UnsafePointer<Float>, rows: Int, aStride: Int,
        into c: UnsafeMutablePointer<Float>, cStride: Int, finish: Finish,
        scratch: UnsafeMutablePointer<Float>
    ) {
        switch type {
        case .float32:
            kernels.multiply(
                a, rows: rows, depth: depth, aStride: aStride, packed: storage.pointer, columns: columns,
                into: c, cStride: cStride, finish: finish)
        case .bfloat16:
            kernels.multiplyPairs(
                a, rows: rows, depth: depth, aStride: aStride, packed: storage.pointer, columns: columns,
                into: c, cStride: cStride, finish: finish, scratch: scratch)
        }
    }
}
