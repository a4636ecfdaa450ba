// Go writes byte slices into JSON as base64 (RFC 4648 §4); the checkpoint holds the plugin's answer so.

/// Standard base64 with padding.
enum Base64 {
    private static let alphabet = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    static func encode(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count + 2) / 3 * 4)
        var index = 0
        while index < bytes.count {
            let count = min(3, bytes.count - index)
            var group: UInt32 = 0
            for offset in 0..<3 { group = group << 8 | (offset < count ? UInt32(bytes[index + offset]) : 0) }
            for position in 0..<4 {
                let value = Int(group >> UInt32(18 - 6 * position)) & 63
                text.append(position <= count ? alphabet[value] : UInt8(ascii: "="))
            }
            index += 3
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// nil where the text is not base64.
    static func decode(_ text: String) -> [UInt8]? {
        let input = Array(text.utf8)
        guard input.count % 4 == 0 else { return nil }
        let padding = input.reversed().prefix { $0 == UInt8(ascii: "=") }.count
        guard padding <= 2 else { return nil }
        var bytes: [UInt8] = []
        var group: UInt32 = 0
        for (index, byte) in input.enumerated() {
            var value: UInt32 = 0
            if index < input.count - padding {
                guard let found = alphabet.firstIndex(of: byte) else { return nil }
                value = UInt32(found)
            }
            group = group << 6 | value
            if index % 4 == 3 {
                bytes += [UInt8(group >> 16 & 255), UInt8(group >> 8 & 255), UInt8(group & 255)]
                group = 0
            }
        }
        bytes.removeLast(min(padding, bytes.count))
        return bytes
    }
}
