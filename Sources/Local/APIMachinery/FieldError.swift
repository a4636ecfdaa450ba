// What is wrong with one field of an object, worded as k8s.io/apimachinery field.Error words it: clients and people match
// on these sentences.

internal import CEL
package import JSON

/// One fault of one field.
package struct FieldError: Error, Equatable, Sendable {
    /// The cause's machine-readable reason, for example `FieldValueRequired`.
    var reason: String
    /// The field's path, for example `spec.containers[0].image`; empty paths print as `<nil>`.
    var field: String
    /// The fault without the path.
    var message: String

    /// A fault of a kind that has no function of its own below.
    package init(reason: String, field: String, message: String) {
        self.reason = reason
        self.field = field
        self.message = message
    }

    /// `path: fault`, as it stands in a Status message.
    var sentence: String { "\(shownField): \(message)" }

    /// The path as the real server prints it.
    var shownField: String { field.isEmpty ? "<nil>" : field }

    /// A value that is not valid; strings are quoted.
    package static func invalid(_ field: String, _ value: JSON?, _ detail: String) -> FieldError {
        let shown = value.map { $0.goText } ?? ""
        return FieldError(
            reason: "FieldValueInvalid", field: field,
            message: value == nil ? "Invalid value: \(detail)" : "Invalid value: \(shown): \(detail)")
    }

    /// A value that must be there.
    package static func required(_ field: String, _ detail: String = "") -> FieldError {
        FieldError(
            reason: "FieldValueRequired", field: field,
            message: detail.isEmpty ? "Required value" : "Required value: \(detail)")
    }

    /// A value that must not occur twice.
    package static func duplicate(_ field: String, _ value: JSON) -> FieldError {
        FieldError(reason: "FieldValueDuplicate", field: field, message: "Duplicate value: \(value.goText)")
    }

    /// A change or a value that is not allowed.
    package static func forbidden(_ field: String, _ detail: String) -> FieldError {
        FieldError(reason: "FieldValueForbidden", field: field, message: "Forbidden: \(detail)")
    }

    /// A value outside an enumeration.
    package static func notSupported(_ field: String, _ value: JSON, _ supported: [String]) -> FieldError {
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
    package static func tooLong(_ field: String, _ maximum: Int) -> FieldError {
        FieldError(
            reason: "FieldValueTooLong", field: field,
            message: "Too long: may not be more than \(maximum) bytes")
    }
}

extension JSON {
    /// The value as the real server prints it inside a message: strings quoted, the rest as JSON.
    package var goText: String {
        switch self {
        case .string(let value): quoted(value)
        case .object: "{" + "..." + "}"
        default: text()
        }
    }
}
