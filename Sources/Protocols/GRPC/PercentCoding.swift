// grpc-message may hold any text and a header may not (doc/PROTOCOL-HTTP2.md, "Status-Message").

/// The percent encoding of grpc-message.
enum PercentCoding {
    /// Keeps blank to `$` and `&` to `~`; every other octet of the UTF-8 becomes `%XX`.
    static func encode(_ text: String) -> String {
        var output: [UInt8] = []
        for octet in text.utf8 {
            if octet >= 0x20, octet <= 0x7e, octet != UInt8(ascii: "%") {
                output.append(octet)
            } else {
                output.append(UInt8(ascii: "%"))
                output.append(digit(octet >> 4))
                output.append(digit(octet & 15))
            }
        }
        // A header value neither begins nor ends with a blank (RFC 9113 §8.2.1).
        if output.last == 0x20 { output.replaceSubrange(output.count - 1..<output.count, with: "%20".utf8) }
        if output.first == 0x20 { output.replaceSubrange(0..<1, with: "%20".utf8) }
        return String(decoding: output, as: UTF8.self)
    }

    /// Never fails: what is no `%XX` stays as it is, what is no UTF-8 becomes U+FFFD.
    static func decode(_ text: String) -> String {
        guard text.utf8.contains(UInt8(ascii: "%")) else { return text }
        let input = Array(text.utf8)
        var output: [UInt8] = []
        var index = 0
        while index < input.count {
            if input[index] == UInt8(ascii: "%"), index + 2 < input.count, let high = value(input[index + 1]),
                let low = value(input[index + 2])
            {
                output.append(high << 4 | low)
                index += 3
            } else {
                output.append(input[index])
                index += 1
            }
        }
        return String(decoding: output, as: UTF8.self)
    }

    private static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "A") + value - 10
    }

    private static func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        default: nil
        }
    }
}
