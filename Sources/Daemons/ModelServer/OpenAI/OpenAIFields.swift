// The fields of a request in OpenAI's form. Each field is asked for by name, with its range; what nobody has asked for is
// refused, since a field that does nothing would look as if it did.

internal import JSON

/// Reads the fields of one object.
struct OpenAIFields {
    private let object: [String: JSON]
    private var known: Set<String> = []

    /// Fields that say nothing about the answer: they are taken, and do what they do at OpenAI, which is nothing here.
    static let harmless: Set<String> = [
        "user", "metadata", "store", "service_tier", "safety_identifier",
    ]

    init(_ object: [String: JSON]) { self.object = object }

    /// The value; nil where it is not there or null.
    mutating func value(_ name: String) -> JSON? {
        known.insert(name)
        guard let value = object[name], !value.isNull else { return nil }
        return value
    }

    mutating func string(_ name: String) throws(HTTPProblem) -> String? {
        guard let value = value(name) else { return nil }
        guard let text = value.string else { throw Self.wrong(name, value, "a string") }
        return text
    }

    mutating func bool(_ name: String) throws(HTTPProblem) -> Bool? {
        guard let value = value(name) else { return nil }
        guard let truth = value.bool else { throw Self.wrong(name, value, "true or false") }
        return truth
    }

    mutating func int(_ name: String, _ range: ClosedRange<Int>) throws(HTTPProblem) -> Int? {
        guard let value = value(name) else { return nil }
        guard let number = value.int, range ~= number else {
            throw Self.wrong(name, value, "a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    mutating func number(_ name: String, _ range: ClosedRange<Double>) throws(HTTPProblem) -> Double? {
        guard let value = value(name) else { return nil }
        guard let number = value.double, range ~= number else {
            throw Self.wrong(name, value, "a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    /// A field that this server has one value for, and takes no other.
    mutating func only(_ name: String, _ isKnown: (JSON) -> Bool, _ hint: String) throws(HTTPProblem) {
        guard let value = value(name), !isKnown(value) else { return }
        throw Self.wrong(name, value, hint)
    }

    /// - Throws: 400 for a field that nobody has asked for.
    func refuseOthers() throws(HTTPProblem) {
        for name in object.keys.sorted() where !known.contains(name) && !Self.harmless.contains(name) {
            guard object[name]?.isNull == false else { continue }
            throw HTTPProblem(
                400, "Unrecognized request argument supplied: \(name.prefix(64))",
                parameter: String(name.prefix(64)))
        }
    }

    static func wrong(_ name: String, _ value: JSON, _ expected: String) -> HTTPProblem {
        HTTPProblem(
            400, "'\(name)' is \(value.text().prefix(64)): it must be \(expected)", parameter: name)
    }
}
