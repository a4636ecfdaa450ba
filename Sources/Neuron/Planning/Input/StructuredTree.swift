// A text of lists within objects within lists, such as a plan's own output: as a tree whose every part knows its line. How deep
// and how large a tree may be is limited, for the file is somebody's.

/// A part of a YAML or JSON text.
indirect enum StructuredTree {
    case text(String, line: Int)
    case list([StructuredTree], line: Int)
    case object([(name: String, value: StructuredTree)], line: Int)

    /// Parts within parts, at most.
    static let deepest = 16
    /// Parts in all, at most.
    static let most = 4_000_000

    /// The line where it begins.
    var line: Int {
        switch self {
        case .text(_, let line), .list(_, let line), .object(_, let line): line
        }
    }

    /// A field of an object.
    subscript(name: String) -> StructuredTree? {
        guard case .object(let fields, _) = self else { return nil }
        return fields.first { $0.name == name }?.value
    }

    /// A text that is not empty.
    var text: String? {
        guard case .text(let text, _) = self, !text.isEmpty else { return nil }
        return text
    }

    /// The elements of a list.
    var elements: [StructuredTree]? {
        guard case .list(let elements, _) = self else { return nil }
        return elements
    }

    static func read(_ bytes: [UInt8], file: String, list: String) throws(PlanInputError) -> StructuredTree {
        try StructuredReader.parsed(bytes, file: file, list: list, empty: .text("", line: 1)) {
            (reader) throws(PlanInputError) in
            var left = most
            while true {
                let event = try reader.next()
                if case .other = event { continue }
                return try part(event, &reader, depth: 0, left: &left)
            }
        }
    }

    private static func part(
        _ event: StructuredReader.Event, _ reader: inout StructuredReader, depth: Int, left: inout Int
    ) throws(PlanInputError) -> StructuredTree {
        let line = reader.line
        left -= 1
        guard depth < deepest, left > 0 else {
            throw PlanInputError(reader.file, line: line, "the text is too deep or has too many parts")
        }
        switch event {
        case .scalar(let text): return .text(text, line: line)
        case .sequenceStart:
            var elements: [StructuredTree] = []
            while true {
                let event = try reader.next()
                if case .sequenceEnd = event { return .list(elements, line: line) }
                elements.append(try part(event, &reader, depth: depth + 1, left: &left))
            }
        case .mappingStart:
            var fields: [(name: String, value: StructuredTree)] = []
            while true {
                switch try reader.next() {
                case .mappingEnd: return .object(fields, line: line)
                case .scalar(let name):
                    guard fields.count < 64, !fields.contains(where: { $0.name == name }) else {
                        throw PlanInputError(
                            reader.file, line: reader.line,
                            "\"\(name.prefix(40))\" is there twice, or is one of more than 64 fields")
                    }
                    let event = try reader.next()
                    fields.append((name, try part(event, &reader, depth: depth + 1, left: &left)))
                default: throw PlanInputError(reader.file, line: reader.line, "a key that is no text")
                }
            }
        case .sequenceEnd, .mappingEnd, .alias, .end, .other:
            throw PlanInputError(reader.file, line: line, "the text ends too early")
        }
    }
}
