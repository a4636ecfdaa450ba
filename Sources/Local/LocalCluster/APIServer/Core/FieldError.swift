// What is wrong with one field of an object, worded as k8s.io/apimachinery field.Error words it: clients and people match
// on these sentences.

internal import JSON

/// One fault of one field.
struct FieldError: Error, Equatable, Sendable {
    /// The cause's machine-readable reason, for example `FieldValueRequired`.
    var reason: String
    /// The field's path, for example `spec.containers[0].image`; empty paths print as `<nil>`.
    var field: String
    /// The fault without the path.
    var message: String

    /// `path: fault`, as it stands in a Status message.
    var sentence: String { "\(shownField): \(message)" }

    /// The path as the real server prints it.
    var shownField: String { field.isEmpty ? "<nil>" : field }

    /// A value that is not valid; strings are quoted.
    static func invalid(_ field: String, _ value: JSON?, _ detail: String) -> FieldError {
        let shown = value.map { $0.goText } ?? ""
        return FieldError(
            reason: "FieldValueInvalid", field: field,
            message: value == nil ? "Invalid value: \(detail)" : "Invalid value: \(shown): \(detail)")
    }

    /// A value that must be there.
    static func required(_ field: String, _ detail: String = "") -> FieldError {
        FieldError(
            reason: "FieldValueRequired", field: field,
            message: detail.isEmpty ? "Required value" : "Required value: \(detail)")
    }

    /// A value that must not occur twice.
    static func duplicate(_ field: String, _ value: JSON) -> FieldError {
        FieldError(reason: "FieldValueDuplicate", field: field, message: "Duplicate value: \(value.goText)")
    }

    /// A change or a value that is not allowed.
    static func forbidden(_ field: String, _ detail: String) -> FieldError {
        FieldError(reason: "FieldValueForbidden", field: field, message: "Forbidden: \(detail)")
    }

    /// A value outside an enumeration.
    static func notSupported(_ field: String, _ value: JSON, _ supported: [String]) -> FieldError {
        let list = supported.map { "\"\($0)\"" }.joined(separator: ", ")
        return FieldError(
            reason: "FieldValueNotSupported", field: field,
            message: "Unsupported value: \(value.goText)"
                + (list.isEmpty ? "" : ": supported values: \(list)"))
    }

    /// A value of another type.
    static func typeInvalid(_ field: String, _ value: JSON, _ detail: String) -> FieldError {
        FieldError(
            reason: "FieldValueTypeInvalid", field: field,
            message: "Invalid value: \(value.goText): \(detail)")
    }

    /// More elements than allowed.
    static func tooMany(_ field: String, _ count: Int, _ maximum: Int) -> FieldError {
        FieldError(
            reason: "FieldValueInvalid", field: field,
            message: "Too many: \(count): must have at most \(maximum) \(maximum == 1 ? "item" : "items")")
    }

    /// A longer string than allowed.
    static func tooLong(_ field: String, _ maximum: Int) -> FieldError {
        FieldError(
            reason: "FieldValueTooLong", field: field,
            message: "Too long: may not be more than \(maximum) bytes")
    }
}

extension JSON {
    /// The value as the real server prints it inside a message: strings quoted, the rest as JSON.
    var goText: String {
        switch self {
        case .string(let value): quoted(value)
        case .object: "{" + "..." + "}"
        default: text()
        }
    }
}

/// A string in double quotes with Go's escapes for quotes, backslashes and line breaks.
func quoted(_ text: String) -> String {
    var result = "\""
    for character in text.unicodeScalars {
        switch character {
        case "\"": result += "\\\""
        case "\\": result += "\\\\"
        case "\n": result += "\\n"
        case "\t": result += "\\t"
        case "\r": result += "\\r"
        default: result.unicodeScalars.append(character)
        }
    }
    return result + "\""
}
