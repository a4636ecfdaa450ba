// grpc-message may hold any text and a header may not (doc/PROTOCOL-HTTP2.md, "Status-Message").

internal import Text

/// The percent encoding of grpc-message.
enum PercentCoding {
    /// Keeps blank to `$` and `&` to `~`; every other octet of the UTF-8 becomes `%XX`.
    static func encode(_ text: String) -> String {
        let encoded = PercentEncoding.encode(text) { (0x20...0x7e).contains($0) && $0 != UInt8(ascii: "%") }
        guard encoded.first == " " || encoded.last == " " else { return encoded }
        // A header value neither begins nor ends with a blank (RFC 9113 §8.2.1).
        var output = Array(encoded.utf8)
        if output.last == 0x20 { output.replaceSubrange(output.count - 1..<output.count, with: "%20".utf8) }
        if output.first == 0x20 { output.replaceSubrange(0..<1, with: "%20".utf8) }
        return String(decoding: output, as: UTF8.self)
    }

    /// Never fails: what is no `%XX` stays as it is, what is no UTF-8 becomes U+FFFD.
    static func decode(_ text: String) -> String { PercentEncoding.decode(text) }
}
