// kubeconfig files are YAML. libyaml turns the text into events; this puts them together as a JSON value, within limits: an
// alias is expanded, so a few lines could otherwise become gigabytes.

internal import CYAML
public import JSON

/// Text that is no YAML, or more of it than is read.
public struct YAMLError: Error, Equatable, CustomStringConvertible {
    /// One sentence: where, and what is wrong.
    public let description: String
}

/// Reads one YAML document as JSON. YAML 1.2's core schema decides what is a number, a truth value or null.
public struct YAMLReader {
    /// Nesting beyond this is refused.
    public static let maximumDepth = 64
    /// Values beyond this are refused, expanded aliases included.
    public static let maximumValues = 100_000
    /// Text beyond this is refused, in bytes.
    public static let maximumSize = 4 << 20

    /// On the heap, for libyaml keeps its address.
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private var anchors: [String: (value: JSON, count: Int)] = [:]
    private var values = 0
    /// Where the last event began, from 1.
    private var line = 1

    private init(parser: UnsafeMutablePointer<yaml_parser_t>) { self.parser = parser }

    /// Reads the first document of a text; an empty text is `null`.
    ///
    /// - Throws: `YAMLError` that names the line.
    public static func read(_ text: [UInt8]) throws(YAMLError) -> JSON {
        guard text.count <= maximumSize else {
            throw YAMLError(
                description: "the YAML text has \(text.count) bytes, at most \(maximumSize) are read")
        }
        let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
        defer { parser.deallocate() }
        guard yaml_parser_initialize(parser) == 1 else {
            throw YAMLError(description: "libyaml could not be started: out of memory")
        }
        defer { yaml_parser_delete(parser) }
        var reader = YAMLReader(parser: parser)
        var result: Result<JSON, YAMLError> = .success(.null)
        text.withUnsafeBufferPointer { buffer in
            yaml_parser_set_input_string(parser, buffer.baseAddress, buffer.count)
            do throws(YAMLError) { result = .success(try reader.document()) } catch {
                result = .failure(error)
            }
        }
        return try result.get()
    }

    /// An event, its memory given back.
    private enum Event {
        case scalar(String, plain: Bool, tag: String?, anchor: String?)
        case sequenceStart(anchor: String?)
        case sequenceEnd
        case mappingStart(anchor: String?)
        case mappingEnd
        case alias(String)
        case end
        case other
    }

    private mutating func document() throws(YAMLError) -> JSON {
        while true {
            switch try nextEvent() {
            case .other: continue
            case .end: return .null
            case let event: return try value(event, depth: 0)
            }
        }
    }

    private mutating func value(_ event: Event, depth: Int) throws(YAMLError) -> JSON {
        guard depth <= Self.maximumDepth else { throw fault("more than \(Self.maximumDepth) levels") }
        try count(1)
        let before = values
        switch event {
        case .scalar(let text, let plain, let tag, let anchor):
            let value = plain && tag == nil ? Self.resolve(text) : .string(text)
            if let anchor { anchors[anchor] = (value, 1) }
            return value
        case .sequenceStart(let anchor):
            var elements: [JSON] = []
            while true {
                let event = try nextEvent()
                if case .sequenceEnd = event { break }
                elements.append(try value(event, depth: depth + 1))
            }
            if let anchor { anchors[anchor] = (.array(elements), values - before + 1) }
            return .array(elements)
        case .mappingStart(let anchor):
            var members: [String: JSON] = [:]
            while true {
                let event = try nextEvent()
                if case .mappingEnd = event { break }
                guard case .scalar(let key, _, _, _) = event else { throw fault("a key that is no text") }
                guard members[key] == nil else { throw fault("the key \"\(key)\" twice") }
                members[key] = try value(try nextEvent(), depth: depth + 1)
            }
            if let anchor { anchors[anchor] = (.object(members), values - before + 1) }
            return .object(members)
        case .alias(let name):
            guard let anchor = anchors[name] else { throw fault("the alias *\(name) of nothing") }
            try count(anchor.count)
            return anchor.value
        case .sequenceEnd, .mappingEnd, .end, .other:
            throw fault("a value is missing")
        }
    }

    private mutating func count(_ more: Int) throws(YAMLError) {
        values += more
        guard values <= Self.maximumValues else { throw fault("more than \(Self.maximumValues) values") }
    }

    private mutating func nextEvent() throws(YAMLError) -> Event {
        var event = yaml_event_t()
        guard yaml_parser_parse(parser, &event) == 1 else {
            let problem = parser.pointee.problem.map { String(cString: $0) } ?? "not valid"
            throw YAMLError(
                description:
                    "the YAML text is broken at line \(parser.pointee.problem_mark.line + 1): \(problem)")
        }
        defer { yaml_event_delete(&event) }
        line = Int(clamping: event.start_mark.line) + 1
        func text(_ pointer: UnsafeMutablePointer<UInt8>?) -> String? { pointer.map { String(cString: $0) } }
        switch event.type {
        case YAML_SCALAR_EVENT:
            let scalar = event.data.scalar
            let value = UnsafeBufferPointer(start: scalar.value, count: scalar.length)
            return .scalar(
                String(decoding: value, as: UTF8.self), plain: scalar.style == YAML_PLAIN_SCALAR_STYLE,
                tag: text(scalar.tag), anchor: text(scalar.anchor))
        case YAML_SEQUENCE_START_EVENT: return .sequenceStart(anchor: text(event.data.sequence_start.anchor))
        case YAML_SEQUENCE_END_EVENT: return .sequenceEnd
        case YAML_MAPPING_START_EVENT: return .mappingStart(anchor: text(event.data.mapping_start.anchor))
        case YAML_MAPPING_END_EVENT: return .mappingEnd
        case YAML_ALIAS_EVENT: return .alias(text(event.data.alias.anchor) ?? "")
        case YAML_STREAM_END_EVENT, YAML_DOCUMENT_END_EVENT: return .end
        default: return .other
        }
    }

    private func fault(_ what: String) -> YAMLError {
        YAMLError(description: "the YAML text has \(what) at line \(line)")
    }

    /// YAML 1.2 §10.3.2, without octal and hexadecimal numbers.
    private static func resolve(_ text: String) -> JSON {
        switch text {
        case "", "~", "null", "Null", "NULL": return .null
        case "true", "True", "TRUE": return .bool(true)
        case "false", "False", "FALSE": return .bool(false)
        default: break
        }
        guard text.utf8.contains(where: { (48...57).contains($0) }),
            text.utf8.allSatisfy({ (48...57).contains($0) || "+-.eE".utf8.contains($0) })
        else { return .string(text) }
        if let number = Int64(text) { return .int(number) }
        if let number = Double(text), number.isFinite { return .double(number) }
        return .string(text)
    }
}
