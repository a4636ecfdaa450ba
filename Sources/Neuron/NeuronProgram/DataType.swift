// In what a model's matrices are kept and multiplied. Vectors, tables and everything between the products are single
// precision in both.

package import KernelTemplates
package import ModelErrors
import Text

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
    package static var names: String { allCases.map(\.rawValue).alternatives }
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

    /// Looks for numbers that a matrix of this type cannot hold. From 65,520 on FP16 rounds to infinity.
    ///
    /// - Parameter subject: the file and the tensor.
    /// - Throws: `ModelError` that names the first of them.
    package func check(_ numbers: some Sequence<Float>, subject: String) throws(ModelError) {
        guard self == .float16, let large = numbers.first(where: { abs($0) >= 65_520 }) else { return }
        throw ModelError(
            subject, "has the number \(large), and FP16 ends at 65504", "use bf16 or fp32")
    }
}
