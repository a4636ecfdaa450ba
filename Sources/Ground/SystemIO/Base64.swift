// Base64 comes in several dresses: padded in Secrets, kubeconfig files and checkpoints, bare in gRPC's `-bin` metadata,
// with the alphabet for URLs in continue tokens. It is one coding, so it stands here once.

/// RFC 4648 §4 and §5.
public enum Base64 {
    /// What a coded text may look like besides the strict form.
    public struct Leniency: OptionSet, Sendable {
        /// The bits of the set.
        public let rawValue: UInt8
        /// A set by its bits.
        public init(rawValue: UInt8) { self.rawValue = rawValue }

        /// The `=` at the end may be missing, or be too many.
        public static let padding = Leniency(rawValue: 1)
        /// `-` and `_` stand for `+` and `/` (§5).
        public static let urlAlphabet = Leniency(rawValue: 2)
        /// White space between digits is skipped.
        public static let whiteSpace = Leniency(rawValue: 4)
    }

    private static let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789".utf8)
    private static let plainDigits = digits + Array("+/".utf8)
    private static let urlDigits = digits + Array("-_".utf8)

    /// The coded text.
    ///
    /// - Parameters:
    ///   - padded: whether `=` fills the last group.
    ///   - url: whether the alphabet is that for URLs and file names (§5).
    public static func encode(_ octets: some Sequence<UInt8>, padded: Bool = true, url: Bool = false)
        -> String
    {
        let alphabet = url ? urlDigits : plainDigits
        var text: [UInt8] = []
        text.reserveCapacity((octets.underestimatedCount + 2) / 3 * 4)
        var bits: UInt32 = 0
        var count = 0
        for octet in octets {
            bits = (bits & 0xff) << 8 | UInt32(octet)
            count += 8
            while count >= 6 {
                count -= 6
                text.append(alphabet[Int(bits >> UInt32(count) & 63)])
            }
        }
        if count > 0 { text.append(alphabet[Int(bits << UInt32(6 - count) & 63)]) }
        while padded, text.count % 4 != 0 { text.append(UInt8(ascii: "=")) }
        return String(decoding: text, as: UTF8.self)
    }

    /// The octets; nil for what is no Base64. Bits after the last octet are not looked at.
    public static func decode(_ text: some StringProtocol, allowing leniency: Leniency = []) -> [UInt8]? {
        var octets: [UInt8] = []
        octets.reserveCapacity(text.utf8.count / 4 * 3)
        var bits: UInt32 = 0
        var digits = 0
        var padding = 0
        for character in text.utf8 {
            switch character {
            case UInt8(ascii: "="): padding += 1
            case UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: "\t"):
                guard leniency.contains(.whiteSpace) else { return nil }
            default:
                guard padding == 0, let value = value(of: character, leniency) else { return nil }
                bits = (bits & 0x3ffff) << 6 | value
                digits += 1
                // Each digit but the first of four ends an octet.
                if digits % 4 != 1 {
                    octets.append(UInt8(truncatingIfNeeded: bits >> UInt32((4 - digits % 4) % 4 * 2)))
                }
            }
        }
        guard digits % 4 != 1 else { return nil }
        guard leniency.contains(.padding) || (padding <= 2 && (digits + padding) % 4 == 0) else { return nil }
        return octets
    }

    private static func value(of character: UInt8, _ leniency: Leniency) -> UInt32? {
        switch character {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(character - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(character - UInt8(ascii: "a")) + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(character - UInt8(ascii: "0")) + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        case UInt8(ascii: "-"): leniency.contains(.urlAlphabet) ? 62 : nil
        case UInt8(ascii: "_"): leniency.contains(.urlAlphabet) ? 63 : nil
        default: nil
        }
    }
}
