// Bytes of a peer become values here and nowhere else. Every read checks what is left before it takes it; nothing
// is reserved for a length that has not arrived; nesting and the number of elements are bounded.
//
// A value whose wire type is not the field's is an unknown field (as Go, C++ and Python have it): it is left alone,
// and `readFields` skips what was left alone.

/// Reads the fields of one message.
public struct ProtobufReader: Sendable {
    private let bytes: [UInt8]
    private let limits: ProtobufLimits
    /// The next byte.
    private var position = 0
    /// The end of the message that is being read, which may be within another.
    private var end: Int
    private var depth = 0
    private var elements = 0

    /// Reads a message from its octets.
    public init(_ bytes: [UInt8], limits: ProtobufLimits = .standard) {
        self.bytes = bytes
        self.limits = limits
        end = bytes.count
    }

    /// Reads all fields up to the end of the message.
    public mutating func readFields<M: Message>(into message: inout M) throws(ProtobufError) {
        while position < end {
            let field = try tag()
            guard field.wireType != .endGroup else { throw .endGroup(field: field.number) }
            let before = position
            try message.decode(field: field, from: &self)
            // Every value takes at least one byte, so a position that has not moved means an unknown field.
            if position == before { try skip(field) }
        }
    }

    // MARK: Singular fields

    /// A string, which must be UTF-8.
    public mutating func read(_ field: ProtobufField, into value: inout String) throws(ProtobufError) {
        guard field.wireType == .lengthDelimited else { return }
        value = try string(field)
    }

    /// An optional string, which must be UTF-8.
    public mutating func read(_ field: ProtobufField, into value: inout String?) throws(ProtobufError) {
        guard field.wireType == .lengthDelimited else { return }
        value = try string(field)
    }

    /// Reads a field of type `bytes`.
    public mutating func read(_ field: ProtobufField, into value: inout [UInt8]) throws(ProtobufError) {
        guard field.wireType == .lengthDelimited else { return }
        value = Array(bytes[try take()])
    }

    /// A bool: any number but 0 is true.
    public mutating func read(_ field: ProtobufField, into value: inout Bool) throws(ProtobufError) {
        guard field.wireType == .varint else { return }
        value = try varint() != 0
    }

    /// An int64, int32, uint64, uint32 or enum; a number that is too large keeps its low bits, as everywhere.
    public mutating func read<I: FixedWidthInteger>(
        _ field: ProtobufField, into value: inout I
    ) throws(ProtobufError) {
        guard field.wireType == .varint else { return }
        value = I(truncatingIfNeeded: try varint())
    }

    /// An optional int64, int32, uint64 or uint32.
    public mutating func read<I: FixedWidthInteger>(
        _ field: ProtobufField, into value: inout I?
    ) throws(ProtobufError) {
        guard field.wireType == .varint else { return }
        value = I(truncatingIfNeeded: try varint())
    }

    /// A sint64 or sint32.
    public mutating func readZigZag(_ field: ProtobufField, into value: inout Int64) throws(ProtobufError) {
        guard field.wireType == .varint else { return }
        let raw = try varint()
        value = Int64(bitPattern: raw >> 1) ^ -Int64(bitPattern: raw & 1)
    }

    /// A fixed64 or sfixed64.
    public mutating func readFixed64(_ field: ProtobufField, into value: inout UInt64) throws(ProtobufError) {
        guard field.wireType == .fixed64 else { return }
        value = try fixed(octets: 8)
    }

    /// A fixed32 or sfixed32.
    public mutating func readFixed32(_ field: ProtobufField, into value: inout UInt32) throws(ProtobufError) {
        guard field.wireType == .fixed32 else { return }
        value = UInt32(truncatingIfNeeded: try fixed(octets: 4))
    }

    /// A double.
    public mutating func read(_ field: ProtobufField, into value: inout Double) throws(ProtobufError) {
        guard field.wireType == .fixed64 else { return }
        value = Double(bitPattern: try fixed(octets: 8))
    }

    /// A message; a second value of the same field merges into the first.
    public mutating func read<M: Message>(
        _ field: ProtobufField, into value: inout M?
    ) throws(ProtobufError) {
        guard field.wireType == .lengthDelimited else { return }
        var message = value ?? M()
        try nested(into: &message)
        value = message
    }

    // MARK: Repeated fields and maps

    /// One more string.
    public mutating func read(_ field: ProtobufField, into values: inout [String]) throws(ProtobufError) {
        guard field.wireType == .lengthDelimited else { return }
        try countElement()
        values.append(try string(field))
    }

    /// One more message.
    public mutating func read<M: Message>(
        _ field: ProtobufField, into values: inout [M]
    ) throws(ProtobufError) {
        guard field.wireType == .lengthDelimited else { return }
        try countElement()
        var message = M()
        try nested(into: &message)
        values.append(message)
    }

    /// One more value of bytes.
    public mutating func read(_ field: ProtobufField, into values: inout [[UInt8]]) throws(ProtobufError) {
        guard field.wireType == .lengthDelimited else { return }
        try countElement()
        values.append(Array(bytes[try take()]))
    }

    /// One more int64, or many when they are packed: a reader must accept both.
    public mutating func read(_ field: ProtobufField, into values: inout [Int64]) throws(ProtobufError) {
        try readNumbers(field, into: &values)
    }

    /// One more int32, or many when they are packed.
    public mutating func read(_ field: ProtobufField, into values: inout [Int32]) throws(ProtobufError) {
        try readNumbers(field, into: &values)
    }

    /// One more uint32, or many when they are packed.
    public mutating func read(_ field: ProtobufField, into values: inout [UInt32]) throws(ProtobufError) {
        try readNumbers(field, into: &values)
    }

    /// One more uint64, or many when they are packed.
    public mutating func read(_ field: ProtobufField, into values: inout [UInt64]) throws(ProtobufError) {
        try readNumbers(field, into: &values)
    }

    /// One more bool, or many when they are packed.
    public mutating func read(_ field: ProtobufField, into values: inout [Bool]) throws(ProtobufError) {
        var numbers: [UInt64] = []
        try readNumbers(field, into: &numbers)
        values += numbers.map { $0 != 0 }
    }

    /// One more float, or many when they are packed.
    public mutating func read(_ field: ProtobufField, into values: inout [Float]) throws(ProtobufError) {
        try readFixed(field, .fixed32, octets: 4) {
            values.append(Float(bitPattern: UInt32(truncatingIfNeeded: $0)))
        }
    }

    /// One more double, or many when they are packed.
    public mutating func read(_ field: ProtobufField, into values: inout [Double]) throws(ProtobufError) {
        try readFixed(field, .fixed64, octets: 8) { values.append(Double(bitPattern: $0)) }
    }

    private mutating func readFixed(
        _ field: ProtobufField, _ type: WireType, octets: Int, _ take: (UInt64) -> Void
    ) throws(ProtobufError) {
        if field.wireType == type {
            try countElement()
            take(try fixed(octets: octets))
        } else if field.wireType == .lengthDelimited {
            let range = try range()
            let outer = end
            end = range.upperBound
            while position < end {
                try countElement()
                take(try fixed(octets: octets))
            }
            end = outer
        }
    }

    /// An optional bool, of a oneof.
    public mutating func read(_ field: ProtobufField, into value: inout Bool?) throws(ProtobufError) {
        guard field.wireType == .varint else { return }
        value = try varint() != 0
    }

    /// An optional double, of a oneof.
    public mutating func read(_ field: ProtobufField, into value: inout Double?) throws(ProtobufError) {
        guard field.wireType == .fixed64 else { return }
        value = Double(bitPattern: try fixed(octets: 8))
    }

    private mutating func readNumbers<I: FixedWidthInteger>(
        _ field: ProtobufField, into values: inout [I]
    ) throws(ProtobufError) {
        switch field.wireType {
        case .varint:
            try countElement()
            values.append(I(truncatingIfNeeded: try varint()))
        case .lengthDelimited:
            let range = try range()
            let outer = end
            end = range.upperBound
            while position < end {
                try countElement()
                values.append(I(truncatingIfNeeded: try varint()))
            }
            end = outer
        default:
            break
        }
    }

    /// One more entry of a map<string, string>; a later entry replaces an earlier one with the same key.
    public mutating func read(
        _ field: ProtobufField, into map: inout [String: String]
    ) throws(ProtobufError) {
        guard field.wireType == .lengthDelimited else { return }
        try countElement()
        var entry = MapEntry()
        try nested(into: &entry)
        map[entry.key] = entry.value
    }

    /// One more entry of a map from strings to messages; one without a value has the default message.
    public mutating func read<M: Message>(
        _ field: ProtobufField, into map: inout [String: M]
    ) throws(ProtobufError) {
        guard field.wireType == .lengthDelimited else { return }
        try countElement()
        var entry = MessageEntry<M>()
        try nested(into: &entry)
        map[entry.key] = entry.value ?? M()
    }

    // MARK: The wire

    /// What a map's entry is on the wire.
    private struct MapEntry: FieldMessage {
        var key = ""
        var value = ""

        mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
            try wire.field(1, &key)
            try wire.field(2, &value)
        }
    }

    /// The same with a message as value.
    private struct MessageEntry<Value: Message>: FieldMessage {
        var key = ""
        var value: Value?

        mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
            try wire.field(1, &key)
            try wire.field(2, &value)
        }
    }

    private mutating func countElement() throws(ProtobufError) {
        guard elements < limits.elements else { throw .elements(limit: limits.elements) }
        elements += 1
    }

    private mutating func nested<M: Message>(into message: inout M) throws(ProtobufError) {
        guard depth < limits.nesting else { throw .nesting(limit: limits.nesting) }
        let range = try range()
        let outer = end
        end = range.upperBound
        depth += 1
        try readFields(into: &message)
        depth -= 1
        end = outer
    }

    private mutating func string(_ field: ProtobufField) throws(ProtobufError) -> String {
        guard let value = String(validating: bytes[try take()], as: UTF8.self) else {
            throw .notUTF8(field: field.number)
        }
        return value
    }

    /// A length and where the bytes are that it counts; the position is then at the first of them.
    private mutating func range() throws(ProtobufError) -> Range<Int> {
        let start = position
        let length = try varint()
        guard length <= UInt64(end - position) else { throw .truncated(offset: start) }
        return position..<position + Int(length)
    }

    /// The same, and moves past the bytes.
    private mutating func take() throws(ProtobufError) -> Range<Int> {
        let range = try range()
        position = range.upperBound
        return range
    }

    private mutating func fixed(octets: Int) throws(ProtobufError) -> UInt64 {
        guard end - position >= octets else { throw .truncated(offset: position) }
        var value: UInt64 = 0
        for index in 0..<octets {
            value |= UInt64(bytes[position + index]) << UInt64(8 * index)
        }
        position += octets
        return value
    }

    private mutating func tag() throws(ProtobufError) -> ProtobufField {
        let offset = position
        let raw = try varint()
        let number = raw >> 3
        guard number >= 1, number <= UInt64(ProtobufField.maximumNumber) else {
            throw .fieldNumber(number, offset: offset)
        }
        let code = UInt8(truncatingIfNeeded: raw & 7)
        guard let wireType = WireType(rawValue: code) else { throw .wireType(code, offset: offset) }
        return ProtobufField(number: Int(number), wireType: wireType)
    }

    private mutating func varint() throws(ProtobufError) -> UInt64 {
        let start = position
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while true {
            guard position < end else { throw .truncated(offset: start) }
            let byte = bytes[position]
            position += 1
            // The tenth byte has room for one bit only.
            guard shift < 63 || byte <= 1 else { throw .varintTooLong(offset: start) }
            value |= UInt64(byte & 0x7f) << shift
            guard byte & 0x80 != 0 else { return value }
            shift += 7
        }
    }

    /// Moves past a value that nobody wants, a group with all that is in it.
    private mutating func skip(_ field: ProtobufField) throws(ProtobufError) {
        var groups: [Int] = []
        var field = field
        while true {
            switch field.wireType {
            case .varint: _ = try varint()
            case .fixed64: _ = try fixed(octets: 8)
            case .fixed32: _ = try fixed(octets: 4)
            case .lengthDelimited: _ = try take()
            case .startGroup:
                guard depth + groups.count < limits.nesting else { throw .nesting(limit: limits.nesting) }
                groups.append(field.number)
            case .endGroup:
                guard groups.popLast() == field.number else { throw .endGroup(field: field.number) }
            }
            guard !groups.isEmpty else { return }
            field = try tag()
        }
    }
}
