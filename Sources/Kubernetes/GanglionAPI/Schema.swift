// What a field of our resources may hold, written once beside its type: the CustomResourceDefinitions of the chart are
// printed from these values, the operator checks what it reads with them, and tests compare them with the types' properties.

package import JSON

/// What a field may hold: the part of OpenAPI's vocabulary that the definitions use.
package struct Schema: Sendable {
    /// The type of a value and of what is in it.
    package indirect enum Form: Sendable {
        /// An object with these fields, in the order of the definition.
        case object([Field])
        /// An object with any names; all values are alike.
        case map(Schema)
        case list(Schema)
        case string
        case integer
        case boolean
        /// An object whose fields are somebody else's business; they are kept as they are.
        case opaque
    }

    /// A field of an object.
    package struct Field: Sendable {
        /// The name as users write it.
        package var name: String
        /// What it may hold.
        package var schema: Schema
        /// Whether an object without it is refused.
        package var isRequired: Bool
    }

    /// How server-side apply takes a list.
    package enum ListType: Equatable, Sendable {
        /// Whoever applies it owns the whole list.
        case atomic
        /// Each value is there once and has its own owners.
        case set
        /// Entries are told apart by these fields.
        case map([String])
    }

    /// The type.
    package var form: Form
    /// One or two sentences for `kubectl explain`; empty where the name says all.
    package var description = ""
    /// OpenAPI's format, such as `int32`.
    package var format: String?
    /// The smallest and the largest number.
    package var range: ClosedRange<Int>?
    /// Characters of a string, entries of a list or a map.
    package var count: ClosedRange<Int>?
    /// What a string has to look like.
    package var pattern: SchemaPattern?
    /// The strings that are allowed; any where empty.
    package var values: [String] = []
    /// What the API server puts where nothing is written.
    package var defaultValue: JSON?
    /// For lists.
    package var listType: ListType?
    /// Conditions between fields, which the API server evaluates.
    package var rules: [SchemaRule] = []
}

/// One entry of `x-kubernetes-validations`.
package struct SchemaRule: Sendable {
    /// CEL that has to be true.
    package var rule: String
    /// What to do about it; nil where `messageExpression` says it.
    package var message: String?
    /// CEL that gives the message.
    package var messageExpression: String?
    /// The API's reason, such as `FieldValueForbidden`; `FieldValueInvalid` where nil.
    package var reason: String?
    /// The field that the refusal names, such as `.models`.
    package var fieldPath: String?
}

extension Schema {
    /// An object.
    ///
    /// - Parameters:
    ///   - fields: in the order of the definition.
    ///   - required: names of fields that have to be there.
    package static func object(
        _ description: String = "", _ fields: KeyValuePairs<String, Schema>, required: [String] = [],
        rules: [SchemaRule] = []
    ) -> Schema {
        let fields = fields.map { Field(name: $0, schema: $1, isRequired: required.contains($0)) }
        return Schema(form: .object(fields), description: description, rules: rules)
    }

    /// An object with any names.
    package static func map(
        _ description: String = "", of values: Schema, count: ClosedRange<Int>? = nil
    ) -> Schema {
        Schema(form: .map(values), description: description, count: count)
    }

    /// An object that is kept as it is.
    package static func opaque(_ description: String = "") -> Schema {
        Schema(form: .opaque, description: description)
    }

    /// A list.
    package static func list(
        _ description: String = "", of entries: Schema, count: ClosedRange<Int>? = nil,
        _ type: ListType? = nil
    ) -> Schema {
        Schema(form: .list(entries), description: description, count: count, listType: type)
    }

    /// A string.
    package static func string(
        _ description: String = "", count: ClosedRange<Int>? = nil, pattern: SchemaPattern? = nil
    ) -> Schema {
        Schema(form: .string, description: description, count: count, pattern: pattern)
    }

    /// A string that is one of some.
    package static func choice(_ description: String = "", among values: [String]) -> Schema {
        Schema(form: .string, description: description, values: values)
    }

    /// A string that is one of the raw values of an enumeration.
    package static func choice<Value: RawRepresentable<String> & CaseIterable>(
        _ description: String = "", of type: Value.Type
    ) -> Schema {
        choice(description, among: type.allCases.map(\.rawValue))
    }

    /// A moment, RFC 3339.
    package static func moment(_ description: String = "") -> Schema {
        Schema(form: .string, description: description, format: "date-time")
    }

    /// A number of 32 bits.
    package static func integer(_ description: String = "", _ range: ClosedRange<Int>? = nil) -> Schema {
        Schema(form: .integer, description: description, format: "int32", range: range)
    }

    /// True or false.
    package static func boolean(_ description: String = "") -> Schema {
        Schema(form: .boolean, description: description)
    }

    /// A number of 64 bits.
    package static func large(_ description: String = "") -> Schema {
        Schema(form: .integer, description: description, format: "int64")
    }

    /// Which version of a spec was seen: its `metadata.generation`.
    package static let generation = Schema.large()

    /// The same with a default.
    package func defaulting(to value: JSON) -> Schema {
        var schema = self
        schema.defaultValue = value
        return schema
    }

    /// The fields of an object; empty for other forms.
    package var fields: [Field] { if case .object(let fields) = form { fields } else { [] } }

    /// `status.conditions`, as `metav1.Condition` has it.
    package static let conditions = Schema.list(
        "What is observed, with the time of its last change.",
        of: .object(
            "",
            [
                "type": .string(), "status": .choice(among: ["True", "False", "Unknown"]),
                "reason": .string(),
                "message": .string(), "observedGeneration": .generation, "lastTransitionTime": .moment(),
            ], required: ["type", "status", "reason", "lastTransitionTime"]),
        count: 0...16, .map(["type"]))
}
