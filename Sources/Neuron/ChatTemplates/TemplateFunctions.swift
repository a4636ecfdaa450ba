// The functions that every template has, and the methods of values: those of Python that templates use.

enum TemplateFunctions {
    static let names: Set<String> = ["range", "namespace", "dict", "raise_exception", "strftime_now"]
    /// Numbers that a range has at most.
    static let longestRange = 100_000
}

extension TemplateEvaluator {
    /// Calls a function.
    mutating func call(_ name: String, _ given: TemplateInputs) throws(ChatTemplateError) -> TemplateValue {
        switch name {
        case "raise_exception":
            throw error("the template refuses this: \(given.value(0, "message")?.text ?? "")")
        case "strftime_now": return .string(clock(given.value(0, "format")?.text ?? ""))
        case "namespace", "dict":
            var dict = TemplateDict()
            if case .dict(let first)? = given.positional.first { dict = first }
            for key in given.named.keys.sorted() { dict[key] = given.named[key] }
            guard name == "namespace" else { return .dict(dict) }
            try spend()
            namespaces.append(dict)
            return .namespace(namespaces.count - 1)
        default: return try range(given)
        }
    }

    private mutating func range(_ given: TemplateInputs) throws(ChatTemplateError) -> TemplateValue {
        var bounds: [Int] = []
        for value in given.positional {
            guard let bound = value.integer else { throw error("range is given \(value.kind)") }
            bounds.append(bound)
        }
        guard (1...3).contains(bounds.count) else { throw error("range is given \(bounds.count) values") }
        let (first, last) = bounds.count == 1 ? (0, bounds[0]) : (bounds[0], bounds[1])
        let step = bounds.count == 3 ? bounds[2] : 1
        guard step != 0 else { throw error("range has the step 0") }
        var values: [TemplateValue] = []
        var next = first
        while step > 0 ? next < last : next > last {
            guard values.count < TemplateFunctions.longestRange else {
                throw error("range has more than \(TemplateFunctions.longestRange) numbers")
            }
            values.append(.int(next))
            let (sum, overflow) = next.addingReportingOverflow(step)
            if overflow { break }
            next = sum
        }
        try spend(values.count)
        return .list(values)
    }

    /// Calls a method of a value.
    mutating func method(
        _ name: String, of object: TemplateValue, _ given: TemplateInputs
    ) throws(ChatTemplateError) -> TemplateValue {
        switch object {
        case .string(let text):
            try spend(1 + text.utf8.count / 64)
            if let result = try method(name, of: text, given) { return result }
        case .dict(let dict): if let result = method(name, of: dict, given) { return result }
        case .namespace(let index):
            if let result = method(name, of: namespaces[index], given) { return result }
        case .list(let values), .tuple(let values):
            if name == "count" { return .int(values.count { $0.equals(given.positional.first ?? .none) }) }
            if name == "index" {
                let place = values.firstIndex { $0.equals(given.positional.first ?? .none) }
                guard let place else { throw error("what index looks for is not in the list") }
                return .int(place)
            }
        case .undefined(let object): throw error("\(object) has no value, so no \(name)()")
        default: break
        }
        throw error("\(object.kind) has no method \(name)")
    }

    private func method(_ name: String, of dict: TemplateDict, _ given: TemplateInputs) -> TemplateValue? {
        switch name {
        case "get": dict[given.value(0, "key")?.text ?? ""] ?? given.value(1, "default") ?? TemplateValue.none
        case "items": .list(dict.entries.map { .tuple([.string($0.key), $0.value]) })
        case "keys": .list(dict.entries.map { .string($0.key) })
        case "values": .list(dict.entries.map(\.value))
        default: nil
        }
    }

    private mutating func method(
        _ name: String, of text: String, _ given: TemplateInputs
    ) throws(ChatTemplateError) -> TemplateValue? {
        let first = given.positional.first
        switch name {
        case "strip": return .string(text.stripped(first?.given, front: true, back: true))
        case "lstrip": return .string(text.stripped(first?.given, front: true, back: false))
        case "rstrip": return .string(text.stripped(first?.given, front: false, back: true))
        case "upper": return try made(text.uppercased())
        case "lower": return try made(text.lowercased())
        case "title": return try made(text.titled())
        case "capitalize": return try made(text.capitalizedFirst())
        case "startswith": return .bool(first?.texts.contains { text.utf8.starts(with: $0.utf8) } ?? false)
        case "endswith":
            return .bool(
                first?.texts.contains { text.utf8.reversed().starts(with: $0.utf8.reversed()) } ?? false)
        case "split", "rsplit":
            let most = given.value(1, "maxsplit")?.integer ?? -1
            let parts = text.parts(
                by: given.value(0, "sep")?.given, most: most < 0 ? .max : most, fromBack: name == "rsplit")
            try spend(parts.count)
            return .list(parts.map { .string($0) })
        case "splitlines": return .list(text.lines.map { .string($0) })
        case "replace":
            return try made(
                replaced(
                    text, given.value(0, "old")?.text ?? "", given.value(1, "new")?.text ?? "",
                    given.value(2, "count")?.integer))
        case "join":
            let values = try elements(of: first ?? .undefined("the list"), "join goes through")
            for value in values {
                guard case .string = value else { throw error("join is given \(value.kind) among texts") }
            }
            return try joined(values, by: text)
        case "count":
            let part = first?.text ?? ""
            return .int(
                part.utf8.isEmpty
                    ? text.unicodeScalars.count + 1
                    : text.parts(by: part, most: .max, fromBack: false).count - 1)
        case "find", "index":
            let octets = Array(text.utf8)
            guard let found = octets.firstRange(of: Array((first?.text ?? "").utf8)) else {
                guard name == "find" else { throw error("\(first?.text ?? "") is not in the text") }
                return .int(-1)
            }
            return .int(String(decoding: octets[..<found.lowerBound], as: UTF8.self).unicodeScalars.count)
        case "isdigit":
            return .bool(
                !text.isEmpty
                    && text.unicodeScalars.allSatisfy {
                        $0.properties.numericType == .decimal || $0.properties.numericType == .digit
                    })
        case "isalpha": return .bool(!text.isEmpty && text.unicodeScalars.allSatisfy { $0.isLetter })
        case "isspace": return .bool(!text.isEmpty && text.unicodeScalars.allSatisfy(\.isPythonSpace))
        default: return nil
        }
    }

    /// A text with each occurrence of another replaced, as many as there may be.
    mutating func replaced(
        _ text: String, _ old: String, _ new: String, _ count: Int?
    ) throws(ChatTemplateError) -> String {
        let most = count.map { $0 < 0 ? .max : $0 } ?? .max
        if old.utf8.isEmpty {
            let scalars = text.unicodeScalars
            let (size, overflow) = new.utf8.count.multipliedReportingOverflow(by: scalars.count + 1)
            guard !overflow, size <= Self.longestText else {
                throw error("a text is longer than \(Self.longestText) octets")
            }
            var result = ""
            for (place, scalar) in scalars.enumerated() {
                if place < most { result += new }
                result.unicodeScalars.append(scalar)
            }
            return scalars.count < most ? result + new : result
        }
        let parts = text.parts(by: old, most: most, fromBack: false)
        let (size, overflow) = new.utf8.count.multipliedReportingOverflow(by: parts.count)
        guard !overflow, size <= Self.longestText else {
            throw error("a text is longer than \(Self.longestText) octets")
        }
        return parts.joined(separator: new)
    }

    /// The texts of values with another in between.
    mutating func joined(_ values: [TemplateValue], by separator: String) throws(ChatTemplateError)
        -> TemplateValue
    {
        var size = 0
        let texts = values.map(\.text)
        for text in texts {
            size += text.utf8.count + separator.utf8.count
            guard size <= Self.longestText + separator.utf8.count else {
                throw error("a text is longer than \(Self.longestText) octets")
            }
        }
        return try made(texts.joined(separator: separator))
    }
}

extension TemplateValue {
    /// What is meant by a value that may be none.
    fileprivate var given: String? {
        switch self {
        case .none, .undefined: nil
        default: text
        }
    }

    /// A text, or those of a tuple.
    fileprivate var texts: [String] {
        guard let values = members else { return [text] }
        return values.map(\.text)
    }
}
