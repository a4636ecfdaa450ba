// Everything that bytes from a peer can be instead of a message.

/// Why bytes are not a message.
public enum ProtobufError: Error, Equatable {
    /// The bytes end inside a value that begins at `offset`.
    case truncated(offset: Int)
    /// The variable-length integer at `offset` does not fit in 64 bits.
    case varintTooLong(offset: Int)
    /// The tag at `offset` has a field number outside 1 to 2^29 - 1.
    case fieldNumber(UInt64, offset: Int)
    /// The tag at `offset` has wire type 6 or 7, which do not exist.
    case wireType(UInt8, offset: Int)
    /// The string of this field is not UTF-8.
    case notUTF8(field: Int)
    /// The group of this field ends where none, or another one, is open.
    case endGroup(field: Int)
    /// Messages or groups are nested deeper than the limit.
    case nesting(limit: Int)
    /// Repeated fields and maps have more elements in all than the limit.
    case elements(limit: Int)
}

extension ProtobufError: CustomStringConvertible {
    /// One sentence for a log: the thing, the value, the limit.
    public var description: String {
        switch self {
        case .truncated(let offset):
            "the message ends inside the value that begins at byte \(offset)"
        case .varintTooLong(let offset):
            "the integer at byte \(offset) of the message does not fit in 64 bits"
        case .fieldNumber(let number, let offset):
            "the tag at byte \(offset) of the message has field number \(number), which must be 1 to "
                + "\(ProtobufField.maximumNumber)"
        case .wireType(let type, let offset):
            "the tag at byte \(offset) of the message has wire type \(type), which does not exist"
        case .notUTF8(let field):
            "the string in field \(field) of the message is not UTF-8"
        case .endGroup(let field):
            "the group of field \(field) of the message ends where it was not open"
        case .nesting(let limit):
            "the message is nested more than \(limit) levels deep"
        case .elements(let limit):
            "the message has more than \(limit) repeated elements"
        }
    }
}

/// What a message from a peer may make us build; the transport limits the bytes.
public struct ProtobufLimits: Equatable, Sendable {
    /// Levels of messages and groups within each other. Protobuf's own implementations allow 100.
    public var nesting: Int
    /// Elements of repeated fields and maps in all: an empty element is two bytes on the wire, and more in memory.
    public var elements: Int

    /// Limits; both at least 1.
    public init(nesting: Int = 64, elements: Int = 131_072) {
        self.nesting = nesting
        self.elements = elements
    }

    /// 64 levels, 131,072 elements.
    public static let standard = ProtobufLimits()
}
