// The start line and the fields of a message (RFC 9112 §3 to §5), checked octet by octet: a name is a token, a value has
// no control characters, nothing is folded. Lenience here is how requests are smuggled.

/// Parses what comes before a body.
enum HTTP1Head {
    /// Parses a whole head, the empty line at its end included.
    static func parse(
        _ bytes: [UInt8], role: HTTP1Parser.Role, maximumFields: Int
    ) throws(HTTP1Error) -> HTTP1Parser.Head {
        var start = bytes.startIndex
        var first: ArraySlice<UInt8>?
        var fields: [ArraySlice<UInt8>] = []
        fields.reserveCapacity(16)
        for index in bytes.indices where bytes[index] == 10 {
            let end = index > start && bytes[index - 1] == 13 ? index - 1 : index
            let line = bytes[start..<end]
            start = index + 1
            if first == nil {
                first = line
            } else if start < bytes.count || !line.isEmpty {
                fields.append(line)
            }
        }
        if start < bytes.endIndex { fields.append(bytes[start...]) }
        while fields.last?.isEmpty == true { fields.removeLast() }
        guard let first else { throw .startLine("") }
        let (line, minor) = try startLine(first, role)
        guard fields.count <= maximumFields else { throw .tooManyFields(limit: maximumFields) }
        var headers = HTTPHeaders()
        headers.reserve(fields.count)
        for text in fields {
            let field = try field(text)
            headers.add(field.name, field.value)
        }
        return HTTP1Parser.Head(start: line, minorVersion: minor, headers: headers)
    }

    private static func startLine(
        _ line: ArraySlice<UInt8>, _ role: HTTP1Parser.Role
    ) throws(HTTP1Error) -> (HTTP1Parser.StartLine, Int) {
        let text = String(decoding: line.prefix(128), as: UTF8.self)
        let parts = line.split(separator: 32, maxSplits: 2, omittingEmptySubsequences: false)
        guard line.allSatisfy({ $0 >= 32 && $0 != 127 }) else { throw .startLine(text) }
        switch role {
        case .requests:
            guard parts.count == 3, !parts[0].isEmpty, parts[0].allSatisfy(isToken), !parts[1].isEmpty,
                parts[1].allSatisfy({ $0 > 32 && $0 < 127 })
            else { throw .startLine(text) }
            let minor = try version(parts[2])
            return (.request(method: string(parts[0]), target: string(parts[1])), minor)
        case .responses:
            guard parts.count >= 2, parts[1].count == 3, let status = Int(string(parts[1])), status >= 100
            else {
                throw .startLine(text)
            }
            let minor = try version(parts[0])
            return (.response(status: status, reason: parts.count == 3 ? string(parts[2]) : ""), minor)
        }
    }

    private static func version(_ bytes: ArraySlice<UInt8>) throws(HTTP1Error) -> Int {
        switch string(bytes) {
        case "HTTP/1.1": return 1
        case "HTTP/1.0": return 0
        case let text where text.hasPrefix("HTTP/"): throw .version(String(text.prefix(32)))
        case let text: throw .startLine(String(text.prefix(32)))
        }
    }

    /// One field line.
    static func field(_ line: ArraySlice<UInt8>) throws(HTTP1Error) -> HTTPHeaders.Field {
        func fault() -> HTTP1Error { .field(String(decoding: line.prefix(64), as: UTF8.self)) }
        guard let colon = line.firstIndex(of: 58), colon > line.startIndex, line[..<colon].allSatisfy(isToken)
        else {
            throw fault()
        }
        var value = line[(colon + 1)...]
        while let first = value.first, first == 32 || first == 9 { value.removeFirst() }
        while let last = value.last, last == 32 || last == 9 { value.removeLast() }
        guard value.allSatisfy({ $0 == 9 || $0 >= 32 && $0 != 127 }) else { throw fault() }
        return HTTPHeaders.Field(name: string(line[..<colon]), value: string(value))
    }

    private static func string(_ bytes: ArraySlice<UInt8>) -> String {
        String(decoding: bytes, as: UTF8.self)
    }

    /// Whether an octet may be in `host[:port]` (RFC 3986 §3.2.2, without user information).
    static func mayBeInHost(_ octet: UInt8) -> Bool {
        switch octet {
        case 48...57, 65...90, 97...122: true
        // - . _ ~ and % : [ ], then the sub-delimiters
        case 45, 46, 95, 126, 37, 58, 91, 93: true
        case 33, 36, 38...44, 59, 61: true
        default: false
        }
    }

    /// Whether an octet may be in a method or a field name (RFC 9110 §5.6.2).
    private static func isToken(_ octet: UInt8) -> Bool {
        switch octet {
        case 48...57, 65...90, 97...122: true
        case 33, 35, 36, 37, 38, 39, 42, 43, 45, 46, 94, 95, 96, 124, 126: true
        default: false
        }
    }
}
