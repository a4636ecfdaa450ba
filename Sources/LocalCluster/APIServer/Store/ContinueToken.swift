// The token that carries a paged list on: the version of the list and the key after which to go on, as the real server
// encodes them (storage/continue.go): base64url without padding of a small JSON object.

internal import JSON

/// Where a paged list goes on.
struct ContinueToken: Equatable {
    /// The version of the first page; -1 for "whatever is there now".
    var revision: Int64
    /// The key of the last object that was sent, relative to the list's prefix.
    var after: String

    init(revision: Int64, after: String) {
        self.revision = revision
        self.after = after
    }

    init(parsing text: String) throws(APIError) {
        let fault = APIError.badRequest("invalid continue token: continue key is not valid: \(text)")
        guard let bytes = URLBase64.decode(text), let json = try? JSON(parsing: bytes) else { throw fault }
        guard json.v?.string == "meta.k8s.io/v1", let revision = json.rv?.int, var start = json.start?.string
        else { throw fault }
        if start.hasSuffix("\0") { start.removeLast() }
        if start.hasPrefix("/") { start.removeFirst() }
        self.revision = Int64(revision)
        after = start
    }

    var text: String {
        let json: JSON = [
            "v": "meta.k8s.io/v1", "rv": .int(revision), "start": .string("/" + after + "\0"),
        ]
        return URLBase64.encode(json.serialized())
    }
}

/// base64url without padding (RFC 4648 §5).
enum URLBase64 {
    private static let alphabet = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    static func encode(_ bytes: [UInt8]) -> String {
        var result: [UInt8] = []
        var index = 0
        while index < bytes.count {
            let rest = min(3, bytes.count - index)
            var word = 0
            for offset in 0..<3 { word = word << 8 | (offset < rest ? Int(bytes[index + offset]) : 0) }
            for offset in 0...rest { result.append(alphabet[word >> (18 - 6 * offset) & 63]) }
            index += 3
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// Decodes the url and the plain alphabet, padded or not; nil for other text.
    static func decode(_ text: String) -> [UInt8]? {
        var result: [UInt8] = []
        var word = 0
        var bits = 0
        for byte in text.utf8 {
            if byte == 61 { break }
            let value: Int
            switch byte {
            case 65...90: value = Int(byte) - 65
            case 97...122: value = Int(byte) - 71
            case 48...57: value = Int(byte) + 4
            case 43, 45: value = 62
            case 47, 95: value = 63
            default: return nil
            }
            word = (word << 6 | value) & 0xfff_ffff
            bits += 6
            if bits >= 8 {
                bits -= 8
                result.append(UInt8(word >> bits & 255))
            }
        }
        return result
    }
}
