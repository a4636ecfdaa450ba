// Where the parts of a document are, without a look at what is in them: a list can be read item by item, and an item that
// cannot be read, however deep it is nested, still has a name.

/// Finds members and elements by their octets. What it finds is not checked further than to its end: that is done by
/// whoever reads it.
public enum JSONOutline {
    /// The members of an object, in their order; each with the range of its value.
    ///
    /// - Throws: `JSONError` where this is no object, or does not end.
    public static func members(
        _ bytes: [UInt8], in range: Range<Int>? = nil
    ) throws(JSONError) -> [(name: String, value: Range<Int>)] {
        var walk = Walk(bytes, range ?? bytes.indices)
        var members: [(name: String, value: Range<Int>)] = []
        try walk.items(UInt8(ascii: "{"), UInt8(ascii: "}")) { (walk) throws(JSONError) in
            let name = try walk.value()
            guard bytes[name.lowerBound] == UInt8(ascii: "\"") else { throw walk.fault }
            try walk.take(UInt8(ascii: ":"))
            // Names that this project knows need no escapes; others are told apart by their octets.
            let text = String(decoding: bytes[name.lowerBound + 1..<name.upperBound - 1], as: UTF8.self)
            members.append((text, try walk.value()))
        }
        return members
    }

    /// The elements of an array, in their order.
    ///
    /// - Throws: `JSONError` where this is no array, or does not end.
    public static func elements(_ bytes: [UInt8], in range: Range<Int>? = nil) throws(JSONError) -> [Range<
        Int
    >] {
        var walk = Walk(bytes, range ?? bytes.indices)
        var elements: [Range<Int>] = []
        try walk.items(UInt8(ascii: "["), UInt8(ascii: "]")) { (walk) throws(JSONError) in
            elements.append(try walk.value())
        }
        return elements
    }

    /// A place in the octets that only moves forward.
    private struct Walk {
        let bytes: [UInt8]
        let end: Int
        var offset: Int

        init(_ bytes: [UInt8], _ range: Range<Int>) {
            self.bytes = bytes
            let range = range.clamped(to: bytes.indices)
            end = range.upperBound
            offset = range.lowerBound
        }

        var fault: JSONError { JSONError("not valid JSON at octet \(offset)") }

        /// What stands between brackets, with commas between.
        mutating func items(
            _ open: UInt8, _ close: UInt8, _ item: (inout Walk) throws(JSONError) -> Void
        ) throws(JSONError) {
            try take(open)
            if isNext(close) { return }
            repeat { try item(&self) } while isNext(UInt8(ascii: ","))
            try take(close)
        }

        mutating func take(_ octet: UInt8) throws(JSONError) { guard isNext(octet) else { throw fault } }

        private mutating func isNext(_ octet: UInt8) -> Bool {
            skipBlanks()
            guard offset < end, bytes[offset] == octet else { return false }
            offset += 1
            return true
        }

        private mutating func skipBlanks() {
            while offset < end, [0x20, 0x09, 0x0a, 0x0d].contains(bytes[offset]) { offset += 1 }
        }

        /// The range of the value that begins here. Brackets are counted and not kept: any depth costs nothing.
        mutating func value() throws(JSONError) -> Range<Int> {
            skipBlanks()
            let start = offset
            var depth = 0
            while offset < end {
                switch bytes[offset] {
                case UInt8(ascii: "\""):
                    try skipString()
                    if depth == 0 { return start..<offset }
                case UInt8(ascii: "{"), UInt8(ascii: "["):
                    depth += 1
                    offset += 1
                case UInt8(ascii: "}"), UInt8(ascii: "]"):
                    guard depth > 0 else { return try ended(start) }
                    depth -= 1
                    offset += 1
                    if depth == 0 { return start..<offset }
                case UInt8(ascii: ","), UInt8(ascii: ":"), 0x20, 0x09, 0x0a, 0x0d:
                    guard depth > 0 else { return try ended(start) }
                    offset += 1
                default: offset += 1
                }
            }
            guard depth == 0 else { throw fault }
            return try ended(start)
        }

        private func ended(_ start: Int) throws(JSONError) -> Range<Int> {
            guard offset > start else { throw fault }
            return start..<offset
        }

        private mutating func skipString() throws(JSONError) {
            offset += 1
            while offset < end {
                switch bytes[offset] {
                case UInt8(ascii: "\\"): offset += 2
                case UInt8(ascii: "\""):
                    offset += 1
                    return
                default: offset += 1
                }
            }
            throw fault
        }
    }
}
