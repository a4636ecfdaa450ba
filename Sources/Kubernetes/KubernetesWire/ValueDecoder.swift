// The decoder that types see: fields by name, and each value as the type asks for it.

internal import JSON
internal import KubernetesAPI
internal import SystemIO

/// Where a value stands: only an error wants to know it, so it is put together then.
final class CodingTrail {
    private let parent: CodingTrail?
    private let key: any CodingKey

    init(_ parent: CodingTrail?, _ key: any CodingKey) {
        self.parent = parent
        self.key = key
    }

    static func keys(_ last: CodingTrail?) -> [any CodingKey] {
        var keys: [any CodingKey] = []
        var trail = last
        while let here = trail {
            keys.append(here.key)
            trail = here.parent
        }
        return keys.reversed()
    }
}

struct ValueDecoder: Decoder {
    let value: WireValue
    /// Where the message, list or map is that it stands in.
    let parent: CodingTrail?
    /// Under which name; nil for the object itself.
    var key: (any CodingKey)?
    var path: CodingTrail? { key.map { CodingTrail(parent, $0) } ?? parent }
    var codingPath: [any CodingKey] { CodingTrail.keys(path) }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        switch value {
        case .message(let message):
            guard !message.isBroken else { throw broken() }
            return KeyedDecodingContainer(FieldContainer(message: message, path: path))
        case .map(let entries, let field, let omitted):
            return KeyedDecodingContainer(MapContainer(entries, field, omitting: omitted, path: path))
        default: throw mismatch([String: Any].self)
        }
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        guard case .list(let values) = value else { throw mismatch([Any].self) }
        return ListContainer(values: values, path: path)
    }

    func singleValueContainer() throws -> any SingleValueDecodingContainer { self }

    func mismatch(_ type: Any.Type) -> DecodingError {
        .typeMismatch(type, DecodingError.Context(codingPath: codingPath, debugDescription: "another type"))
    }

    func broken() -> DecodingError {
        .dataCorrupted(DecodingError.Context(codingPath: codingPath, debugDescription: "no protobuf"))
    }

    func text() throws -> String {
        guard case .piece(let piece, let kind) = value else { throw mismatch(String.self) }
        switch kind {
        case .string: return piece.text
        case .octets: return Base64.encode(piece.octets[piece.range])
        case .quantity: return piece.parts().text?.text ?? "0"
        case .time: return timestamp(piece).microText
        case .intOrString:
            let parts = piece.parts()
            guard parts.first == 1 else { throw mismatch(String.self) }
            return parts.third?.text ?? ""
        default: throw mismatch(String.self)
        }
    }

    private func timestamp(_ piece: Piece) -> Timestamp {
        let parts = piece.parts()
        let seconds = Int64(bitPattern: parts.first)
        let nanoseconds = Int64(bitPattern: parts.second)
        guard abs(seconds) < 1 << 40, (0..<1_000_000_000).contains(nanoseconds) else {
            return Timestamp(microseconds: 0)
        }
        return Timestamp(microseconds: seconds * 1_000_000 + nanoseconds / 1000)
    }

    func number<Number: FixedWidthInteger>(_ type: Number.Type) throws -> Number {
        switch value {
        case .number(let bits, .int):
            guard let number = Number(exactly: Int64(bitPattern: bits)) else { throw mismatch(type) }
            return number
        case .piece(let piece, .intOrString):
            let parts = piece.parts()
            guard parts.first == 0, let number = Number(exactly: Int64(bitPattern: parts.second)) else {
                throw mismatch(type)
            }
            return number
        default: throw mismatch(type)
        }
    }

    /// A value of any type; those that stand in every object have a short way.
    func decoded<Value: Decodable>(_ type: Value.Type) throws -> Value {
        if type == Timestamp.self, case .piece(let piece, .time) = value,
            let time = timestamp(piece) as? Value
        {
            return time
        }
        if type == [String: String].self, case .map(let entries, let field, _) = value, field.kind == .string
        {
            var map: [String: String] = [:]
            map.reserveCapacity(entries.count)
            for entry in entries {
                let (key, content) = MapParts.of(entry)
                map[key] = content?.text ?? ""
            }
            if let map = map as? Value { return map }
        }
        if type == JSON.self, let json = try value.json(path) as? Value { return json }
        return try Value(from: self)
    }
}

extension ValueDecoder: SingleValueDecodingContainer {
    func decodeNil() -> Bool { false }
    func decode(_ type: Bool.Type) throws -> Bool {
        guard case .number(let bits, .bool) = value else { throw mismatch(type) }
        return bits != 0
    }
    func decode(_ type: String.Type) throws -> String { try text() }
    func decode(_ type: Double.Type) throws -> Double {
        guard case .number(let bits, let kind) = value else { throw mismatch(type) }
        return kind == .double ? Double(bitPattern: bits) : Double(Int64(bitPattern: bits))
    }
    func decode(_ type: Float.Type) throws -> Float { Float(try decode(Double.self)) }
    func decode(_ type: Int.Type) throws -> Int { try number(type) }
    func decode(_ type: Int8.Type) throws -> Int8 { try number(type) }
    func decode(_ type: Int16.Type) throws -> Int16 { try number(type) }
    func decode(_ type: Int32.Type) throws -> Int32 { try number(type) }
    func decode(_ type: Int64.Type) throws -> Int64 { try number(type) }
    func decode(_ type: UInt.Type) throws -> UInt { try number(type) }
    func decode(_ type: UInt8.Type) throws -> UInt8 { try number(type) }
    func decode(_ type: UInt16.Type) throws -> UInt16 { try number(type) }
    func decode(_ type: UInt32.Type) throws -> UInt32 { try number(type) }
    func decode(_ type: UInt64.Type) throws -> UInt64 { try number(type) }
    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try decoded(type) }
}

/// The fields of a message.
private struct FieldContainer<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let message: MessageView
    let path: CodingTrail?
    var codingPath: [any CodingKey] { CodingTrail.keys(path) }
    var allKeys: [Key] {
        message.names.compactMap { Key(stringValue: $0) }
    }

    func contains(_ key: Key) -> Bool { message.has(key.stringValue) }
    func decodeNil(forKey key: Key) throws -> Bool { !message.has(key.stringValue) }

    // What types ask for most is looked up once.
    func decodeIfPresent(_ type: String.Type, forKey key: Key) throws -> String? {
        try message.value(key.stringValue).map { try ValueDecoder(value: $0, parent: path, key: key).text() }
    }
    func decodeIfPresent(_ type: Bool.Type, forKey key: Key) throws -> Bool? {
        try message.value(key.stringValue).map {
            try ValueDecoder(value: $0, parent: path, key: key).decode(type)
        }
    }
    func decodeIfPresent(_ type: Int.Type, forKey key: Key) throws -> Int? {
        try message.value(key.stringValue).map {
            try ValueDecoder(value: $0, parent: path, key: key).number(type)
        }
    }
    func decodeIfPresent<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value? {
        try message.value(key.stringValue).map {
            try ValueDecoder(value: $0, parent: path, key: key).decoded(type)
        }
    }

    private func decoder(_ key: Key) throws -> ValueDecoder {
        guard let value = message.value(key.stringValue) else {
            throw DecodingError.keyNotFound(
                key, DecodingError.Context(codingPath: codingPath, debugDescription: "no such field"))
        }
        return ValueDecoder(value: value, parent: path, key: key)
    }

    func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool { try decoder(key).decode(type) }
    func decode(_ type: String.Type, forKey key: Key) throws -> String { try decoder(key).text() }
    func decode(_ type: Double.Type, forKey key: Key) throws -> Double { try decoder(key).decode(type) }
    func decode(_ type: Float.Type, forKey key: Key) throws -> Float { try decoder(key).decode(type) }
    func decode(_ type: Int.Type, forKey key: Key) throws -> Int { try decoder(key).number(type) }
    func decode(_ type: Int8.Type, forKey key: Key) throws -> Int8 { try decoder(key).number(type) }
    func decode(_ type: Int16.Type, forKey key: Key) throws -> Int16 { try decoder(key).number(type) }
    func decode(_ type: Int32.Type, forKey key: Key) throws -> Int32 { try decoder(key).number(type) }
    func decode(_ type: Int64.Type, forKey key: Key) throws -> Int64 { try decoder(key).number(type) }
    func decode(_ type: UInt.Type, forKey key: Key) throws -> UInt { try decoder(key).number(type) }
    func decode(_ type: UInt8.Type, forKey key: Key) throws -> UInt8 { try decoder(key).number(type) }
    func decode(_ type: UInt16.Type, forKey key: Key) throws -> UInt16 { try decoder(key).number(type) }
    func decode(_ type: UInt32.Type, forKey key: Key) throws -> UInt32 { try decoder(key).number(type) }
    func decode(_ type: UInt64.Type, forKey key: Key) throws -> UInt64 { try decoder(key).number(type) }
    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
        try decoder(key).decoded(type)
    }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) throws -> KeyedDecodingContainer<Nested> { try decoder(key).container(keyedBy: type) }
    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        try decoder(key).unkeyedContainer()
    }
    func superDecoder() throws -> any Decoder { ValueDecoder(value: .message(message), parent: path) }
    func superDecoder(forKey key: Key) throws -> any Decoder { try decoder(key) }
}

/// The entries of a map.
private struct MapContainer<Key: CodingKey>: KeyedDecodingContainerProtocol {
    private let values: [String: WireValue]
    let path: CodingTrail?
    var codingPath: [any CodingKey] { CodingTrail.keys(path) }
    var allKeys: [Key] { values.keys.compactMap { Key(stringValue: $0) } }

    init(_ entries: [Piece], _ field: FieldShape, omitting omitted: OmittedFields?, path: CodingTrail?) {
        self.path = path
        var values: [String: WireValue] = [:]
        for entry in entries {
            let (key, value) = MapParts.of(entry, field, omitting: omitted)
            values[key] = value
        }
        self.values = values
    }

    func contains(_ key: Key) -> Bool { values[key.stringValue] != nil }
    func decodeNil(forKey key: Key) throws -> Bool { values[key.stringValue] == nil }

    private func decoder(_ key: Key) throws -> ValueDecoder {
        guard let value = values[key.stringValue] else {
            throw DecodingError.keyNotFound(
                key, DecodingError.Context(codingPath: codingPath, debugDescription: "no such entry"))
        }
        return ValueDecoder(value: value, parent: path, key: key)
    }

    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
        try decoder(key).decoded(type)
    }
    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) throws -> KeyedDecodingContainer<Nested> { try decoder(key).container(keyedBy: type) }
    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        try decoder(key).unkeyedContainer()
    }
    func superDecoder() throws -> any Decoder {
        throw DecodingError.valueNotFound(
            Any.self, DecodingError.Context(codingPath: codingPath, debugDescription: "a map"))
    }
    func superDecoder(forKey key: Key) throws -> any Decoder { try decoder(key) }
}

/// An entry of a map on the wire: key 1, value 2.
enum MapParts {
    static func of(_ entry: Piece) -> (key: String, value: Piece?) {
        var key = ""
        var value: Piece?
        entry.octets.withUnsafeBytes { base in
            var walk = MessageWalk(base, entry.range)
            while walk.next() {
                guard walk.wireType == 2 else { continue }
                let range = walk.start..<walk.limit
                if walk.number == 1 { key = String(decoding: base[range], as: UTF8.self) }
                if walk.number == 2 { value = Piece(octets: entry.octets, range: range) }
            }
        }
        return (key, value)
    }

    /// The value as the map's values are.
    static func of(_ entry: Piece, _ field: FieldShape, omitting omitted: OmittedFields?) -> (
        key: String, value: WireValue
    ) {
        let (key, content) = of(entry)
        let piece = content ?? Piece(octets: [], range: 0..<0)
        return (
            key,
            field.kind == .message
                ? .message(MessageView(piece, field.child, omitting: omitted)) : .piece(piece, field.kind)
        )
    }
}

/// The elements of a list.
private struct ListContainer: UnkeyedDecodingContainer {
    let values: [WireValue]
    let path: CodingTrail?
    var codingPath: [any CodingKey] { CodingTrail.keys(path) }
    var count: Int? { values.count }
    var isAtEnd: Bool { currentIndex >= values.count }
    private(set) var currentIndex = 0

    init(values: [WireValue], path: CodingTrail?) {
        self.values = values
        self.path = path
    }

    private mutating func next(_ type: Any.Type) throws -> ValueDecoder {
        guard !isAtEnd else {
            throw DecodingError.valueNotFound(
                type, DecodingError.Context(codingPath: codingPath, debugDescription: "the list has ended"))
        }
        defer { currentIndex += 1 }
        return ValueDecoder(
            value: values[currentIndex], parent: path, key: IndexKey(index: currentIndex))
    }

    mutating func decodeNil() throws -> Bool { false }
    mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        try next(type).decoded(type)
    }
    mutating func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type
    ) throws -> KeyedDecodingContainer<Nested> { try next(type).container(keyedBy: type) }
    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
        try next([Any].self).unkeyedContainer()
    }
    mutating func superDecoder() throws -> any Decoder { try next(Any.self) }
}

/// A place in a list.
private struct IndexKey: CodingKey {
    let index: Int
    var stringValue: String { String(index) }
    var intValue: Int? { index }
    init(index: Int) { self.index = index }
    init?(intValue: Int) { index = intValue }
    init?(stringValue: String) { return nil }
}
