// Most messages write and read the same fields. They name them once, and that one list serves both ways.
// scripts/generate-messages makes such messages of .proto files.

/// A message whose fields are written as they are read.
///
///     struct NUMANode: FieldMessage {
///         var id: Int64 = 0
///         mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) { try wire.field(1, &id) }
///     }
public protocol FieldMessage: Message {
    /// Names every field, in rising order of the numbers, and does nothing else.
    ///
    /// - Throws: what `wire` throws, which it does only while it reads.
    mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError)
}

extension FieldMessage {
    /// Writes the fields.
    public func encode(to writer: inout ProtobufWriter) {
        var copy = self
        var wire = ProtobufFields()
        // Moved there and back: a second reference would copy all octets at the first one that is added.
        swap(&wire.writer, &writer)
        try? copy.fields(&wire)
        swap(&wire.writer, &writer)
    }

    /// Reads one field.
    public mutating func decode(
        field: ProtobufField, from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        var wire = ProtobufFields(field, reader)
        try fields(&wire)
        if let rest = wire.reader { reader = rest }
    }
}

/// Writes each field that is named, or reads the one that is on the wire.
///
/// What each type is on the wire, `ProtobufWriter` and `ProtobufReader` say.
public struct ProtobufFields: Sendable {
    fileprivate var writer = ProtobufWriter()
    /// Nil while it writes.
    fileprivate var reader: ProtobufReader?
    private var read = ProtobufField(number: 0, wireType: .varint)

    fileprivate init() {}

    fileprivate init(_ field: ProtobufField, _ reader: ProtobufReader) {
        read = field
        self.reader = reader
    }

    /// A string.
    public mutating func field(_ number: Int, _ value: inout String) throws(ProtobufError) {
        guard reader != nil else { return writer.write(number, value) }
        if number == read.number { try reader?.read(read, into: &value) }
    }

    /// An optional string.
    public mutating func field(_ number: Int, _ value: inout String?) throws(ProtobufError) {
        guard reader != nil else { return writer.write(number, value) }
        if number == read.number { try reader?.read(read, into: &value) }
    }

    /// A field of type `bytes`.
    public mutating func field(_ number: Int, _ value: inout [UInt8]) throws(ProtobufError) {
        guard reader != nil else { return writer.write(number, value) }
        if number == read.number { try reader?.read(read, into: &value) }
    }

    /// A bool.
    public mutating func field(_ number: Int, _ value: inout Bool) throws(ProtobufError) {
        guard reader != nil else { return writer.write(number, value) }
        if number == read.number { try reader?.read(read, into: &value) }
    }

    /// An int64, int32, uint64 or uint32.
    public mutating func field(_ number: Int, _ value: inout some FixedWidthInteger) throws(ProtobufError) {
        guard reader != nil else { return writer.write(number, value) }
        if number == read.number { try reader?.read(read, into: &value) }
    }

    /// An optional int64, int32, uint64 or uint32.
    public mutating func field<I: FixedWidthInteger>(
        _ number: Int, _ value: inout I?
    ) throws(ProtobufError) {
        guard reader != nil else { return writer.write(number, value) }
        if number == read.number { try reader?.read(read, into: &value) }
    }

    /// An enum; a number that has no name here becomes `unknown`.
    public mutating func field<E: RawRepresentable<Int32>>(
        _ number: Int, _ value: inout E, unknown: E
    ) throws(ProtobufError) {
        guard reader != nil else { return writer.write(number, value.rawValue) }
        guard number == read.number else { return }
        var code = value.rawValue
        try reader?.read(read, into: &code)
        value = E(rawValue: code) ?? unknown
    }

    /// A double.
    public mutating func field(_ number: Int, _ value: inout Double) throws(ProtobufError) {
        guard reader != nil else { return writer.write(number, value) }
        if number == read.number { try reader?.read(read, into: &value) }
    }

    /// An optional bool, of a oneof.
    public mutating func field(_ number: Int, _ value: inout Bool?) throws(ProtobufError) {
        guard reader != nil else { return writer.write(number, value) }
        if number == read.number { try reader?.read(read, into: &value) }
    }

    /// An optional double, of a oneof.
    public mutating func field(_ number: Int, _ value: inout Double?) throws(ProtobufError) {
        guard reader != nil else { return writer.write(number, value) }
        if number == read.number { try reader?.read(read, into: &value) }
    }

    /// A sint64 or sint32.
    public mutating func zigZag(_ number: Int, _ value: inout Int64) throws(ProtobufError) {
        guard reader != nil else { return writer.writeZigZag(number, value) }
        if number == read.number { try reader?.readZigZag(read, into: &value) }
    }

    /// A fixed64 or sfixed64.
    public mutating func fixed64(_ number: Int, _ value: inout UInt64) throws(ProtobufError) {
        guard reader != nil else { return writer.writeFixed64(number, value) }
        if number == read.number { try reader?.readFixed64(read, into: &value) }
    }

    /// A fixed32 or sfixed32.
    public mutating func fixed32(_ number: Int, _ value: inout UInt32) throws(ProtobufError) {
        guard reader != nil else { return writer.writeFixed32(number, value) }
        if number == read.number { try reader?.readFixed32(read, into: &value) }
    }

    /// A message.
    public mutating func field<M: Message>(_ number: Int, _ value: inout M?) throws(ProtobufError) {
        guard reader != nil else { return writer.write(number, value) }
        if number == read.number { try reader?.read(read, into: &value) }
    }

    /// Repeated strings.
    public mutating func field(_ number: Int, _ values: inout [String]) throws(ProtobufError) {
        guard reader != nil else { return writer.write(number, values) }
        if number == read.number { try reader?.read(read, into: &values) }
    }

    /// Repeated messages.
    public mutating func field<M: Message>(_ number: Int, _ values: inout [M]) throws(ProtobufError) {
        guard reader != nil else { return writer.write(number, values) }
        if number == read.number { try reader?.read(read, into: &values) }
    }

    /// Repeated int64s.
    public mutating func field(_ number: Int, _ values: inout [Int64]) throws(ProtobufError) {
        guard reader != nil else { return writer.write(number, values) }
        if number == read.number { try reader?.read(read, into: &values) }
    }

    /// Repeated int32s.
    public mutating func field(_ number: Int, _ values: inout [Int32]) throws(ProtobufError) {
        guard reader != nil else { return writer.write(number, values) }
        if number == read.number { try reader?.read(read, into: &values) }
    }

    /// Repeated bools.
    public mutating func field(_ number: Int, _ values: inout [Bool]) throws(ProtobufError) {
        guard reader != nil else { return writer.write(number, values) }
        if number == read.number { try reader?.read(read, into: &values) }
    }

    /// Repeated uint32s.
    public mutating func field(_ number: Int, _ values: inout [UInt32]) throws(ProtobufError) {
        guard reader != nil else { return writer.write(number, values) }
        if number == read.number { try reader?.read(read, into: &values) }
    }

    /// Repeated uint64s.
    public mutating func field(_ number: Int, _ values: inout [UInt64]) throws(ProtobufError) {
        guard reader != nil else { return writer.write(number, values) }
        if number == read.number { try reader?.read(read, into: &values) }
    }

    /// Repeated floats.
    public mutating func field(_ number: Int, _ values: inout [Float]) throws(ProtobufError) {
        guard reader != nil else { return writer.write(number, values) }
        if number == read.number { try reader?.read(read, into: &values) }
    }

    /// Repeated doubles.
    public mutating func field(_ number: Int, _ values: inout [Double]) throws(ProtobufError) {
        guard reader != nil else { return writer.write(number, values) }
        if number == read.number { try reader?.read(read, into: &values) }
    }

    /// Repeated bytes.
    public mutating func field(_ number: Int, _ values: inout [[UInt8]]) throws(ProtobufError) {
        guard reader != nil else { return writer.write(number, values) }
        if number == read.number { try reader?.read(read, into: &values) }
    }

    /// A map<string, string>.
    public mutating func field(_ number: Int, _ map: inout [String: String]) throws(ProtobufError) {
        guard reader != nil else { return writer.write(number, map) }
        if number == read.number { try reader?.read(read, into: &map) }
    }

    /// A map from strings to messages.
    public mutating func field<M: Message>(
        _ number: Int, _ map: inout [String: M]
    ) throws(ProtobufError) {
        guard reader != nil else { return writer.write(number, map) }
        if number == read.number { try reader?.read(read, into: &map) }
    }
}
