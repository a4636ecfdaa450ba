// Settings out of JSON files that come from anywhere: types are checked, and a setting that is not obeyed is refused with its
// file, its key and its value, since a plausible answer that is wrong is worse than none.

package import JSON

/// An object of settings, in a file of its own or within one. A key that is null counts as absent, as it does for whoever wrote
/// it (Python's None).
package struct ModelSettings {
    /// Where it stands, for errors: the file and the keys that lead to the object.
    package let subject: String
    private let members: [String: JSON]
    private let nulls: Set<String>

    /// Settings within a document.
    ///
    /// - Throws: `ModelError` for what is no object.
    package init(_ json: JSON, subject: String) throws(ModelError) {
        guard let members = json.object else {
            throw ModelError(subject, "is no JSON object", "download the file again")
        }
        self.subject = subject
        self.members = members.filter { !$0.value.isNull }
        nulls = Set(members.filter(\.value.isNull).keys)
    }

    /// The keys that have a value, in order.
    package var keys: [String] { members.keys.sorted() }

    /// The value of a key.
    package subscript(key: String) -> JSON? { members[key] }

    /// Whether a key is there without a value, where a default would stand in for an absent one.
    package func isNull(_ key: String) -> Bool { nulls.contains(key) }

    /// A text.
    package func string(_ key: String) throws(ModelError) -> String? { try value(key, "a text", \.string) }

    /// A truth value.
    package func bool(_ key: String) throws(ModelError) -> Bool? { try value(key, "true or false", \.bool) }

    /// A number.
    package func double(_ key: String) throws(ModelError) -> Double? { try value(key, "a number", \.double) }

    /// A whole number within bounds.
    package func int(_ key: String, _ range: ClosedRange<Int>) throws(ModelError) -> Int? {
        guard members[key] != nil else { return nil }
        guard let value = members[key]?.int, range.contains(value) else {
            throw refusal(of: key, "give a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    /// An object; nil when there is none.
    package func object(_ key: String) throws(ModelError) -> ModelSettings? {
        guard let json = members[key] else { return nil }
        return try ModelSettings(json, subject: "\(subject) key \(key)")
    }

    /// Whether the value of a key says nothing: absent, or an empty list, object or text.
    package func isEmpty(_ key: String) -> Bool {
        switch members[key] {
        case nil, .array([]), .object([:]), .string(""): true
        default: false
        }
    }

    /// Refuses any value but these; absent is fine.
    package func require(_ key: String, in allowed: [JSON], _ mend: String? = nil) throws(ModelError) {
        guard let value = members[key], !allowed.contains(value) else { return }
        let words = allowed.map { $0.text() }.joined(separator: " or ")
        throw refusal(of: key, mend ?? "use a model with \(words)")
    }

    /// Refuses anything that says something under these keys.
    package func requireEmpty(_ keys: [String]) throws(ModelError) {
        for key in keys where !isEmpty(key) { throw refusal(of: key, "use a model without it") }
    }

    /// Refuses keys that are not among these.
    package func requireKnown(_ known: Set<String>) throws(ModelError) {
        for key in keys where !known.contains(key) { throw refusal(of: key, "use a model without it") }
    }

    /// The error of a setting that is not obeyed.
    package func refusal(of key: String, _ mend: String) -> ModelError {
        let value = members[key].map { $0.text() } ?? "missing"
        return ModelError("\(subject) key \(key)", "is \(value.prefix(120))", mend)
    }

    private func value<Value>(
        _ key: String, _ type: String, _ read: KeyPath<JSON, Value?>
    ) throws(ModelError) -> Value? {
        guard let json = members[key] else { return nil }
        guard let value = json[keyPath: read] else { throw refusal(of: key, "give \(type)") }
        return value
    }
}
