// The tensors of a file: how their numbers are stored and where. Types and blocks are those of ggml (`ggml.h`,
// `ggml-common.h`): a row is cut into blocks of 32 or 256 numbers that share one or more scales.

/// How the numbers of a tensor are stored.
package enum GGUFElementType: UInt32, Sendable, CaseIterable {
    /// Single precision.
    case f32 = 0
    /// IEEE 754 half precision.
    case f16 = 1
    /// Blocks of 32: a scale and four bits each, without a least value (`_0`) or with one (`_1`); then five and eight bits.
    case q40 = 2
    case q41 = 3
    case q50 = 6
    case q51 = 7
    case q80 = 8
    /// The k-quants, blocks of 256 in groups with scales of their own, of two to six bits.
    case q2k = 10
    case q3k = 11
    case q4k = 12
    case q5k = 13
    case q6k = 14
    /// The upper half of single precision.
    case bf16 = 30

    /// Numbers of one block.
    package var blockCount: Int {
        switch self {
        case .f32, .f16, .bf16: 1
        case .q40, .q41, .q50, .q51, .q80: 32
        case .q2k, .q3k, .q4k, .q5k, .q6k: 256
        }
    }

    /// Octets of one block.
    package var blockSize: Int {
        switch self {
        case .f32: 4
        case .f16, .bf16: 2
        case .q40: 18
        case .q41: 20
        case .q50: 22
        case .q51: 24
        case .q80: 34
        case .q2k: 84
        case .q3k: 110
        case .q4k: 144
        case .q5k: 176
        case .q6k: 210
        }
    }

    /// As ggml's tools write it.
    package var name: String {
        switch self {
        case .f32: "F32"
        case .f16: "F16"
        case .bf16: "BF16"
        case .q40: "Q4_0"
        case .q41: "Q4_1"
        case .q50: "Q5_0"
        case .q51: "Q5_1"
        case .q80: "Q8_0"
        case .q2k: "Q2_K"
        case .q3k: "Q3_K"
        case .q4k: "Q4_K"
        case .q5k: "Q5_K"
        case .q6k: "Q6_K"
        }
    }

    /// The names of ggml's types that are not read, for the sentence that refuses them.
    static let others: [UInt32: String] = [
        4: "Q4_2", 5: "Q4_3", 9: "Q8_1", 15: "Q8_K", 16: "IQ2_XXS", 17: "IQ2_XS", 18: "IQ3_XXS", 19: "IQ1_S",
        20: "IQ4_NL", 21: "IQ3_S", 22: "IQ2_S", 23: "IQ4_XS", 24: "I8", 25: "I16", 26: "I32", 27: "I64",
        28: "F64", 29: "IQ1_M", 34: "TQ1_0", 35: "TQ2_0", 39: "MXFP4",
    ]
}

/// A tensor of a file.
package struct GGUFTensor: Equatable, Sendable {
    /// How its numbers are stored.
    package let type: GGUFElementType
    /// Numbers of a row, which lie one behind the other.
    package let columns: Int
    /// Rows: the product of all other sizes.
    package let rows: Int
    /// Sizes as the file has them, that of a row first.
    package let shape: [Int]
    /// Octets from the start of the file.
    let offset: Int

    /// Octets of a row.
    package var rowSize: Int { columns / type.blockCount * type.blockSize }
}
