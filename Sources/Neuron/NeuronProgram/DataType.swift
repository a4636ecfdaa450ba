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
    /// The same in FP16. What it cannot hold is refused in weights, and becomes infinite in activations, as on hardware.
    case float16 = "fp16"

    /// `fp32, bf16 or fp16`.
    package static var names: String {
        let names = allCases.map(\.rawValue)
        return names.dropLast().joined(separator: ", ") + " or " + names[names.count - 1]
    }
}

extension DataType {
    /// How a matrix of it is packed.
    package var format: MatrixFormat {
        switch self {
        case .float32: .singles
        case .bfloat16: .pairs
        case .float16: .halves
        }
    }
}
