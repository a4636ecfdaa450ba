// Paths and queries of a target (RFC 3986 §2.1).

/// Percent-encoding.
package enum PercentEncoding {
    /// The text with each octet that is not unreserved written as %XX; `keeping` names further characters to leave.
    package static func encode(_ text: String, keeping: String = "") -> String {
        let kept = Set(keeping.utf8)
        var output: [UInt8] = []
        for octet in text.utf8 {
            switch octet {
            case 48...57, 65...90, 97...122, 45, 46, 95, 126: output.append(octet)
            case _ where kept.contains(octet): output.append(octet)
            default: output.append(contentsOf: [37, hexadecimal(octet >> 4), hexadecimal(octet & 15)])
            }
        }
        return String(decoding: output, as: UTF8.self)
    }

    /// The text with each %XX as its octet; a lone % stays as it is.
    ///
    /// - Parameter plusIsSpace: whether + stands for a space, as in a query.
    package static func decode(_ text: Substring, plusIsSpace: Bool = false) -> String {
        var output: [UInt8] = []
        let octets = Array(text.utf8)
        var index = 0
        while index < octets.count {
            if octets[index] == 37, index + 2 < octets.count, let high = value(octets[index + 1]),
                let low = value(octets[index + 2])
            {
                output.append(high << 4 | low)
                index += 3
            } else {
                output.append(plusIsSpace && octets[index] == 43 ? 32 : octets[index])
                index += 1
            }
        }
        return String(decoding: output, as: UTF8.self)
    }

    private static func hexadecimal(_ value: UInt8) -> UInt8 { value < 10 ? 48 + value : 55 + value }

    private static func value(_ octet: UInt8) -> UInt8? {
        switch octet {
        case 48...57: octet - 48
        case 65...70: octet - 55
        case 97...102: octet - 87
        default: nil
        }
    }
}
