// A message as types ask for it: walked through once, then each field by its name in JSON.

internal import JSON
internal import KubernetesAPI
internal import SystemIO

/// What stands in a field.
enum WireValue {
    case number(UInt64, FieldKind)
    case piece(Piece, FieldKind)
    case message(MessageView)
    case list([WireValue])
    case map([Piece], FieldShape, omitting: OmittedFields?)
}

/// The fields of a message that are there.
final class MessageView {
    /// A field as it was found; no reference, so that looking for one counts none.
    private struct Entry {
        enum Form { case number, piece, shared }

        let place: Int
        let form: Form
        /// The number, or that of the shared octets.
        let number: UInt64
        let start: Int
        let limit: Int
    }

    let shape: MessageShape
    private let octets: [UInt8]
    private let omitted: OmittedFields?
    private let entries: [Entry]
    /// Messages whose fields stand among the others in JSON, once one of them was asked for.
    private var embedded: [Int: [MessageView]] = [:]
    /// Whether the octets are no message.
    let isBroken: Bool

    init(_ piece: Piece, _ shape: Int, omitting omitted: OmittedFields?) {
        let omittedFields = omitted?.fields(ofMessage: shape)
        let shape = MessageShapes.all.shapes[shape]
        var entries: [Entry] = []
        entries.reserveCapacity(16)
        var isBroken = false
        piece.octets.withUnsafeBytes { base in
            var walk = MessageWalk(base, piece.range)
            while walk.next() {
                let place = shape.field(number: walk.number)
                guard place >= 0, omittedFields?[place] != true else { continue }
                let field = shape.fields[place]
                switch walk.wireType {
                case 2:
                    // Go writes the strings that are not set as well.
                    let isNothing = walk.start == walk.limit && field.kind == .string && field.share == .one
                    if isNothing, !field.keepsZero { continue }
                    entries.append(
                        Entry(place: place, form: .piece, number: 0, start: walk.start, limit: walk.limit))
                case 5:
                    entries.append(
                        Entry(place: place, form: .shared, number: walk.value, start: 0, limit: 0))
                default:
                    if walk.value == 0, !field.keepsZero, field.share == .one { continue }
                    entries.append(
                        Entry(place: place, form: .number, number: walk.value, start: 0, limit: 0))
                }
            }
            isBroken = walk.isBroken
        }
        self.shape = shape
        octets = piece.octets
        self.omitted = omitted
        self.entries = entries
        self.isBroken = isBroken
    }

    /// The names that have a value.
    var names: [String] {
        var seen: Set<Int> = []
        var names: [String] = []
        for entry in entries where seen.insert(entry.place).inserted {
            guard shape.fields[entry.place].isEmbedded else {
                if value(place: entry.place) != nil { names.append(shape.keys[entry.place]) }
                continue
            }
            for view in views(embeddedAt: entry.place) {
                // One of the message's own hides it.
                names += view.names.filter { shape.names[$0]?.outer == entry.place && !names.contains($0) }
            }
        }
        return names
    }

    /// Whether a name has a value.
    func has(_ name: String) -> Bool {
        guard let named = shape.field(name), has(place: named.outer) else { return false }
        // A time may be none, and an embedded field may be another.
        let isPlain = named.inner < 0 && shape.fields[named.outer].kind != .time
        return isPlain ? shape.fields[named.outer].kind != .skipped : value(named) != nil
    }

    /// The value of a name in JSON; nil where there is none.
    func value(_ name: String) -> WireValue? { shape.field(name).flatMap { value($0) } }

    private func value(_ named: MessageShape.NamedField) -> WireValue? {
        guard has(place: named.outer) else { return nil }
        guard named.inner >= 0 else { return value(place: named.outer) }
        // Each of the embedded fields may stand in a message of its own.
        for view in views(embeddedAt: named.outer) {
            if let value = view.value(place: named.inner) { return value }
        }
        return nil
    }

    private func has(place: Int) -> Bool {
        for entry in entries where entry.place == place { return true }
        return false
    }

    private func views(embeddedAt place: Int) -> [MessageView] {
        if let views = embedded[place] { return views }
        let child = shape.fields[place].child
        let views =
            child < 0
            ? []
            : entries.filter { $0.place == place }.compactMap {
                piece($0).map { MessageView($0, child, omitting: omitted) }
            }
        embedded[place] = views
        return views
    }

    private func piece(_ entry: Entry) -> Piece? {
        switch entry.form {
        case .number: return nil
        case .piece: return Piece(octets: octets, range: entry.start..<entry.limit)
        case .shared:
            let shared = SharedOctets.table.withLock { $0[UInt32(truncatingIfNeeded: entry.number)] }
            return Piece(octets: shared, range: shared.indices)
        }
    }

    /// The field's value as one element.
    private func element(_ entry: Entry, _ field: FieldShape) -> WireValue {
        guard let piece = piece(entry) else { return .number(entry.number, field.kind) }
        return field.kind == .message
            ? .message(MessageView(piece, field.child, omitting: omitted)) : .piece(piece, field.kind)
    }

    private func value(place: Int) -> WireValue? {
        let field = shape.fields[place]
        guard field.kind != .skipped else { return nil }
        switch field.share {
        case .one:
            guard let entry = entries.last(where: { $0.place == place }) else { return nil }
            let value = element(entry, field)
            if field.kind == .time, case .piece(let piece, _) = value {
                let parts = piece.parts()
                // The zero time is none; JSON has null for it.
                guard parts.first != 0 || parts.second != 0 else { return nil }
            }
            return value
        case .list:
            let all = entries.filter { $0.place == place }
            return all.isEmpty ? nil : .list(all.map { element($0, field) })
        case .map:
            let all = entries.compactMap { $0.place == place ? piece($0) : nil }
            return all.isEmpty ? nil : .map(all, field, omitting: omitted)
        }
    }
}

extension WireValue {
    /// How deep values may stand in each other.
    private static let maximumDepth = 100

    /// The value as JSON has it: decoding a `JSON` would try each of its types at each place.
    ///
    /// - Throws: `DecodingError` where it is nested deeper than anybody writes, or is no message.
    func json(_ path: CodingTrail?, depth: Int = 0) throws -> JSON {
        guard depth < Self.maximumDepth else {
            throw DecodingError.dataCorrupted(
                DecodingError.Context(codingPath: CodingTrail.keys(path), debugDescription: "nested too deep")
            )
        }
        let decoder = ValueDecoder(value: self, parent: path)
        switch self {
        case .number(let bits, .bool): return .bool(bits != 0)
        case .number(_, .double):
            let number = try decoder.decode(Double.self)
            return Int64(exactly: number).map { .int($0) } ?? .double(number)
        case .number: return .int(try decoder.number(Int64.self))
        case .piece(let piece, .intOrString) where piece.parts().first == 0:
            return .int(try decoder.number(Int64.self))
        case .piece: return .string(try decoder.text())
        case .message(let message):
            guard !message.isBroken else { throw decoder.broken() }
            var members: [String: JSON] = [:]
            for name in message.names {
                members[name] = try message.value(name)?.json(path, depth: depth + 1)
            }
            return .object(members)
        case .list(let values): return .array(try values.map { try $0.json(path, depth: depth + 1) })
        case .map(let entries, let field, let omitted):
            var members: [String: JSON] = [:]
            for entry in entries {
                let (key, value) = MapParts.of(entry, field, omitting: omitted)
                members[key] = try value.json(path, depth: depth + 1)
            }
            return .object(members)
        }
    }
}
