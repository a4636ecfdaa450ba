// The two forms of a log line. Both are one line whatever is in the fields, and bounded, so that what a peer sends
// cannot forge a line or fill a disk.

/// How log lines are written.
public enum LogFormat: String, CaseIterable, Sendable {
    /// `2026-11-21T14:10:00.123Z info registered resource=aws.amazon.com/neuroncore devices=24 took=12ms`
    case text
    /// `{"time":"...","level":"info","message":"registered","resource":"...","devices":24,"took":"12ms"}`
    case json
}

/// One event, ready to be written.
struct LogLine {
    /// Bytes of a field's value beyond this are cut off.
    static let maximumValue = 2_048

    let time: String
    let level: LogLevel
    let message: String
    let fields: [(String, any LogValue)]

    func bytes(_ format: LogFormat) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(160)
        switch format {
        case .text: writeText(&bytes)
        case .json: writeJSON(&bytes)
        }
        bytes.append(UInt8(ascii: "\n"))
        return bytes
    }

    private func writeText(_ bytes: inout [UInt8]) {
        bytes += "\(time) \(level) ".utf8
        Self.writeEscaped(message, &bytes, quotes: false)
        for (key, value) in fields {
            bytes.append(UInt8(ascii: " "))
            bytes += key.utf8
            bytes.append(UInt8(ascii: "="))
            let text = Self.cut(value.logText)
            if Self.isPlain(text) {
                bytes += text.utf8
            } else {
                bytes.append(UInt8(ascii: "\""))
                Self.writeEscaped(text, &bytes, quotes: true)
                bytes.append(UInt8(ascii: "\""))
            }
        }
    }

    private func writeJSON(_ bytes: inout [UInt8]) {
        bytes += "{\"time\":\"\(time)\",\"level\":\"\(level)\",\"message\":\"".utf8
        Self.writeEscaped(message, &bytes, quotes: true)
        bytes.append(UInt8(ascii: "\""))
        for (key, value) in fields {
            bytes += ",\"".utf8
            Self.writeEscaped(key, &bytes, quotes: true)
            bytes += "\":".utf8
            if value.isJSONLiteral {
                bytes += value.logText.utf8
            } else {
                bytes.append(UInt8(ascii: "\""))
                Self.writeEscaped(Self.cut(value.logText), &bytes, quotes: true)
                bytes.append(UInt8(ascii: "\""))
            }
        }
        bytes.append(UInt8(ascii: "}"))
    }

    private static func cut(_ text: String) -> String {
        guard text.utf8.count > maximumValue else { return text }
        return String(decoding: text.utf8.prefix(maximumValue), as: UTF8.self) + "..."
    }

    /// Can the value stand without quotes?
    private static func isPlain(_ text: String) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7f && $0 != 0x22 && $0 != 0x3d && $0 != 0x5c }
    }

    /// Control characters never reach the line: a terminal must not obey a peer, and a line must stay one.
    private static func writeEscaped(_ text: String, _ bytes: inout [UInt8], quotes: Bool) {
        let digits = Array("0123456789abcdef".utf8)
        for byte in text.utf8 {
            switch byte {
            case 0x22 where quotes, 0x5c where quotes: bytes += [0x5c, byte]
            case 0x0a: bytes += "\\n".utf8
            case 0x0d: bytes += "\\r".utf8
            case 0x09: bytes += "\\t".utf8
            case 0..<0x20, 0x7f: bytes += "\\u00".utf8 + [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            default: bytes.append(byte)
            }
        }
    }
}
