// YAML and JSON by one reader: a JSON text is YAML, too, and libyaml knows the line of everything. Aliases are refused: they
// could blow a small file up, and a list of models has no need of them.

internal import CYAML

/// Reads a list of flat records out of YAML or JSON.
struct StructuredReader {
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    let file: String
    private let list: String
    /// The line of the last event.
    private(set) var line = 1

    static func read(_ bytes: [UInt8], file: String, list: String) throws(PlanInputError) -> PlanRecords {
        try parsed(bytes, file: file, list: list, empty: PlanRecords()) {
            (reader) throws(PlanInputError) in try reader.document()
        }
    }

    /// What `parse` makes of a text.
    static func parsed<Value>(
        _ bytes: [UInt8], file: String, list: String, empty: Value,
        by parse: (inout StructuredReader) throws(PlanInputError) -> Value
    ) throws(PlanInputError) -> Value {
        let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
        defer { parser.deallocate() }
        guard yaml_parser_initialize(parser) == 1 else { throw PlanInputError(file, "out of memory") }
        defer { yaml_parser_delete(parser) }
        var reader = StructuredReader(parser: parser, file: file, list: list)
        var result: Result<Value, PlanInputError> = .success(empty)
        bytes.withUnsafeBufferPointer { buffer in
            yaml_parser_set_input_string(parser, buffer.baseAddress, buffer.count)
            do throws(PlanInputError) { result = .success(try parse(&reader)) } catch {
                result = .failure(error)
            }
        }
        return try result.get()
    }

    private init(parser: UnsafeMutablePointer<yaml_parser_t>, file: String, list: String) {
        self.parser = parser
        self.file = file
        self.list = list
    }

    enum Event {
        case scalar(String)
        case sequenceStart
        case sequenceEnd
        case mappingStart
        case mappingEnd
        case alias
        case end
        case other
    }

    private mutating func document() throws(PlanInputError) -> PlanRecords {
        while true {
            switch try next() {
            case .other: continue
            case .sequenceStart:
                var found = PlanRecords()
                found.records = try records()
                return found
            case .mappingStart: return try outer()
            case .scalar, .alias, .sequenceEnd, .mappingEnd, .end:
                throw PlanInputError(
                    file, line: line, "the document is neither a list nor an object with \"\(list)\"")
            }
        }
    }

    /// An object that holds the list, and texts beside it.
    private mutating func outer() throws(PlanInputError) -> PlanRecords {
        var found = PlanRecords()
        var hasList = false
        while true {
            switch try next() {
            case .mappingEnd:
                guard hasList else { throw PlanInputError(file, "the document has no \"\(list)\"") }
                return found
            case .scalar(let name):
                let line = line
                guard !found.heading.contains(where: { $0.name == name }), !(hasList && name == list) else {
                    throw PlanInputError(file, line: line, "\"\(name.prefix(40))\" is there twice")
                }
                switch try next() {
                case .scalar(let text) where name != list:
                    guard found.heading.count < 32 else {
                        throw PlanInputError(file, line: line, "too many fields")
                    }
                    found.heading.append(.init(name: name, text: text, line: line))
                case .sequenceStart where name == list:
                    found.records = try records()
                    hasList = true
                case .mappingStart where name == list:
                    found.records = try pairs()
                    hasList = true
                default:
                    throw PlanInputError(
                        file, line: line, "\"\(name.prefix(40))\" is not of a kind that is read here")
                }
            default: throw PlanInputError(file, line: line, "a key that is no text")
            }
        }
    }

    /// A list of objects.
    private mutating func records() throws(PlanInputError) -> [PlanRecord] {
        var found: [PlanRecord] = []
        while true {
            switch try next() {
            case .sequenceEnd: return found
            case .mappingStart:
                guard found.count < PlanRecords.most else {
                    throw PlanInputError(
                        file, line: line, "more than \(PlanRecords.most) records: split the file")
                }
                found.append(try record())
            default: throw PlanInputError(file, line: line, "an element of the list that is no object")
            }
        }
    }

    private mutating func record() throws(PlanInputError) -> PlanRecord {
        var record = PlanRecord(line: line, fields: [])
        while true {
            switch try next() {
            case .mappingEnd: return record
            case .scalar(let name):
                let line = line
                guard !record.fields.contains(where: { $0.name == name }) else {
                    throw PlanInputError(file, line: line, "\"\(name.prefix(40))\" is there twice")
                }
                guard record.fields.count < 64 else {
                    throw PlanInputError(file, line: line, "more than 64 fields")
                }
                guard case .scalar(let text) = try next() else {
                    throw PlanInputError(
                        file, line: line,
                        "\"\(name.prefix(40))\" is a list or an object, a text or number is read")
                }
                record.fields.append(.init(name: name, text: text, line: line))
            default: throw PlanInputError(file, line: line, "a key that is no text")
            }
        }
    }

    /// An object of names and texts, each as a record of `name` and `value`.
    private mutating func pairs() throws(PlanInputError) -> [PlanRecord] {
        var found: [PlanRecord] = []
        while true {
            switch try next() {
            case .mappingEnd: return found
            case .scalar(let name):
                let line = line
                guard found.count < PlanRecords.most else {
                    throw PlanInputError(file, line: line, "too many entries")
                }
                guard case .scalar(let text) = try next() else {
                    throw PlanInputError(file, line: line, "\"\(name.prefix(40))\" is no text or number")
                }
                found.append(
                    PlanRecord(
                        line: line,
                        fields: [
                            .init(name: "name", text: name, line: line),
                            .init(name: "value", text: text, line: line),
                        ]))
            default: throw PlanInputError(file, line: line, "a key that is no text")
            }
        }
    }

    mutating func next() throws(PlanInputError) -> Event {
        var event = yaml_event_t()
        guard yaml_parser_parse(parser, &event) == 1 else {
            let problem = parser.pointee.problem.map { String(cString: $0) } ?? "not valid"
            throw PlanInputError(
                file, line: Int(clamping: parser.pointee.problem_mark.line) + 1,
                "this is no YAML or JSON: \(problem)")
        }
        defer { yaml_event_delete(&event) }
        line = Int(clamping: event.start_mark.line) + 1
        switch event.type {
        case YAML_SCALAR_EVENT:
            let scalar = event.data.scalar
            guard scalar.length <= CSVReader.longestLine else {
                throw PlanInputError(file, line: line, "a text of more than \(CSVReader.longestLine) octets")
            }
            let text = String(
                decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length), as: UTF8.self)
            let isNull =
                scalar.style == YAML_PLAIN_SCALAR_STYLE && ["null", "~", "Null", "NULL"].contains(text)
            return .scalar(isNull ? "" : text)
        case YAML_SEQUENCE_START_EVENT: return .sequenceStart
        case YAML_SEQUENCE_END_EVENT: return .sequenceEnd
        case YAML_MAPPING_START_EVENT: return .mappingStart
        case YAML_MAPPING_END_EVENT: return .mappingEnd
        case YAML_ALIAS_EVENT: throw PlanInputError(file, line: line, "an alias: write its value out")
        case YAML_STREAM_END_EVENT, YAML_DOCUMENT_END_EVENT: return .end
        default: return .other
        }
    }
}
