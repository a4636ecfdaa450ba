// GPT-2 writes each octet as a character that can be seen: those of Latin-1 that can be stand for themselves, the others
// are shifted behind them, in order.

/// Octets as the characters of a byte-level vocabulary.
enum ByteAlphabet {
    /// By octet.
    static let scalars: [Unicode.Scalar] = {
        var shifted: UInt32 = 256
        return (0..<256 as Range<UInt32>).map { octet in
            var value = octet
            if !(0x21...0x7e ~= octet || 0xa1...0xac ~= octet || 0xae...0xff ~= octet) {
                value = shifted
                shifted += 1
            }
            return Unicode.Scalar(value) ?? "\u{fffd}"
        }
    }()

    private static let octets: [UInt32: UInt8] = Dictionary(
        uniqueKeysWithValues: scalars.enumerated().map { ($1.value, UInt8($0)) })

    /// The octets that a token stands for; nil where a character stands for none.
    static func octets(of token: String) -> [UInt8]? {
        var result: [UInt8] = []
        result.reserveCapacity(token.unicodeScalars.count)
        for scalar in token.unicodeScalars {
            // Most are letters that stand for themselves.
            if 0x21...0x7e ~= scalar.value {
                result.append(UInt8(scalar.value))
            } else if let octet = octets[scalar.value] {
                result.append(octet)
            } else {
                return nil
            }
        }
        return result
    }
}
