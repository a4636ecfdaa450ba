// %XX in targets of requests (RFC 3986 §2.1) and in grpc-message (gRPC's PROTOCOL-HTTP2, "Status-Message"): the octets that
// stay as they are differ, the rest is the same.

/// Percent-encoding.
public enum PercentEncoding {
    /// The text with each octet that is not unreserved written as %XX; `keeping` names further characters to leave.
    public static func encode(_ text: String, keeping: String = "") -> String {
        let kept = Set(keeping.utf8)
        return encode(text) { isUnreserved($0) || kept.contains($0) }
    }

    /// The text with each octet of its UTF-8 that does not stay as it is written as %XX, in capitals.
    public static func encode(_ text: String, where stays: (UInt8) -> Bool) -> String {
        var output: [UInt8] = []
        output.reserveCapacity(text.utf8.count)
        for octet in text.utf8 {
            if stays(octet) {
                output.append(octet)
            } else {
                output.append(UInt8(ascii: "%"))
                output.append(digit(octet >> 4))
                output.append(digit(octet & 15))
            }
        }
        return String(decoding: output, as: UTF8.self)
    }

    /// The text with each %XX as its octet. Never fails: a lone % stays as it is, what is no UTF-8 becomes U+FFFD.
    ///
    /// - Parameter plusIsSpace: whether + stands for a space, as in a query.
    public static func decode(_ text: some StringProtocol, plusIsSpace: Bool = false) -> String {
        guard text.utf8.contains(where: { $0 == UInt8(ascii: "%") || $0 == UInt8(ascii: "+") }) else {
            return String(text)
        }
        let octets = Array(text.utf8)
        var output: [UInt8] = []
        output.reserveCapacity(octets.count)
        var index = 0
        while index < octets.count {
            if octets[index] == UInt8(ascii: "%"), index + 2 < octets.count,
                let high = value(octets[index + 1]), let low = value(octets[index + 2])
            {
                output.append(high << 4 | low)
                index += 3
            } else {
                let isSpace = plusIsSpace && octets[index] == UInt8(ascii: "+")
                output.append(isSpace ? UInt8(ascii: " ") : octets[index])
                index += 1
            }
        }
        return String(decoding: output, as: UTF8.self)
    }

    /// RFC 3986 §2.3.
    private static func isUnreserved(_ octet: UInt8) -> Bool {
        switch octet {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"):
            true
        default: false
        }
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
