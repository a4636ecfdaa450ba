// The API server refuses what a schema does not allow, but rules can be older than the object or bypassed. What is built on
// is checked again, with the same values and in words that a status can show.

package import JSON

/// A spec that cannot be carried out, in one sentence.
package struct InvalidSpec: Error, Equatable, CustomStringConvertible {
    /// The field, what is wrong with it, what to do.
    package let description: String

    /// A fault.
    package init(_ description: String) { self.description = description }
}

extension Schema {
    /// Checks a value.
    ///
    /// Rules in CEL are not evaluated, and fields that the schema does not know are left alone: the API server drops them.
    ///
    /// - Parameter path: where the value stands, such as `spec`.
    /// - Throws: the first fault.
    package func check(_ value: JSON, at path: String) throws(InvalidSpec) {
        switch (form, value) {
        case (.object(let fields), .object(let members)):
            for field in fields { try check(field, in: members, at: path) }
        case (.map(let values), .object(let members)):
            try checkCount(members.count, at: path)
            for (key, member) in members.sorted(by: { $0.key < $1.key }) {
                try values.check(member, at: "\(path).\(key)")
            }
        case (.opaque, .object): break
        case (.list(let entries), .array(let elements)): try check(elements, each: entries, at: path)
        case (.string, .string(let text)): try check(text, at: path)
        case (.boolean, .bool): break
        case (.integer, _) where value.int != nil: try check(value.int ?? 0, at: path)
        default: throw InvalidSpec("\(path) is \(Self.excerpt(value)): it must be \(noun)")
        }
    }

    private func check(
        _ field: Field, in members: [String: JSON], at path: String
    ) throws(InvalidSpec) {
        let value = members[field.name] ?? .null
        let place = "\(path).\(field.name)"
        let mustHaveSome = (field.schema.count?.lowerBound ?? 0) > 0
        if case .list = field.schema.form, mustHaveSome, value == [] || field.isRequired && value.isNull {
            throw InvalidSpec("\(place) is empty")
        }
        guard !value.isNull, !(mustHaveSome && value == "") else {
            guard field.isRequired else { return }
            throw InvalidSpec(path.contains("[") ? "\(path) has no \(field.name)" : "\(place) is missing")
        }
        try field.schema.check(value, at: place)
    }

    private func check(_ elements: [JSON], each schema: Schema, at path: String) throws(InvalidSpec) {
        try checkCount(elements.count, at: path)
        var seen: Set<String> = []
        for (index, element) in elements.enumerated() {
            var place = "\(path)[\(index)]"
            guard case .map(let keys) = listType, let key = keys.first,
                let name = element[key]?.string, !name.isEmpty
            else {
                try schema.check(element, at: place)
                continue
            }
            place += " (\(name))"
            try schema.check(element, at: place)
            // What is left out is what the API server puts in.
            let others = keys.dropFirst().map { key in
                let standard = schema.fields.first { $0.name == key }?.schema.defaultValue?.string
                let value = element[key]?.string ?? standard ?? ""
                return (words: value == standard ? "" : " of \(key) \(value)", value: value)
            }
            guard seen.insert(([name] + others.map(\.value)).joined(separator: "\n")).inserted else {
                throw InvalidSpec(
                    "\(path) has two \(path.split(separator: ".").last ?? "entries") named \(name)"
                        + others.map(\.words).joined())
            }
        }
    }

    private func check(_ text: String, at path: String) throws(InvalidSpec) {
        let shown = Self.excerpt(.string(text))
        if !values.isEmpty, !values.contains(text) {
            throw InvalidSpec("\(path) is \(shown): it must be one of \(values.joined(separator: ", "))")
        }
        if let pattern, !pattern.matches(text) {
            throw InvalidSpec("\(path) is \(shown): it must be \(pattern.meaning)")
        }
        if let count, !count.contains(text.unicodeScalars.count) {
            throw InvalidSpec(
                "\(path) has \(text.unicodeScalars.count) characters: there must be \(Self.words(count))")
        }
    }

    private func check(_ number: Int, at path: String) throws(InvalidSpec) {
        if let range, !range.contains(number) {
            throw InvalidSpec("\(path) is \(number): it must be \(Self.words(range))")
        }
    }

    private func checkCount(_ number: Int, at path: String) throws(InvalidSpec) {
        if let count, !count.contains(number) {
            throw InvalidSpec("\(path) has \(number) entries: there must be \(Self.words(count))")
        }
    }

    private var noun: String {
        switch form {
        case .object, .map, .opaque: "an object"
        case .list: "a list"
        case .string: "a string"
        case .integer: "a whole number"
        case .boolean: "true or false"
        }
    }

    private static func words(_ range: ClosedRange<Int>) -> String {
        "\(range.lowerBound) to \(range.upperBound)"
    }

    /// The first characters of a value, as it is written.
    private static func excerpt(_ value: JSON) -> String {
        String(decoding: value.serialized().prefix(40), as: UTF8.self)
    }
}
