// The vocabulary of a tokenizer.json. It is read octet by octet and cut out before the rest is parsed: as keys of a Swift
// dictionary, two tokens that differ in code points only, such as a letter with its accent in one or in two, would be one.

/// Finds `model.vocab` in the octets of a tokenizer.json.
struct VocabularyScanner {
    /// A token's UTF-8 and its id.
    typealias Entry = (token: [UInt8], id: Int32)

    /// In the file's order.
    private(set) var entries: [Entry] = []
    /// Of a list of tokens with scores, which are numbered as they come, the scores; else none.
    private(set) var scores: [Double] = []
    /// The file with an empty object in the vocabulary's place. Whether it is JSON is for its parser to say.
    private(set) var rest: [UInt8] = []

    private let bytes: [UInt8]
    private var index = 0

    /// What is wrong with the vocabulary.
    struct Fault: Error, Equatable {
        let description: String
    }

    /// Scans a file; without a vocabulary, `rest` is all of it.
    ///
    /// - Throws: `Fault` when the vocabulary is not an object of ids, or an id is not a number below 4,000,000.
    init(_ bytes: [UInt8]) throws(Fault) {
        self.bytes = bytes
        guard let start = findVocabulary() else {
            rest = bytes
            return
        }
        index = start
        if bytes[start] == UInt8(ascii: "{") { try readObject() } else { try readList() }
        rest = bytes[..<start] + Array("{}".utf8) + bytes[index...]
    }

    /// The octet behind `"model": {... "vocab": {`, on that brace, or on the bracket of a list.
    private mutating func findVocabulary() -> Int? {
        // The key that leads to each level that is open; nil for lists.
        var path: [[UInt8]?] = []
        var key: [UInt8]?
        while index < bytes.count {
            switch bytes[index] {
            case UInt8(ascii: "\""):
                let start = index + 1
                skipString()
                key = Array(bytes[start..<index])
                index += 1
            case UInt8(ascii: ":"): index += 1
            case UInt8(ascii: "{"):
                if path.count == 2, path[1] == Array("model".utf8), key == Array("vocab".utf8) {
                    return index
                }
                path.append(key)
                key = nil
                index += 1
            case UInt8(ascii: "["):
                if path.count == 2, path[1] == Array("model".utf8), key == Array("vocab".utf8) {
                    return index
                }
                path.append(nil)
                index += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                _ = path.popLast()
                index += 1
            default: index += 1
            }
        }
        return nil
    }

    /// To the quotation mark that ends the string that begins here.
    private mutating func skipString() {
        index += 1
        while index < bytes.count, bytes[index] != UInt8(ascii: "\"") {
            index += bytes[index] == UInt8(ascii: "\\") ? 2 : 1
        }
        // An escape may be cut off at the end.
        index = min(index, bytes.count)
    }

    private mutating func readObject() throws(Fault) {
        index += 1
        skipBlanks()
        if take("}") { return }
        repeat {
            skipBlanks()
            let token = try readString()
            skipBlanks()
            guard take(":") else { throw fault("has no colon") }
            skipBlanks()
            entries.append((token, try readNumber()))
            skipBlanks()
        } while take(",")
        guard take("}") else { throw fault("does not end") }
    }

    /// `[["token", -1.5], ...]`
    private mutating func readList() throws(Fault) {
        index += 1
        skipBlanks()
        if take("]") { return }
        repeat {
            skipBlanks()
            guard take("[") else { throw fault("has an entry that is no pair") }
            skipBlanks()
            let token = try readString()
            skipBlanks()
            guard take(",") else { throw fault("has no comma") }
            skipBlanks()
            guard entries.count < 4_000_000 else { throw fault("has more than 4000000 tokens") }
            entries.append((token, Int32(entries.count)))
            scores.append(try readScore())
            skipBlanks()
            guard take("]") else { throw fault("has an entry that is no pair") }
            skipBlanks()
        } while take(",")
        guard take("]") else { throw fault("does not end") }
    }

    private mutating func readScore() throws(Fault) -> Double {
        let start = index
        while index < bytes.count, index - start < 64,
            (48...57).contains(bytes[index]) || [0x2b, 0x2d, 0x2e, 0x45, 0x65].contains(bytes[index])
        { index += 1 }
        let text = String(decoding: bytes[start..<index], as: UTF8.self)
        guard let score = Double(text), score.isFinite else { throw fault("has a score that is no number") }
        return score
    }

    private mutating func readNumber() throws(Fault) -> Int32 {
        var value: Int32 = 0
        let start = index
        while index < bytes.count, (48...57).contains(bytes[index]) {
            guard index - start < 7 else { throw fault("has an id that is too large") }
            value = value * 10 + Int32(bytes[index] - 48)
            index += 1
        }
        guard index > start, value < 4_000_000 else {
            throw fault("has an id that is no number below 4000000")
        }
        return value
    }

    private mutating func readString() throws(Fault) -> [UInt8] {
        guard take("\"") else { throw fault("has no token") }
        var token: [UInt8] = []
        while index < bytes.count {
            let octet = bytes[index]
            index += 1
            switch octet {
            case UInt8(ascii: "\""):
                guard String(validating: token, as: UTF8.self) != nil else {
                    throw fault("has a token that is no UTF-8")
                }
                return token
            case UInt8(ascii: "\\"): token += try readEscape()
            case 0..<32: throw fault("has a token with a control character")
            default: token.append(octet)
            }
        }
        throw fault("ends within a token")
    }

    private mutating func readEscape() throws(Fault) -> [UInt8] {
        guard index < bytes.count else { throw fault("ends within a token") }
        let octet = bytes[index]
        index += 1
        switch octet {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [octet]
        case UInt8(ascii: "b"): return [8]
        case UInt8(ascii: "f"): return [12]
        case UInt8(ascii: "n"): return [10]
        case UInt8(ascii: "r"): return [13]
        case UInt8(ascii: "t"): return [9]
        case UInt8(ascii: "u"):
            var code = try readCode()
            if (0xd800..<0xdc00).contains(code), take("\\"), take("u") {
                let low = try readCode()
                guard (0xdc00..<0xe000).contains(low) else { throw fault("has half a surrogate pair") }
                code = 0x10000 + (code - 0xd800) << 10 + (low - 0xdc00)
            }
            guard let scalar = Unicode.Scalar(code) else { throw fault("has half a surrogate pair") }
            return Array(String(scalar).utf8)
        default: throw fault("has an unknown escape")
        }
    }

    private mutating func readCode() throws(Fault) -> UInt32 {
        guard index + 4 <= bytes.count,
            bytes[index..<index + 4].allSatisfy({ Unicode.Scalar($0).properties.isASCIIHexDigit }),
            let code = UInt32(String(decoding: bytes[index..<index + 4], as: UTF8.self), radix: 16)
        else { throw fault("has an unknown escape") }
        index += 4
        return code
    }

    private mutating func skipBlanks() {
        while index < bytes.count, [9, 10, 13, 32].contains(bytes[index]) { index += 1 }
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard index < bytes.count, bytes[index] == UInt8(ascii: character) else { return false }
        index += 1
        return true
    }

    private func fault(_ what: String) -> Fault { Fault(description: "\(what) at octet \(index)") }
}
