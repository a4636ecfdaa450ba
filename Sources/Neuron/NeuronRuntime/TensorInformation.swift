// What a loaded program says of its tensors, in libnrt's terms.

/// The type of a tensor's elements; the raw values are libnrt's.
package enum TensorType: UInt32, CaseIterable, Sendable {
    case uint64 = 1
    case int8 = 2
    case uint8 = 3
    case int16 = 4
    case uint16 = 5
    case bfloat16 = 6
    case float16 = 7
    case int32 = 8
    case uint32 = 9
    case float32 = 10
    /// Single precision, rounded where it is multiplied.
    case float32Rounded = 11
    case int64 = 12
    case float8E3 = 13
    case float8E4 = 14
    case float8E5 = 15

    /// Octets of an element.
    package var size: Int {
        switch self {
        case .int8, .uint8, .float8E3, .float8E4, .float8E5: 1
        case .int16, .uint16, .bfloat16, .float16: 2
        case .int32, .uint32, .float32, .float32Rounded: 4
        case .uint64, .int64: 8
        }
    }
}

/// A tensor that a program reads or writes.
package struct TensorInformation: Hashable, Sendable {
    /// Which way it goes; the raw values are libnrt's.
    package enum Usage: UInt32, Sendable {
        case input = 0
        case output = 1
    }

    /// As the program calls it, 1 to 255 octets.
    package let name: String
    /// Which way it goes.
    package let usage: Usage
    /// Of its elements.
    package let type: TensorType
    /// Elements by dimension, the slowest first.
    package let shape: [Int]
    /// Octets of the whole tensor.
    package let size: Int

    /// A tensor; its size follows from type and shape unless it is given.
    package init(_ name: String, _ usage: Usage, _ type: TensorType, shape: [Int], size: Int? = nil) {
        self.name = name
        self.usage = usage
        self.type = type
        self.shape = shape
        self.size = size ?? shape.reduce(type.size, *)
    }
}
