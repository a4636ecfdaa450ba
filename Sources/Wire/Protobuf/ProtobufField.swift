// What stands before every value on the wire: a field number and how the value is laid out.

/// The layout of a value (protobuf encoding, "Message structure").
public enum WireType: UInt8, Sendable {
    /// int32, int64, uint32, uint64, sint32, sint64, bool, enum.
    case varint = 0
    /// fixed64, sfixed64, double.
    case fixed64 = 1
    /// string, bytes, messages, packed repeated fields.
    case lengthDelimited = 2
    /// The start of a group, which proto3 no longer has; skipped with all that is in it.
    case startGroup = 3
    /// The end of a group.
    case endGroup = 4
    /// fixed32, sfixed32, float.
    case fixed32 = 5
}

/// A field's tag.
public struct ProtobufField: Equatable, Sendable {
    /// The largest field number there is: 2^29 - 1.
    public static let maximumNumber = 536_870_911

    /// The field's number, 1 to `maximumNumber`.
    public var number: Int
    /// How the value that follows is laid out.
    public var wireType: WireType

    /// A tag; `number` is 1 to `maximumNumber`.
    public init(number: Int, wireType: WireType) {
        self.number = number
        self.wireType = wireType
    }
}
