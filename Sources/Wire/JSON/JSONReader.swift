// Octets become a value here (RFC 8259). The depth of a document is a loop's, not the stack's: what somebody else has nested
// cannot overflow it, and the limit is a number that an error names.

/// Reads one document.
struct JSONReader {
    private let bytes: [UInt8]
    private let end: Int
    private let maximumDepth: Int
    private var offset: Int

    /// A container whose end has not come yet. Its parts are changed where they lie: taken out of an enum and put back, they would
    /// be copied for each element wherever the compiler does not see that nobody else has them.
    private struct Open {
        var elements: [JSON] = []
        var members: [String: JSON] = [:]
        /// Of the member that comes next; nil in an array.
        var key: String?

        mutating func add(_ value: JSON) {
            if let key { members[key] = value } else { elements.append(value) }
        }

        var value: JSON { key == nil ? .array(elements) : .object(members) }
    }

    init(_ bytes: [UInt8], _ range: Range<Int>, maximumDepth: Int) {
        self.bytes = bytes
        end = range.upperBound
        offset = range.lowerBound
        self.maximumDepth = maximumDepth
        // Files that were saved on Windows begin with the mark of UTF-8.
        if range.count >= 3, bytes[offset] == 0xef, bytes[offset + 1] == 0xbb, bytes[offset + 2] == 0xbf {
            offset += 3
        }
    }

    /// The document's value.
    mutating func document() throws(JSONError) -> JSON {
        var open: [Open] = []
        while true {
            skipBlanks()
            var value: JSON
            switch try octet("a value") {
            case UInt8(ascii: "{"):
                offset += 1
                skipBlanks()
                guard peek == UInt8(ascii: "}") else {
                    try enter(&open, Open(key: try key()))
                    continue
                }
                offset += 1
                value = .object([:])
            case UInt8(ascii: "["):
                offset += 1
                skipBlanks()
                guard peek == UInt8(ascii: "]") else {
                    try enter(&open, Open())
                    continue
                }
                offset += 1
                value = .array([])
            case UInt8(ascii: "\""): value = .string(try string())
            case UInt8(ascii: "t"): value = try word("true", .bool(true))
            case UInt8(ascii: "f"): value = try word("false", .bool(false))
            case UInt8(ascii: "n"): value = try word("null", .null)
            case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): value = try number()
            default: throw fault("a value was expected")
            }
            // The value belongs to the container that is open, and may end it and those around it.
            while true {
                skipBlanks()
                guard let last = open.indices.last else {
                    guard offset == end else { throw fault("text follows the document") }
                    return value
                }
                open[last].add(value)
                let isArray = open[last].key == nil
                let mark: Unicode.Scalar = isArray ? "]" : "}"
                let next = try octet("\",\" or \"\(mark)\"")
                guard next == UInt8(ascii: ",") || next == UInt8(ascii: mark) else {
                    throw fault("\",\" or \"\(mark)\" was expected")
                }
                offset += 1
                guard next == UInt8(ascii: ",") else {
                    value = open.removeLast().value
                    continue
                }
                if !isArray {
                    skipBlanks()
                    open[last].key = try key()
                }
                break
            }
        }
    }

    private mutating func enter(_ open: inout [Open], _ container: Open) throws(JSONError) {
        guard open.count < maximumDepth else {
            throw fault("it is nested deeper than \(maximumDepth) levels")
        }
        open.append(container)
    }

    // MARK: Pieces

    private var peek: UInt8? { offset < end ? bytes[offset] : nil }

    private func octet(_ what: String) throws(JSONError) -> UInt8 {
        guard offset < end else { throw JSONError("not valid JSON: it ends where \(what) was expected") }
        return bytes[offset]
    }

    private func fault(_ why: String) -> JSONError { JSONError("not valid JSON at octet \(offset): \(why)") }

    private mutating func skipBlanks() {
        while offset < end {
            switch bytes[offset] {
            case 0x20, 0x09, 0x0a, 0x0d: offset += 1
            default: return
            }
        }
    }

    private mutating func word(_ text: StaticString, _ value: JSON) throws(JSONError) -> JSON {
        let count = text.utf8CodeUnitCount
        let matches =
            end - offset >= count && text.withUTF8Buffer { $0.elementsEqual(bytes[offset..<offset + count]) }
        guard matches else { throw fault("a value was expected") }
        offset += count
        return value
    }

    private mutating func key() throws(JSONError) -> String {
        guard try octet("a name") == UInt8(ascii: "\"") else { throw fault("a name was expected") }
        let name = try string()
        skipBlanks()
        guard try octet("\":\"") == UInt8(ascii: ":") else { throw fault("\":\" was expected") }
        offset += 1
        return name
    }

    private mutating func number() throws(JSONError) -> JSON {
        let start = offset
        func isDigit(_ octet: UInt8?) -> Bool { octet.map { 0x30...0x39 ~= $0 } ?? false }
        var isWhole = true
        if peek == UInt8(ascii: "-") { offset += 1 }
        guard isDigit(peek) else { throw fault("a digit was expected") }
        if peek == UInt8(ascii: "0") { offset += 1 } else { while isDigit(peek) { offset += 1 } }
        if peek == UInt8(ascii: ".") {
            isWhole = false
            offset += 1
            guard isDigit(peek) else { throw fault("a digit was expected") }
            while isDigit(peek) { offset += 1 }
        }
        if peek == UInt8(ascii: "e") || peek == UInt8(ascii: "E") {
            isWhole = false
            offset += 1
            if peek == UInt8(ascii: "+") || peek == UInt8(ascii: "-") { offset += 1 }
            guard isDigit(peek) else { throw fault("a digit was expected") }
            while isDigit(peek) { offset += 1 }
        }
        let text = String(decoding: bytes[start..<offset], as: UTF8.self)
        if isWhole, let value = Int64(text) { return .int(value) }
        guard let value = Double(text), value.isFinite else {
            throw fault("the number \(text.prefix(40)) is larger than a double can be")
        }
        // A fraction that a double cannot hold is gone: then it is the whole number that it is written as.
        return Int64(exactly: value).map { .int($0) } ?? .double(value)
    }

    /// A string; `offset` is at its first quotation mark.
    private mutating func string() throws(JSONError) -> String {
        offset += 1
        let start = offset
        while offset < end, bytes[offset] != UInt8(ascii: "\""), bytes[offset] != UInt8(ascii: "\\") {
            guard bytes[offset] >= 0x20 else { throw fault("a control character stands in a string") }
            offset += 1
        }
        guard try octet("the end of a string") == UInt8(ascii: "\\") else {
            defer { offset += 1 }
            return try text(bytes[start..<offset])
        }
        var unescaped = Array(bytes[start..<offset])
        while true {
            let octet = try octet("the end of a string")
            if octet == UInt8(ascii: "\"") {
                defer { offset += 1 }
                return try text(unescaped[...])
            }
            guard octet >= 0x20 else { throw fault("a control character stands in a string") }
            offset += 1
            if octet == UInt8(ascii: "\\") { try escape(&unescaped) } else { unescaped.append(octet) }
        }
    }

    private func text(_ octets: ArraySlice<UInt8>) throws(JSONError) -> String {
        guard let text = String(validating: octets, as: UTF8.self) else {
            throw fault("a string is not UTF-8")
        }
        return text
    }

    /// What follows a backslash.
    private mutating func escape(_ output: inout [UInt8]) throws(JSONError) {
        let octet = try octet("an escaped character")
        offset += 1
        switch octet {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): output.append(octet)
        case UInt8(ascii: "b"): output.append(0x08)
        case UInt8(ascii: "f"): output.append(0x0c)
        case UInt8(ascii: "n"): output.append(0x0a)
        case UInt8(ascii: "r"): output.append(0x0d)
        case UInt8(ascii: "t"): output.append(0x09)
        case UInt8(ascii: "u"):
            var code = try unit()
            if 0xd800..<0xdc00 ~= code, peek == UInt8(ascii: "\\"), offset + 1 < end,
                bytes[offset + 1] == UInt8(ascii: "u")
            {
                offset += 2
                let low = try unit()
                guard 0xdc00..<0xe000 ~= low else { throw fault("half of a surrogate pair stands alone") }
                code = 0x10000 + (code - 0xd800) << 10 + (low - 0xdc00)
            }
            guard let scalar = Unicode.Scalar(code) else {
                throw fault("half of a surrogate pair stands alone")
            }
            output.append(contentsOf: String(Character(scalar)).utf8)
        default:
            offset -= 1
            throw fault("an unknown character is escaped")
        }
    }

    /// Four hexadecimal digits.
    private mutating func unit() throws(JSONError) -> UInt32 {
        var code: UInt32 = 0
        for _ in 0..<4 {
            let octet = try octet("a hexadecimal digit")
            let digit: UInt8
            switch octet {
            case 0x30...0x39: digit = octet - 0x30
            case 0x41...0x46: digit = octet - 0x41 + 10
            case 0x61...0x66: digit = octet - 0x61 + 10
            default: throw fault("a hexadecimal digit was expected")
            }
            code = code << 4 | UInt32(digit)
            offset += 1
        }
        return code
    }
}
