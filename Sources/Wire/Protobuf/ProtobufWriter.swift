// Writing cannot fail. proto3 leaves out a singular field at its default, and writes an optional one that is set
// even when it is at its default: the two are told apart here by the Swift type, `T` or `T?`.

/// Collects a message's bytes.
public struct ProtobufWriter: Sendable {
    /// What has been written so far.
    public private(set) var bytes: [UInt8] = []

    /// An empty message.
    public init() {}

    /// A string; left out when empty.
    public mutating func write(_ number: Int, _ value: String) {
        if !value.isEmpty { append(number, value) }
    }

    /// An optional string; written when set, even when empty.
    public mutating func write(_ number: Int, _ value: String?) {
        if let value { append(number, value) }
    }

    /// Bytes; left out when empty.
    public mutating func write(_ number: Int, _ value: [UInt8]) {
        if !value.isEmpty { append(number, value) }
    }

    /// A bool; left out when false.
    public mutating func write(_ number: Int, _ value: Bool) {
        guard value else { return }
        tag(number, .varint)
        varint(1)
    }

    /// An int64, int32, uint64, uint32 or enum; left out when 0. Negative numbers take ten bytes.
    public mutating func write(_ number: Int, _ value: some FixedWidthInteger) {
        guard value != 0 else { return }
        tag(number, .varint)
        varint(UInt64(truncatingIfNeeded: value))
    }

    /// An optional int64, int32, uint64 or uint32; written when set, even when 0.
    public mutating func write<I: FixedWidthInteger>(_ number: Int, _ value: I?) {
        guard let value else { return }
        tag(number, .varint)
        varint(UInt64(truncatingIfNeeded: value))
    }

    /// A sint64 or sint32, zigzag: small whatever its sign; left out when 0.
    public mutating func writeZigZag(_ number: Int, _ value: Int64) {
        guard value != 0 else { return }
        tag(number, .varint)
        varint(UInt64(bitPattern: (value << 1) ^ (value >> 63)))
    }

    /// A fixed64 or sfixed64; left out when 0.
    public mutating func writeFixed64(_ number: Int, _ value: UInt64) {
        guard value != 0 else { return }
        tag(number, .fixed64)
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    /// A fixed32 or sfixed32; left out when 0.
    public mutating func writeFixed32(_ number: Int, _ value: UInt32) {
        guard value != 0 else { return }
        tag(number, .fixed32)
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    /// A double; left out when it is +0 (a -0 is written, as everywhere).
    public mutating func write(_ number: Int, _ value: Double) { writeFixed64(number, value.bitPattern) }

    /// A message; left out when nil, written when set even when it is empty.
    public mutating func write<M: Message>(_ number: Int, _ value: M?) {
        if let value { append(number, value) }
    }

    /// Repeated strings, each written, the empty ones too.
    public mutating func write(_ number: Int, _ values: [String]) {
        for value in values { append(number, value) }
    }

    /// Repeated messages, each written, the empty ones too.
    public mutating func write<M: Message>(_ number: Int, _ values: [M]) {
        for value in values { append(number, value) }
    }

    /// Repeated bytes, each written, the empty ones too.
    public mutating func write(_ number: Int, _ values: [[UInt8]]) {
        for value in values { append(number, value) }
    }

    /// Repeated int64s, packed as proto3 does.
    public mutating func write(_ number: Int, _ values: [Int64]) { packed(number, values) }

    /// Repeated int32s, packed as proto3 does.
    public mutating func write(_ number: Int, _ values: [Int32]) { packed(number, values) }

    /// Repeated uint32s, packed as proto3 does.
    public mutating func write(_ number: Int, _ values: [UInt32]) { packed(number, values) }

    /// Repeated uint64s, packed as proto3 does.
    public mutating func write(_ number: Int, _ values: [UInt64]) { packed(number, values) }

    /// Repeated bools, packed as proto3 does.
    public mutating func write(_ number: Int, _ values: [Bool]) { packed(number, values.map { $0 ? 1 : 0 }) }

    /// Repeated floats, packed as proto3 does.
    public mutating func write(_ number: Int, _ values: [Float]) {
        fixed(number, values.map { $0.bitPattern.littleEndian })
    }

    /// Repeated doubles, packed as proto3 does.
    public mutating func write(_ number: Int, _ values: [Double]) {
        fixed(number, values.map { $0.bitPattern.littleEndian })
    }

    private mutating func fixed<Bits: FixedWidthInteger>(_ number: Int, _ values: [Bits]) {
        guard !values.isEmpty else { return }
        nested(number) { writer in values.withUnsafeBytes { writer.bytes.append(contentsOf: $0) } }
    }

    /// An optional bool; written when set, even when false.
    public mutating func write(_ number: Int, _ value: Bool?) {
        guard let value else { return }
        tag(number, .varint)
        varint(value ? 1 : 0)
    }

    /// An optional double; written when set, even when 0.
    public mutating func write(_ number: Int, _ value: Double?) {
        guard let value else { return }
        tag(number, .fixed64)
        withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
    }

    /// map<string, string>, in the order of the keys' UTF-8, so that equal maps give equal bytes.
    public mutating func write(_ number: Int, _ map: [String: String]) {
        entries(number, map) { writer, value in writer.append(2, value) }
    }

    /// A map from strings to messages, in the order of the keys' UTF-8.
    public mutating func write<M: Message>(_ number: Int, _ map: [String: M]) {
        entries(number, map) { writer, value in writer.append(2, value) }
    }

    private mutating func entries<Value>(
        _ number: Int, _ map: [String: Value], _ body: (inout ProtobufWriter, Value) -> Void
    ) {
        for (key, value) in map.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }) {
            // Go, Python and C++ write both fields of an entry, the empty ones too.
            nested(number) { writer in
                writer.append(1, key)
                body(&writer, value)
            }
        }
    }

    private mutating func packed<I: FixedWidthInteger>(_ number: Int, _ values: [I]) {
        guard !values.isEmpty else { return }
        nested(number) { writer in
            for value in values { writer.varint(UInt64(truncatingIfNeeded: value)) }
        }
    }

    private mutating func append(_ number: Int, _ value: [UInt8]) {
        tag(number, .lengthDelimited)
        varint(UInt64(value.count))
        bytes.append(contentsOf: value)
    }

    private mutating func append(_ number: Int, _ value: String) {
        tag(number, .lengthDelimited)
        var value = value
        value.withUTF8 { utf8 in
            varint(UInt64(utf8.count))
            bytes.append(contentsOf: utf8)
        }
    }

    private mutating func append<M: Message>(_ number: Int, _ value: M) {
        nested(number) { value.encode(to: &$0) }
    }

    /// Writes what `body` writes as one length-delimited value. The length is not known before: it takes one byte
    /// nearly always, and where it takes more the body is moved.
    private mutating func nested(_ number: Int, _ body: (inout ProtobufWriter) -> Void) {
        tag(number, .lengthDelimited)
        let start = bytes.count
        bytes.append(0)
        body(&self)
        var length = UInt64(bytes.count - start - 1)
        var prefix: [UInt8] = []
        while length >= 0x80 {
            prefix.append(UInt8(truncatingIfNeeded: length) | 0x80)
            length >>= 7
        }
        bytes[start] = UInt8(truncatingIfNeeded: length)
        if !prefix.isEmpty { bytes.insert(contentsOf: prefix, at: start) }
    }

    private mutating func tag(_ number: Int, _ wireType: WireType) {
        varint(UInt64(truncatingIfNeeded: number) << 3 | UInt64(wireType.rawValue))
    }

    private mutating func varint(_ value: UInt64) {
        var value = value
        while value >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: value) | 0x80)
            value >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: value))
    }
}
