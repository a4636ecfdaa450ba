// Typed Go clients and some of kubectl's commands send their objects as protobuf. They are read into the same values as JSON,
// with all fields of the kind's Go type (BuiltInTypes.swift). Envelope: `k8s\0`, then runtime.Unknown (apimachinery,
// runtime/serializer/protobuf).

internal import JSON
internal import KubernetesAPI
internal import KubernetesWire
internal import SystemIO

/// Reads protobuf bodies of built-in kinds.
enum ProtobufBodies {
    static let contentType = "application/vnd.kubernetes.protobuf"

    private static let envelope = BuiltInTypes.Message(
        goName: "TypeMeta",
        numbers: [
            1: BuiltInTypes.Field("apiVersion", 1, .string(goType: "")),
            2: BuiltInTypes.Field("kind", 2, .string(goType: "")),
        ])

    /// Messages within messages, at most: as deep as a schema may be.
    private static let maximumDepth = 100

    /// The object in a protobuf body; nil for octets or kinds that are not known.
    static func parse(_ body: [UInt8]) -> JSON? {
        guard body.starts(with: [0x6b, 0x38, 0x73, 0]) else { return nil }
        var reader = Reader(body[4...])
        var type: JSON = [:]
        var raw: ArraySlice<UInt8> = []
        while let field = reader.next() {
            guard let bytes = field.bytes else { continue }
            if field.number == 1 {
                guard let read = message(bytes, envelope, 0) else { return nil }
                type = read
            }
            if field.number == 2 { raw = bytes }
        }
        let version = type.apiVersion?.string ?? ""
        guard !reader.isBroken, let kind = type.kind?.string,
            let fields = BuiltInTypes.message(
                of: kind, group: version.contains("/") ? String(version.prefix { $0 != "/" }) : ""),
            var object = message(raw, fields, 0)
        else { return nil }
        object.kind = type.kind
        object.apiVersion = type.apiVersion
        return object
    }

    private static func message(
        _ bytes: ArraySlice<UInt8>, _ type: BuiltInTypes.Message, _ depth: Int
    ) -> JSON? {
        guard depth < maximumDepth else { return nil }
        var reader = Reader(bytes)
        var object: [String: JSON] = [:]
        while let read = reader.next() {
            guard let field = type.numbers[read.number] else { continue }
            switch field.value {
            case .list(let element):
                guard let value = value(read, element, depth) else { return nil }
                object[field.name] = .array((object[field.name]?.array ?? []) + [value])
            case .map(let element):
                guard let entry = parts(read) else { return nil }
                var members = object[field.name]?.object ?? [:]
                guard let value = member(entry[2], element, depth) else { return nil }
                members[entry[1]?.text ?? ""] = value
                object[field.name] = .object(members)
            default:
                guard let value = value(read, field.value, depth) else { return nil }
                if field.isEmbedded {
                    object.merge(value.object ?? [:]) { _, new in new }
                } else if !value.isNull, field.keepsZero || !value.isZero {
                    // Go writes the members of its structs that are not set as well; JSON leaves them out.
                    object[field.name] = value
                }
            }
        }
        return reader.isBroken ? JSON?.none : .object(object)
    }

    /// The value of a map's entry. A list is within a message there, as its only field.
    private static func member(
        _ field: Reader.Field?, _ type: BuiltInTypes.Value, _ depth: Int
    ) -> JSON? {
        guard let field else { return type == .string(goType: "") ? "" : JSON.null }
        guard case .list = type else { return value(field, type, depth) }
        let list = BuiltInTypes.Message(goName: "", numbers: [1: BuiltInTypes.Field("items", 1, type)])
        return field.bytes.flatMap { message($0, list, depth + 1) }.map { $0.items ?? [] }
    }

    private static func value(_ field: Reader.Field, _ type: BuiltInTypes.Value, _ depth: Int) -> JSON? {
        switch type {
        case .string: return field.text.map(JSON.string)
        case .octets: return field.bytes.map { .string(Base64.encode($0)) }
        case .int32, .int64: return field.varint.map { .int(Int64(bitPattern: $0)) }
        case .bool: return field.varint.map { .bool($0 != 0) }
        case .double: return field.varint.map { .double(Double(bitPattern: $0)) }
        case .message(let name):
            guard let message = BuiltInTypes.messages[name] else { return .null }
            return field.bytes.flatMap { self.message($0, message, depth + 1) }
        case .list, .map: return nil
        case .time, .microTime: return time(field, isPrecise: type == .microTime)
        case .quantity: return parts(field).map { $0[1]?.text.map(JSON.string) ?? "0" }
        case .intOrString:
            guard let parts = parts(field) else { return nil }
            guard parts[1]?.varint == 1 else { return .int(Int64(bitPattern: parts[2]?.varint ?? 0)) }
            return .string(parts[3]?.text ?? "")
        case .anything:
            guard let octets = parts(field)?[1]?.bytes else { return .null }
            return try? JSON(parsing: Array(octets))
        case .schemaOrList: return alternative(field, .schema, .list(.schema), depth)
        case .schemaOrStrings: return alternative(field, .schema, .list(.string(goType: "")), depth)
        case .schemaOrBool: return alternative(field, .bool, .schema, depth)
        }
    }

    /// A message whose JSON is one of its two fields: the second where it is there.
    private static func alternative(
        _ field: Reader.Field, _ first: BuiltInTypes.Value, _ second: BuiltInTypes.Value, _ depth: Int
    ) -> JSON? {
        let type = BuiltInTypes.Message(
            goName: "",
            numbers: [
                1: BuiltInTypes.Field("first", 1, first, keepsZero: true),
                2: BuiltInTypes.Field("second", 2, second, keepsZero: true),
            ])
        guard let bytes = field.bytes, let read = message(bytes, type, depth + 1) else { return nil }
        return read.second ?? read.first ?? .null
    }

    /// A point in time; null for the zero value.
    private static func time(_ field: Reader.Field, isPrecise: Bool) -> JSON? {
        guard let parts = parts(field) else { return nil }
        let seconds = Int64(bitPattern: parts[1]?.varint ?? 0)
        guard seconds > 0, seconds < 1 << 40 else { return .null }
        guard isPrecise else { return .string(Timestamp(microseconds: seconds * 1_000_000).text) }
        let nanoseconds = Int64(bitPattern: parts[2]?.varint ?? 0)
        guard (0..<1_000_000_000).contains(nanoseconds) else { return .null }
        return .string(Timestamp(microseconds: seconds * 1_000_000 + nanoseconds / 1_000).microText)
    }

    /// The fields of a message that JSON writes as one value.
    private static func parts(_ field: Reader.Field) -> [Int: Reader.Field]? {
        guard let bytes = field.bytes else { return nil }
        var reader = Reader(bytes)
        var parts: [Int: Reader.Field] = [:]
        while let part = reader.next() { parts[part.number] = part }
        return reader.isBroken ? nil : parts
    }

    /// The fields of a message.
    fileprivate struct Reader {
        struct Field {
            var number: Int
            /// Of a number of any width.
            var varint: UInt64?
            var bytes: ArraySlice<UInt8>?
        }

        private var rest: ArraySlice<UInt8>
        private(set) var isBroken = false

        init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

        mutating func next() -> Field? {
            guard !rest.isEmpty, !isBroken else { return nil }
            guard let tag = varint(), let number = Int(exactly: tag >> 3), number > 0 else { return broken() }
            switch tag & 7 {
            case 0:
                guard let value = varint() else { return broken() }
                return Field(number: number, varint: value)
            case 1: return fixed(8, number)
            case 2:
                guard let length = varint(), length <= UInt64(rest.count) else { return broken() }
                let bytes = rest.prefix(Int(length))
                rest = rest.dropFirst(Int(length))
                return Field(number: number, bytes: bytes)
            case 5: return fixed(4, number)
            default: return broken()
            }
        }

        private mutating func broken() -> Field? {
            isBroken = true
            return nil
        }

        private mutating func fixed(_ count: Int, _ number: Int) -> Field? {
            guard rest.count >= count else { return broken() }
            let value = rest.prefix(count).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            rest = rest.dropFirst(count)
            return Field(number: number, varint: value)
        }

        private mutating func varint() -> UInt64? {
            var value: UInt64 = 0
            for shift in stride(from: UInt64(0), through: 63, by: 7) {
                guard let byte = rest.popFirst() else { return nil }
                value |= UInt64(byte & 0x7f) << shift
                if byte < 0x80 { return value }
            }
            return nil
        }
    }
}

extension ProtobufBodies.Reader.Field {
    fileprivate var text: String? { bytes.map { String(decoding: $0, as: UTF8.self) } }
}

extension BuiltInTypes.Field {
    fileprivate init(_ name: String, _ number: Int, _ value: BuiltInTypes.Value, keepsZero: Bool = false) {
        self.init(name: name, number: number, keepsZero: keepsZero, isEmbedded: false, value: value)
    }
}

extension JSON {
    /// Whether this is what Go has where nothing was set.
    fileprivate var isZero: Bool { [.null, "", 0, false, [:], []].contains(self) || double == 0 }
}
