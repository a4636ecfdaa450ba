// How Kubernetes' types stand in JSON, once for all of them: a list, a map or a part that is absent or null is empty, and
// what is empty is left out. Synthesized conformances find these overloads before the standard library's, so a type only
// names its fields. They hold in every file that imports this module.

/// A type with a value for "nothing was said".
public protocol DefaultInitializable {
    /// The value of a field that is absent.
    init()
}

extension KeyedDecodingContainer {
    /// A list; empty where it is absent or null.
    public func decode<Element: Decodable>(_ type: [Element].Type, forKey key: Key) throws -> [Element] {
        try decodeIfPresent(type, forKey: key) ?? []
    }

    /// A map; empty where it is absent or null.
    public func decode<Name: Decodable, Value: Decodable>(
        _ type: [Name: Value].Type, forKey key: Key
    ) throws -> [Name: Value] {
        try decodeIfPresent(type, forKey: key) ?? [:]
    }

    /// A part; its default where it is absent or null.
    public func decode<Part: Decodable & DefaultInitializable>(
        _ type: Part.Type, forKey key: Key
    ) throws -> Part {
        try decodeIfPresent(type, forKey: key) ?? Part()
    }
}

extension KeyedEncodingContainer {
    /// A list; left out where it is empty.
    public mutating func encode<Element: Encodable>(_ list: [Element], forKey key: Key) throws {
        try encodeIfPresent(list.isEmpty ? nil : list, forKey: key)
    }

    /// A map; left out where it is empty.
    public mutating func encode<Name: Encodable, Value: Encodable>(
        _ map: [Name: Value], forKey key: Key
    ) throws {
        try encodeIfPresent(map.isEmpty ? nil : map, forKey: key)
    }

    /// A part; left out where it is the default.
    public mutating func encode<Part: Encodable & Equatable & DefaultInitializable>(
        _ part: Part, forKey key: Key
    ) throws {
        try encodeIfPresent(part == Part() ? nil : part, forKey: key)
    }
}
