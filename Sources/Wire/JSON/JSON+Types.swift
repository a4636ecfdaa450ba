// The short way between octets and types, without a `JSON` between them: what is decoded thousands of times a second.

internal import FoundationEssentials

extension JSON {
    /// Reads a type out of a document.
    ///
    /// - Parameter range: where the document is in `bytes`; nil for all of them.
    /// - Throws: `JSONError` that names the member and what was expected.
    public static func decode<T: Decodable>(
        _ type: T.Type = T.self, from bytes: [UInt8], in range: Range<Int>? = nil
    ) throws(JSONError) -> T {
        let part = bytes[(range ?? bytes.indices).clamped(to: bytes.indices)]
        do {
            return try JSONDecoder().decode(type, from: Data(part))
        } catch {
            throw JSONError(decoding: error)
        }
    }

    /// The document of a type, with sorted keys.
    ///
    /// - Throws: `JSONError` where the type cannot be encoded.
    public static func encode<T: Encodable>(_ value: T) throws(JSONError) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return Array(try encoder.encode(value))
        } catch {
            throw JSONError(decoding: error)
        }
    }
}
