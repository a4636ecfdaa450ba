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

extension DataType {
    /// How a matrix of it is packed.
    package var format: MatrixFormat {
        switch self {
        case .float32: .singles
        case .bfloat16: .pairs
        }
    }
}
