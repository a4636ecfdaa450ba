// In what a model's matrices are kept and multiplied. Vectors, tables and everything between the products are single
// precision in both.

package import KernelTemplates

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
package struct WeightMatrix: Sendable {
    /// The packed floats, or pairs of BF16.
    package let storage: FloatBuffer
    /// In what it is.
    package let type: DataType
    /// Columns of the result.
    package let columns: Int
    /// What is summed over.
    package let depth: Int

    /// A matrix that is packed already.
    package init(storage: FloatBuffer, type: DataType, columns: Int, depth: Int) {
        self.storage = storage
        self.type = type
        self.columns = columns
        self.depth = depth
    }

    /// Floats that are held.
    package var count: Int { storage.count }

    /// Floats that a matrix takes when it is packed.
    package static func count(_ kernels: any Kernels, _ type: DataType, columns: Int, depth: Int) -> Int {
        switch type {
        case .float32: kernels.packedCount(columns: columns, depth: depth)
        case .bfloat16:
            kernels.packedPairsSize(columns: columns, depth: depth) / MemoryLayout<Float>.stride
        }
    }

    /// C = A B.
    ///
    /// - Parameter scratch: room for `Kernels.pairsScratchCount` floats where the type is BF16.
    package func multiply(
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
