// Messages as octets (RFC 9112). Names and values come from this program; still, what could split a message is taken out
// of values, since some of them repeat what a peer has sent.

/// Writes messages.
public enum HTTP1Encoder {
    /// The head of a request.
    public static func request(
        method: String, target: String, headers: HTTPHeaders, into output: inout [UInt8]
    ) {
        output.append(contentsOf: clean(method).utf8)
        output.append(32)
        output.append(contentsOf: clean(target).utf8)
        output.append(contentsOf: " HTTP/1.1\r\n".utf8)
        fields(headers, into: &output)
    }

    /// The head of a response.
    public static func response(status: Int, headers: HTTPHeaders, into output: inout [UInt8]) {
        startLine(status, into: &output)
        fields(headers, into: &output)
    }

    /// A response whose length is known, with what the connection adds to its fields.
    ///
    /// - Parameters:
    ///   - length: for Content-Length; nil where there must be none (RFC 9110 §8.6).
    ///   - isLast: whether the connection ends with it.
    public static func response(
        status: Int, headers: HTTPHeaders, length: Int?, isLast: Bool, into output: inout [UInt8]
    ) {
        startLine(status, into: &output)
        for field in headers.fields {
            if length != nil, HTTPHeaders.equal(field.name, "content-length") { continue }
            if isLast, HTTPHeaders.equal(field.name, "connection") { continue }
            self.field(field, into: &output)
        }
        if let length {
            output.append(contentsOf: "content-length: ".utf8)
            digits(length, into: &output)
            output.append(contentsOf: [13, 10])
        }
        if isLast { output.append(contentsOf: "connection: close\r\n".utf8) }
        output.append(contentsOf: [13, 10])
    }

    private static func startLine(_ status: Int, into output: inout [UInt8]) {
        output.append(contentsOf: "HTTP/1.1 ".utf8)
        digits(status, into: &output)
        output.append(32)
        output.append(contentsOf: reason(status).utf8)
        output.append(contentsOf: [13, 10])
    }

    /// A number without a sign.
    private static func digits(_ number: Int, into output: inout [UInt8]) {
        guard number >= 10 else { return output.append(48 + UInt8(truncatingIfNeeded: max(0, number))) }
        digits(number / 10, into: &output)
        output.append(48 + UInt8(truncatingIfNeeded: number % 10))
    }

    /// One chunk of a chunked body; nothing for no octets, since an empty chunk would end the body.
    public static func chunk(_ bytes: [UInt8], into output: inout [UInt8]) {
        guard !bytes.isEmpty else { return }
        output.append(contentsOf: String(bytes.count, radix: 16).utf8)
        output.append(contentsOf: [13, 10])
        output.append(contentsOf: bytes)
        output.append(contentsOf: [13, 10])
    }

    /// The end of a chunked body, without trailers.
    public static func lastChunk(into output: inout [UInt8]) { output.append(contentsOf: "0\r\n\r\n".utf8) }

    private static func fields(_ headers: HTTPHeaders, into output: inout [UInt8]) {
        for field in headers.fields { self.field(field, into: &output) }
        output.append(contentsOf: [13, 10])
    }

    private static func field(_ field: HTTPHeaders.Field, into output: inout [UInt8]) {
        output.append(contentsOf: clean(field.name).utf8)
        output.append(contentsOf: ": ".utf8)
        output.append(contentsOf: clean(field.value).utf8)
        output.append(contentsOf: [13, 10])
    }

    /// The text without CR, LF and NUL.
    private static func clean(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 == 13 || $0 == 10 || $0 == 0 }) else { return text }
        return String(decoding: text.utf8.filter { $0 != 13 && $0 != 10 && $0 != 0 }, as: UTF8.self)
    }

    /// The usual words for a status (RFC 9110 §15).
    public static func reason(_ status: Int) -> String {
        switch status {
        case 100: "Continue"
        case 101: "Switching Protocols"
        case 200: "OK"
        case 201: "Created"
        case 202: "Accepted"
        case 204: "No Content"
        case 301: "Moved Permanently"
        case 304: "Not Modified"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 406: "Not Acceptable"
        case 408: "Request Timeout"
        case 409: "Conflict"
        case 410: "Gone"
        case 413: "Content Too Large"
        case 415: "Unsupported Media Type"
        case 421: "Misdirected Request"
        case 422: "Unprocessable Content"
        case 429: "Too Many Requests"
        case 431: "Request Header Fields Too Large"
        case 500: "Internal Server Error"
        case 501: "Not Implemented"
        case 502: "Bad Gateway"
        case 503: "Service Unavailable"
        case 504: "Gateway Timeout"
        case 505: "HTTP Version Not Supported"
        default: "Status \(status)"
        }
    }
}
