// Documents that are mostly numbers, or that are written often, go straight into octets: making a JSON value of them first
// would cost more than what they say.

/// Writes a document piece by piece, without blanks.
///
///     var writer = JSONWriter()
///     writer.object { writer in
///         writer.member("model", "tiny")
///         writer.key("vector")
///         writer.array { for number in vector { $0.value(number) } }
///     }
///     writer.bytes  // {"model":"tiny","vector":[0.5,1.0]}
///
/// The caller keeps to the grammar: a key before each value of an object, and one value in all.
public struct JSONWriter {
    /// What has been written, as UTF-8.
    public private(set) var bytes: [UInt8] = []
    private var needsComma = false

    /// An empty document.
    ///
    /// - Parameter capacity: octets that it will have, as far as that is known.
    public init(capacity: Int = 0) { bytes.reserveCapacity(capacity) }

    // MARK: Structure

    /// Writes an object, whose members `body` writes.
    public mutating func object(_ body: (inout JSONWriter) -> Void) {
        enclose(UInt8(ascii: "{"), UInt8(ascii: "}"), body)
    }

    /// Writes an array, whose elements `body` writes.
    public mutating func array(_ body: (inout JSONWriter) -> Void) {
        enclose(UInt8(ascii: "["), UInt8(ascii: "]"), body)
    }

    /// Writes the name of the member whose value is written next.
    public mutating func key(_ name: String) {
        value(name)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    // MARK: Values

    /// Writes a string. Only quotation marks, backslashes and control characters are escaped (RFC 8259 §7).
    public mutating func value(_ text: String) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        for octet in text.utf8 {
            switch octet {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), octet]
            case 0x0a: bytes += Array("\\n".utf8)
            case 0x0d: bytes += Array("\\r".utf8)
            case 0x09: bytes += Array("\\t".utf8)
            case 0..<0x20:
                let digits = Array("0123456789abcdef".utf8)
                bytes += Array("\\u00".utf8) + [digits[Int(octet >> 4)], digits[Int(octet & 15)]]
            default: bytes.append(octet)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    /// Writes a whole number.
    public mutating func value(_ number: Int) { append(number.description) }

    /// Writes a whole number of 64 bits without a sign.
    public mutating func value(unsigned number: UInt64) { append(number.description) }

    /// Writes a number with the fewest digits that mean it; `null` when it is not finite, which JSON has no word for.
    public mutating func value(_ number: Double) { append(number.isFinite ? number.description : "null") }

    /// Writes a number with the fewest digits that mean it; `null` when it is not finite, which JSON has no word for.
    public mutating func value(_ number: Float) {
        guard let decimal = ShortestDecimal(number) else {
            return append(number.isFinite ? number.description : "null")
        }
        separate()
        bytes.append(addingCapacity: ShortestDecimal.longest) { decimal.write(into: &$0) }
    }

    /// Writes a truth value.
    public mutating func value(_ truth: Bool) { append(truth ? "true" : "false") }

    /// Writes `null`.
    public mutating func null() { append("null") }

    /// Writes a member that is a string.
    public mutating func member(_ name: String, _ text: String) {
        key(name)
        value(text)
    }

    /// Writes a member that is a whole number.
    public mutating func member(_ name: String, _ number: Int) {
        key(name)
        value(number)
    }

    /// Writes a member that is a number.
    public mutating func member(_ name: String, _ number: Double) {
        key(name)
        value(number)
    }

    /// Ends the document's line, for those who read it in a terminal.
    public mutating func endLine() { bytes.append(UInt8(ascii: "\n")) }

    private mutating func enclose(_ open: UInt8, _ close: UInt8, _ body: (inout JSONWriter) -> Void) {
        separate()
        bytes.append(open)
        needsComma = false
        body(&self)
        bytes.append(close)
        needsComma = true
    }

    private mutating func append(_ word: String) {
        separate()
        bytes.append(contentsOf: word.utf8)
    }

    private mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        needsComma = true
    }
}
