// The way between bytes, this value and Codable types. Keys are sorted: equal values have equal bytes.

internal import FoundationEssentials

/// Bytes that are not JSON, or JSON that is not of the shape asked for.
public struct JSONError: Error, Equatable, CustomStringConvertible {
    /// One sentence: where, and what is wrong.
    public let description: String

    /// An error with its sentence.
    public init(_ description: String) { self.description = description }
}

extension JSONError {
    /// What a decoder or an encoder has thrown; an error of this type stays as it is.
    public init(decoding error: any Error) { self = error as? JSONError ?? JSONError(Self.sentence(error)) }

    private static func sentence(_ error: any Error) -> String {
        func place(_ context: DecodingError.Context) -> String {
            let path = context.codingPath.map { $0.intValue.map { "[\($0)]" } ?? "." + $0.stringValue }
                .joined()
            return path.isEmpty ? "the document" : String(path.drop { $0 == "." })
        }
        guard let error = error as? DecodingError else { return "not valid JSON: \(error)" }
        switch error {
        case .dataCorrupted(let context):
            // The decoder's own words for malformed text say no more than that.
            let says = context.debugDescription
            let detail = says.hasPrefix("The given data was not valid JSON") ? "" : ": \(says)"
            return "\(place(context)) is not valid JSON" + detail
        case .keyNotFound(let key, let context):
            return "\(place(context)) lacks \"\(key.stringValue)\""
        case .typeMismatch(let type, let context):
            return "\(place(context)) is not \(noun(of: type))"
        case .valueNotFound(let type, let context):
            return "\(place(context)) is null, expected \(noun(of: type))"
        @unknown default:
            return "not valid JSON: \(error)"
        }
    }
}

extension JSON {
    /// The levels that a document may be nested where nothing else is said: what types are decoded from has the same limit.
    public static let maximumDepth = 512

    /// Parses one JSON document (RFC 8259). Of members with the same name the last one counts.
    ///
    /// - Parameters:
    ///   - range: where the document is in `bytes`; nil for all of them.
    ///   - maximumDepth: levels of arrays and objects within each other. A caller that reads what a stranger has sent, and
    ///     knows its shape, allows few.
    /// - Throws: `JSONError` that says where the fault is.
    public init(
        parsing bytes: [UInt8], in range: Range<Int>? = nil, maximumDepth: Int = JSON.maximumDepth
    ) throws(JSONError) {
        var reader = JSONReader(
            bytes, (range ?? bytes.indices).clamped(to: bytes.indices), maximumDepth: maximumDepth)
        self = try reader.document()
    }

    /// Parses one JSON document.
    public init(parsing text: String) throws(JSONError) { try self.init(parsing: Array(text.utf8)) }

    /// The document as bytes with sorted keys.
    ///
    /// - Parameter pretty: whether to break lines and indent.
    public func serialized(pretty: Bool = false) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting =
            pretty
            ? [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted] : [.sortedKeys, .withoutEscapingSlashes]
        // Only a number that is not finite could fail to encode; such a number becomes null.
        guard let data = try? encoder.encode(self) else { return Array("null".utf8) }
        return Array(data)
    }

    /// The document as text with sorted keys.
    public func text(pretty: Bool = false) -> String {
        String(decoding: serialized(pretty: pretty), as: UTF8.self)
    }

    /// Reads a type out of this value.
    ///
    /// - Throws: `JSONError` that names the member and what was expected.
    public func decode<T: Decodable>(_ type: T.Type = T.self) throws(JSONError) -> T {
        do {
            return try JSONDecoder().decode(type, from: Data(serialized()))
        } catch {
            throw JSONError(decoding: error)
        }
    }

    /// The value of a type.
    ///
    /// - Throws: `JSONError` where the type cannot be encoded.
    public init<T: Encodable>(encoding value: T) throws(JSONError) {
        do {
            self = try JSONDecoder().decode(JSON.self, from: JSONEncoder().encode(value))
        } catch {
            throw JSONError(decoding: error)
        }
    }
}

/// A type in the words of somebody who writes JSON.
private func noun(of type: Any.Type) -> String {
    switch type {
    case is String.Type: "a string"
    case is Bool.Type: "true or false"
    case is any FixedWidthInteger.Type: "a whole number"
    case is any BinaryFloatingPoint.Type: "a number"
    case is [Any].Type: "a list"
    case is [String: Any].Type: "an object"
    default: "of type \(type)"
    }
}

extension JSON: Codable {
    /// Decodes any JSON value.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(String.self) {
            self = .string(value)
        } else if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(Int64.self) {
            self = .int(value)
        } else if let value = try? container.decode(Double.self) {
            // A fraction that a double cannot hold is gone: then it is the whole number that it is written as.
            self = Int64(exactly: value).map { .int($0) } ?? .double(value)
        } else if let value = try? container.decode([String: JSON].self) {
            self = .object(value)
        } else {
            self = .array(try container.decode([JSON].self))
        }
    }

    /// Encodes as the JSON value it is; a number that is not finite becomes `null`.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .bool(let value): try container.encode(value)
        case .int(let value): try container.encode(value)
        case .double(let value):
            if value.isFinite { try container.encode(value) } else { try container.encodeNil() }
        case .string(let value): try container.encode(value)
        case .array(let value): try container.encode(value)
        case .object(let value): try container.encode(value)
        }
    }
}
