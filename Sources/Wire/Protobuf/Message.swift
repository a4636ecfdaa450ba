// What the wire needs of a message. Unknown fields cost an implementation nothing: what it does not read is skipped.

/// A message of the protocol buffers wire format, proto3 rules; see `FieldMessage` for the usual way to write one.
public protocol Message: Sendable, Equatable {
    /// The message with every field at its default.
    init()

    /// Writes the fields in rising order of their numbers.
    func encode(to writer: inout ProtobufWriter)

    /// Reads one field's value, or leaves it alone: a value that was not read is an unknown field and is skipped.
    ///
    /// A repeated field appends; a singular one takes the last value on the wire, a singular message merges.
    mutating func decode(field: ProtobufField, from reader: inout ProtobufReader) throws(ProtobufError)
}

extension Message {
    /// The message's bytes. Equal messages give equal bytes: maps are written in the order of their keys.
    public func serialized() -> [UInt8] {
        var writer = ProtobufWriter()
        encode(to: &writer)
        return writer.bytes
    }

    /// Reads a whole message.
    ///
    /// - Parameters:
    ///   - bytes: all of the message and nothing else; no bytes at all is the default message.
    ///   - limits: what a peer may make us build.
    /// - Throws: `ProtobufError` for bytes that are not a message; unknown fields are no error.
    public init(serialized bytes: [UInt8], limits: ProtobufLimits = .standard) throws(ProtobufError) {
        self.init()
        var reader = ProtobufReader(bytes, limits: limits)
        try reader.readFields(into: &self)
    }
}
