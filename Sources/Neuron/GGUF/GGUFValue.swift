// What a file says about its model, besides the tensors. Arrays of a vocabulary's length are kept as arrays of one type.

/// A value of the metadata.
package enum GGUFValue: Equatable, Sendable {
    /// Any type of integer without a sign.
    case unsigned(UInt64)
    /// Any type of integer with a sign.
    case signed(Int64)
    /// Either type of number with a fraction.
    case number(Double)
    /// A truth.
    case bool(Bool)
    /// A text.
    case string(String)
    /// Integers and truths (0 and 1), whatever their type in the file.
    case integers([Int64])
    /// Numbers with a fraction.
    case numbers([Double])
    /// Texts.
    case strings([String])

    /// The integer; nil for what is none or does not fit.
    package var int: Int? {
        switch self {
        case .unsigned(let value): Int(exactly: value)
        case .signed(let value): Int(exactly: value)
        default: nil
        }
    }

    /// The number, of an integer as well; nil for what is none.
    package var double: Double? {
        switch self {
        case .unsigned(let value): Double(value)
        case .signed(let value): Double(value)
        case .number(let value): value
        default: nil
        }
    }

    /// The truth; nil for what is none.
    package var bool: Bool? {
        guard case .bool(let value) = self else { return nil }
        return value
    }

    /// The text; nil for what is none.
    package var string: String? {
        guard case .string(let value) = self else { return nil }
        return value
    }

    /// The texts; nil for what is no array of them.
    package var strings: [String]? {
        guard case .strings(let values) = self else { return nil }
        return values
    }

    /// An array of floating-point numbers.
    package var numbers: [Double]? {
        guard case .numbers(let values) = self else { return nil }
        return values
    }

    /// The integers; nil for what is no array of them.
    package var integers: [Int64]? {
        guard case .integers(let values) = self else { return nil }
        return values
    }
}

extension GGUFValue: CustomStringConvertible {
    /// As an error shows it: of a long text or array the beginning.
    package var description: String {
        func list(_ values: some Collection<some CustomStringConvertible>) -> String {
            let shown = values.prefix(8).map { String($0.description.prefix(40)) }
            return "[" + (shown + (values.count > 8 ? ["..."] : [])).joined(separator: ", ") + "]"
        }
        switch self {
        case .unsigned(let value): return "\(value)"
        case .signed(let value): return "\(value)"
        case .number(let value): return "\(value)"
        case .bool(let value): return "\(value)"
        case .string(let value): return "\"\(value.prefix(120))\""
        case .integers(let values): return list(values)
        case .numbers(let values): return list(values)
        case .strings(let values): return list(values)
        }
    }
}

/// How a value stands in the file (`gguf_type` of the specification).
enum GGUFType: UInt32 {
    case uint8 = 0
    case int8, uint16, int16, uint32, int32, float32, bool, string, array, uint64, int64, float64

    /// Octets of one; of a string the least that it takes, its length.
    var size: Int {
        switch self {
        case .uint8, .int8, .bool: 1
        case .uint16, .int16: 2
        case .uint32, .int32, .float32: 4
        case .uint64, .int64, .float64, .string: 8
        case .array: 12
        }
    }
}
