// Values as JSON, as the transformers library's `tojson` writes them: `json.dumps` with `ensure_ascii=False`.

enum TemplateJSON {
    /// The JSON of a value.
    ///
    /// - Parameter indent: spaces for each level; nil for one line.
    static func text(of value: TemplateValue, indent: Int?) -> String {
        var text = ""
        append(value, to: &text, indent: indent.map { min(max($0, 0), 16) }, level: 0)
        return text
    }

    /// Whether everything in a value can be written as JSON.
    static func canWrite(_ value: TemplateValue) -> Bool {
        switch value {
        case .undefined, .namespace, .macro, .function: false
        case .list(let values), .tuple(let values): values.allSatisfy(canWrite)
        case .dict(let dict): dict.entries.allSatisfy { canWrite($0.value) }
        case .none, .bool, .int, .double, .string: true
        }
    }

    private static func append(_ value: TemplateValue, to text: inout String, indent: Int?, level: Int) {
        switch value {
        case .none, .undefined, .namespace, .macro, .function: text += "null"
        case .bool(let value): text += value ? "true" : "false"
        case .int(let value): text += "\(value)"
        case .double(let value):
            text +=
                value.isNaN ? "NaN" : value.isInfinite ? (value < 0 ? "-Infinity" : "Infinity") : "\(value)"
        case .string(let value): text += quoted(value)
        case .list(let values), .tuple(let values):
            append(values.map { ("", $0) }, "[", "]", to: &text, indent: indent, level: level)
        case .dict(let dict):
            append(
                dict.entries.map { (quoted($0.key) + ": ", $0.value) }, "{", "}", to: &text, indent: indent,
                level: level)
        }
    }

    private static func append(
        _ items: [(String, TemplateValue)], _ open: String, _ close: String, to text: inout String,
        indent: Int?,
        level: Int
    ) {
        guard !items.isEmpty else {
            text += open + close
            return
        }
        func line(_ level: Int) -> String {
            indent.map { "\n" + String(repeating: " ", count: $0 * level) } ?? ""
        }
        text += open
        for (place, (key, value)) in items.enumerated() {
            if place > 0 { text += indent == nil ? ", " : "," }
            text += line(level + 1) + key
            append(value, to: &text, indent: indent, level: level + 1)
        }
        text += line(level) + close
    }

    private static func quoted(_ value: String) -> String {
        var text = "\""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case "\u{8}": text += "\\b"
            case "\u{c}": text += "\\f"
            case ..<"\u{20}":
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text + "\""
    }
}
