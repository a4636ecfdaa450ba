// A matrix of weights as the kernels multiply by it.

package import KernelTemplates

/// The right-hand side of a product, packed for the kernels.
package struct WeightMatrix: Sendable {
    /// The packed numbers, in whatever format.
    package let storage: FloatBuffer
    /// How they are kept.
    package let format: MatrixFormat
    /// Columns of the result.
    package let columns: Int
    /// What is summed over.
    package let depth: Int

    /// A matrix that is packed already.
    package init(storage: FloatBuffer, format: MatrixFormat, columns: Int, depth: Int) {
        self.storage = storage
        self.format = format
        self.columns = columns
        self.depth = depth
    }

    /// A matrix that is packed already, in a model's type.
    package init(storage: FloatBuffer, type: DataType, columns: Int, depth: Int) {
        self.init(storage: storage, format: type.format, columns: columns, depth: depth)
    }

    /// Floats that are held.
    package var count: Int { storage.count }

    /// Floats that a matrix takes when it is packed.
    package static func count(_ kernels: any Kernels, _ type: DataType, columns: Int, depth: Int) -> Int {
        kernels.packedCount(type.format, columns: columns, depth: depth)
    }

    /// As the kernels take it.
    package var packed: PackedMatrix {
        PackedMatrix(start: storage.pointer, format: format, columns: columns, depth: depth)
    }

    /// Panels of `Kernels.panelColumns` columns, the last one as wide as what is left.
    package func panelCount(_ kernels: any Kernels) -> Int {
        (columns + kernels.panelColumns - 1) / kernels.panelColumns
    }

    /// C = A B.
    ///
    /// - Parameter scratch: room for `Kernels.scratchCount` floats.
    package func multiply(
        _ kernels: any Kernels, _ a: UnsafePointer<Float>, rows: Int, aStride: Int,
        into c: UnsafeMutablePointer<Float>, cStride: Int, finish: Finish,
        scratch: UnsafeMutablePointer<Float>
    ) {
        kernels.multiply(
            a, rows: rows, aStride: aStride, by: packed, panels: nil, into: c, cStride: cStride, adds: false,
            finish: finish, scratch: scratch)
    }
}
