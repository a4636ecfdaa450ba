// The values CEL computes with.

package import JSON
package import KubernetesAPI

/// One value.
package indirect enum CELValue: Hashable, Sendable {
    case null
    case bool(Bool)
    case int(Int64)
    case uint(UInt64)
    case double(Double)
    case string(String)
    case bytes([UInt8])
    case list([CELValue])
    case map([CELValue: CELValue])
    case quantity(Quantity)
    /// A span of time in microseconds.
    case duration(Int64)
    case timestamp(Timestamp)
    case type(String)

    /// A JSON value; whole numbers are ints.
    package init(_ json: JSON) {
        switch json {
        case .null: self = .null
        case .bool(let value): self = .bool(value)
        case .int(let value): self = .int(value)
        case .double(let value): self = .double(value)
        case .string(let value): self = .string(value)
        case .array(let items): self = .list(items.map { CELValue($0) })
        case .object(let members):
            var map: [CELValue: CELValue] = [:]
            for (key, value) in members { map[.string(key)] = CELValue(value) }
            self = .map(map)
        }
    }

    /// The name of the value's type.
    var typeName: String {
        switch self {
        case .null: "null_type"
        case .bool: "bool"
        case .int: "int"
        case .uint: "uint"
        case .double: "double"
        case .string: "string"
        case .bytes: "bytes"
        case .list: "list"
        case .map: "map"
        case .quantity: "kubernetes.Quantity"
        case .duration: "google.protobuf.Duration"
        case .timestamp: "google.protobuf.Timestamp"
        case .type: "type"
        }
    }

    /// CEL equality: numbers of different types are equal when their values are.
    func equals(_ other: CELValue) -> Bool {
        switch (self, other) {
        case (.int(let a), .double(let b)), (.double(let b), .int(let a)): return Double(a) == b
        case (.int(let a), .uint(let b)), (.uint(let b), .int(let a)): return a >= 0 && UInt64(a) == b
        case (.uint(let a), .double(let b)), (.double(let b), .uint(let a)): return Double(a) == b
        case (.quantity(let a), .quantity(let b)): return a == b
        case (.list(let a), .list(let b)):
            return a.count == b.count && zip(a, b).allSatisfy { $0.equals($1) }
        case (.map(let a), .map(let b)):
            return a.count == b.count
                && a.allSatisfy { key, value in b[key].map { value.equals($0) } ?? false }
        default: return self == other
        }
    }
}

/// Why an evaluation has no result.
package struct CELError: Error, Equatable {
    /// Why, in cel-go's words.
    package var message: String

    init(_ message: String) { self.message = message }
}
