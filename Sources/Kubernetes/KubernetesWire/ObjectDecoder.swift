// Types out of protobuf, by the names that they have in JSON: what a type does not ask for is never looked at.

public import KubernetesAPI
internal import SystemIO

/// Decodes the built-in kinds.
public enum ObjectDecoder {
    /// Whether a kind is built in, so that its protobuf can be read.
    public static func knows(_ resource: APIResource) -> Bool {
        MessageShapes.all.root(of: resource.kind, group: resource.group) != nil
    }

    /// Reads an object out of its protobuf, without an envelope.
    ///
    /// - Parameter range: where it stands in `octets`.
    /// - Throws: `DecodingError`.
    public static func decode<Object: Decodable>(
        _ type: Object.Type = Object.self, _ resource: APIResource, _ octets: [UInt8], in range: Range<Int>
    ) throws -> Object {
        guard let shape = MessageShapes.all.root(of: resource.kind, group: resource.group) else {
            throw DecodingError.dataCorrupted(
                DecodingError.Context(
                    codingPath: [], debugDescription: "\(resource.kind) is no built-in kind"))
        }
        return try decode(type, octets, range, shape: shape)
    }

    static func decode<Object: Decodable>(
        _ type: Object.Type, _ octets: [UInt8], _ range: Range<Int>? = nil, shape: Int
    ) throws -> Object {
        guard shape >= 0 else {
            throw DecodingError.dataCorrupted(
                DecodingError.Context(codingPath: [], debugDescription: "no built-in kind"))
        }
        let piece = Piece(octets: octets, range: range ?? octets.indices)
        return try Object(from: ValueDecoder(value: .message(MessageView(piece, shape)), parent: []))
    }
}

/// Octets within others.
struct Piece {
    let octets: [UInt8]
    let range: Range<Int>

    var text: String { octets.withUnsafeBytes { String(decoding: $0[range], as: UTF8.self) } }

    /// The fields of a message that JSON writes as one value.
    func parts() -> (first: UInt64, second: UInt64, text: Piece?, third: Piece?) {
        var result: (first: UInt64, second: UInt64, text: Piece?, third: Piece?) = (0, 0, nil, nil)
        octets.withUnsafeBytes { base in
            var walk = MessageWalk(base, range)
            while walk.next() {
                switch (walk.number, walk.wireType) {
                case (1, 0): result.first = walk.value
                case (2, 0): result.second = walk.value
                case (1, 2): result.text = Piece(octets: octets, range: walk.start..<walk.limit)
                case (3, 2): result.third = Piece(octets: octets, range: walk.start..<walk.limit)
                default: break
                }
            }
        }
        return result
    }
}

/// What stands in a field.
enum WireValue {
    case number(UInt64, FieldKind)
    case piece(Piece, FieldKind)
    case message(MessageView)
    case list([WireValue])
    case map([Piece], FieldShape)

    /// The field's value as one element.
    static func element(_ value: MessageView.Entry, _ field: FieldShape) -> WireValue {
        switch value.content {
        case .number(let number): .number(number, field.kind)
        case .piece(let piece):
            field.kind == .message
                ? .message(MessageView(piece, field.child)) : .piece(piece, field.kind)
        }
    }
}

/// The fields of a message that are there.
final class MessageView {
    struct Entry {
        enum Content {
            case number(UInt64)
            case piece(Piece)
        }
        let place: Int
        let content: Content
    }

    let shape: MessageShape
    let entries: [Entry]
    /// Whether the octets are no message.
    private(set) var isBroken = false

    init(_ piece: Piece, _ shape: Int) {
        let shape = MessageShapes.all.shapes[shape]
        self.shape = shape
        var entries: [Entry] = []
        var isBroken = false
        piece.octets.withUnsafeBytes { base in
            var walk = MessageWalk(base, piece.range)
            while walk.next() {
                let place = shape.field(number: walk.number)
                guard place >= 0 else { continue }
                let field = shape.fields[place]
                switch walk.wireType {
                case 2:
                    // Go writes the strings that are not set as well.
                    let isNothing = walk.start == walk.limit && field.kind == .string && field.share == .one
                    if isNothing, !field.keepsZero { continue }
                    entries.append(
                        Entry(
                            place: place,
                            content: .piece(Piece(octets: piece.octets, range: walk.start..<walk.limit))))
                case 5:
                    let shared = SharedOctets.table.withLock { $0[UInt32(truncatingIfNeeded: walk.value)] }
                    entries.append(
                        Entry(place: place, content: .piece(Piece(octets: shared, range: shared.indices))))
                default:
                    if walk.value == 0, !field.keepsZero, field.share == .one { continue }
                    entries.append(Entry(place: place, content: .number(walk.value)))
                }
            }
            isBroken = walk.isBroken
        }
        self.entries = entries
        self.isBroken = isBroken
    }

    /// Whether a name has a value.
    func has(_ name: String) -> Bool {
        guard let named = shape.names[name], entries.contains(where: { $0.place == named.outer }) else {
            return false
        }
        // A time may be none, and an embedded field may be another.
        let isPlain = named.inner < 0 && shape.fields[named.outer].kind != .time
        return isPlain ? shape.fields[named.outer].kind != .skipped : value(name) != nil
    }

    /// The value of a name in JSON; nil where there is none.
    func value(_ name: String) -> WireValue? {
        guard let named = shape.names[name] else { return nil }
        guard named.inner >= 0 else { return value(place: named.outer) }
        let child = shape.fields[named.outer].child
        // Each of the embedded fields may stand in a message of its own.
        for entry in entries where entry.place == named.outer {
            guard case .piece(let piece) = entry.content else { continue }
            if let value = MessageView(piece, child).value(place: named.inner) { return value }
        }
        return nil
    }

    private func value(place: Int) -> WireValue? {
        let field = shape.fields[place]
        switch field.share {
        case .one:
            guard let entry = entries.last(where: { $0.place == place }), field.kind != .skipped else {
                return nil
            }
            if field.kind == .time, case .piece(let piece) = entry.content {
                let parts = piece.parts()
                // The zero time is none; JSON has null for it.
                guard parts.first != 0 || parts.second != 0 else { return nil }
            }
            return WireValue.element(entry, field)
        case .list:
            let all = entries.filter { $0.place == place }
            return all.isEmpty ? nil : .list(all.map { WireValue.element($0, field) })
        case .map:
            let all: [Piece] = entries.compactMap { entry in
                guard entry.place == place, case .piece(let piece) = entry.content else { return nil }
                return piece
            }
            return all.isEmpty ? nil : .map(all, field)
        }
    }
}
