// Some of kubectl's commands (create namespace, auth can-i) send their objects as protobuf and have no other way. The few
// kinds they send are read here into the same values as JSON (k8s.io/api generated.proto; envelope: apimachinery
// runtime/serializer/protobuf: `k8s\0`, then runtime.Unknown).

internal import CEL
internal import JSON
internal import SystemIO

/// Reads protobuf bodies of known kinds.
enum ProtobufBodies {
    static let contentType = "application/vnd.kubernetes.protobuf"

    /// What a field holds.
    private indirect enum Shape: Sendable {
        case string
        case bytes
        case int
        case bool
        case message([Int: (String, Shape)])
        case list(Shape)
        case map(Shape)
        case time
        case intOrString
    }

    private static let owner: Shape = .message([
        1: ("kind", .string), 3: ("name", .string), 4: ("uid", .string), 5: ("apiVersion", .string),
        6: ("controller", .bool), 7: ("blockOwnerDeletion", .bool),
    ])
    private static let metadata: (String, Shape) = (
        "metadata",
        .message([
            1: ("name", .string), 2: ("generateName", .string), 3: ("namespace", .string),
            5: ("uid", .string),
            6: ("resourceVersion", .string), 7: ("generation", .int), 8: ("creationTimestamp", .time),
            9: ("deletionTimestamp", .time), 10: ("deletionGracePeriodSeconds", .int),
            11: ("labels", .map(.string)),
            12: ("annotations", .map(.string)), 13: ("ownerReferences", .list(owner)),
            14: ("finalizers", .list(.string)),
        ])
    )
    private static let deleteOptions: [Int: (String, Shape)] = [
        1: ("gracePeriodSeconds", .int),
        2: ("preconditions", .message([1: ("uid", .string), 2: ("resourceVersion", .string)])),
        3: ("orphanDependents", .bool), 4: ("propagationPolicy", .string), 5: ("dryRun", .list(.string)),
    ]
    private static let attributes: [Int: (String, Shape)] = [
        1: (
            "resourceAttributes",
            .message([
                1: ("namespace", .string), 2: ("verb", .string), 3: ("group", .string),
                4: ("version", .string),
                5: ("resource", .string), 6: ("subresource", .string), 7: ("name", .string),
            ])
        ),
        2: ("nonResourceAttributes", .message([1: ("path", .string), 2: ("verb", .string)])),
    ]
    private static let port: Shape = .message([
        1: ("name", .string), 2: ("protocol", .string), 3: ("port", .int), 4: ("targetPort", .intOrString),
        5: ("nodePort", .int),
    ])

    private static let kinds: [String: [Int: (String, Shape)]] = [
        "DeleteOptions": deleteOptions,
        "Eviction": [1: metadata, 2: ("deleteOptions", .message(deleteOptions))],
        "Namespace": [
            1: metadata, 2: ("spec", .message([1: ("finalizers", .list(.string))])),
            3: ("status", .message([1: ("phase", .string)])),
        ],
        "ConfigMap": [
            1: metadata, 2: ("data", .map(.string)), 3: ("binaryData", .map(.bytes)), 4: ("immutable", .bool),
        ],
        "Secret": [
            1: metadata, 2: ("data", .map(.bytes)), 3: ("type", .string), 4: ("stringData", .map(.string)),
            5: ("immutable", .bool),
        ],
        "ServiceAccount": [1: metadata, 4: ("automountServiceAccountToken", .bool)],
        "Service": [
            1: metadata,
            2: (
                "spec",
                .message([
                    1: ("ports", .list(port)), 2: ("selector", .map(.string)), 3: ("clusterIP", .string),
                    4: ("type", .string), 7: ("sessionAffinity", .string), 10: ("externalName", .string),
                ])
            ),
        ],
        "Binding": [
            1: metadata,
            2: (
                "target",
                .message([
                    1: ("kind", .string), 2: ("namespace", .string), 3: ("name", .string),
                    4: ("uid", .string),
                    5: ("apiVersion", .string),
                ])
            ),
        ],
        "SelfSubjectAccessReview": [1: metadata, 2: ("spec", .message(attributes))],
        "SelfSubjectRulesReview": [1: metadata, 2: ("spec", .message([1: ("namespace", .string)]))],
        "SelfSubjectReview": [1: metadata],
        "TokenReview": [1: metadata, 2: ("spec", .message([1: ("token", .string)]))],
    ]

    /// The object in a protobuf body; nil for bytes or kinds that are not known.
    static func parse(_ body: [UInt8]) -> JSON? {
        guard body.starts(with: [0x6b, 0x38, 0x73, 0]) else { return nil }
        var envelope = Reader(body[4...])
        var type: JSON = [:]
        var raw: ArraySlice<UInt8> = []
        while let field = envelope.next() {
            guard let bytes = field.bytes else { continue }
            if field.number == 1 {
                guard let read = message(bytes, [1: ("apiVersion", .string), 2: ("kind", .string)], 0) else {
                    return nil
                }
                type = read
            }
            if field.number == 2 { raw = bytes }
        }
        guard !envelope.isBroken, let kind = type.kind?.string, let fields = kinds[kind],
            var object = message(raw, fields, 0)
        else { return nil }
        object.kind = type.kind
        object.apiVersion = type.apiVersion
        return object
    }

    private static func message(_ bytes: ArraySlice<UInt8>, _ fields: [Int: (String, Shape)], _ depth: Int)
        -> JSON?
    {
        guard depth < 16 else { return nil }
        var reader = Reader(bytes)
        var object: [String: JSON] = [:]
        while let field = reader.next() {
            guard let (name, shape) = fields[field.number] else { continue }
            switch shape {
            case .list(let inner):
                guard let value = value(field, inner, depth) else { return nil }
                object[name] = .array((object[name]?.array ?? []) + [value])
            case .map(let inner):
                guard let bytes = field.bytes,
                    let pair = message(bytes, [1: ("key", .string), 2: ("value", inner)], depth + 1)
                else { return nil }
                var members = object[name]?.object ?? [:]
                members[pair.key?.string ?? ""] = pair.value ?? ""
                object[name] = .object(members)
            default:
                guard let value = value(field, shape, depth) else { return nil }
                // Go's types leave empty members out.
                if value != "", value != .null, value != [:] { object[name] = value }
            }
        }
        return reader.isBroken ? JSON?.none : .object(object)
    }

    private static func value(_ field: Reader.Field, _ shape: Shape, _ depth: Int) -> JSON? {
        switch shape {
        case .string: return field.bytes.map { .string(String(decoding: $0, as: UTF8.self)) }
        case .bytes: return field.bytes.map { .string(Base64.encode($0)) }
        case .int: return field.varint.map { .int(Int64(bitPattern: $0)) }
        case .bool: return field.varint.map { .bool($0 != 0) }
        case .message(let fields): return field.bytes.flatMap { message($0, fields, depth + 1) }
        case .time:
            guard let bytes = field.bytes, let time = message(bytes, [1: ("seconds", .int)], depth + 1) else {
                return nil
            }
            guard let seconds = time.seconds?.int, seconds > 0, seconds < 1 << 40 else { return .null }
            return .string(APITime(microseconds: Int64(seconds) * 1_000_000).text)
        case .intOrString:
            guard let bytes = field.bytes,
                let both = message(
                    bytes, [1: ("type", .int), 2: ("int", .int), 3: ("string", .string)], depth + 1)
            else { return nil }
            return both.type?.int == 1 ? both["string"] ?? "" : JSON(both["int"]?.int ?? 0)
        case .list, .map: return nil
        }
    }

    /// The fields of a message.
    private struct Reader {
        struct Field {
            var number: Int
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
            case 1: return skip(8, number)
            case 2:
                guard let length = varint(), length <= UInt64(rest.count) else { return broken() }
                let bytes = rest.prefix(Int(length))
                rest = rest.dropFirst(Int(length))
                return Field(number: number, bytes: bytes)
            case 5: return skip(4, number)
            default: return broken()
            }
        }

        private mutating func broken() -> Field? {
            isBroken = true
            return nil
        }

        private mutating func skip(_ count: Int, _ number: Int) -> Field? {
            guard rest.count >= count else { return broken() }
            rest = rest.dropFirst(count)
            return Field(number: number)
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
