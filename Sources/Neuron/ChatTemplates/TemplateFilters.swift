// The filters and tests of Jinja that chat templates use.

extension TemplateEvaluator {
    /// Applies a filter.
    mutating func filter(
        _ value: TemplateValue, _ name: String, _ given: TemplateInputs
    ) throws(ChatTemplateError) -> TemplateValue {
        switch name {
        case "trim":
            return .string(value.text.stripped(given.value(0, "chars").map(\.text), front: true, back: true))
        case "title": return try made(value.text.titledWords())
        case "upper", "lower", "capitalize":
            return try method(name, of: .string(value.text), TemplateInputs())
        case "replace":
            return try made(
                replaced(
                    value.text, given.value(0, "old")?.text ?? "", given.value(1, "new")?.text ?? "",
                    given.value(2, "count")?.integer))
        case "length", "count": return .int(try count(value))
        case "string", "safe": return .string(value.text)
        case "int":
            guard !value.isUndefined else { throw error("int is given \(value.kind)") }
            return .int(
                value.integer ?? value.number.flatMap { Int(exactly: $0.rounded(.towardZero)) } ?? Int(
                    value.text.stripped(nil, front: true, back: true)) ?? given.value(0, "default")?.integer
                    ?? 0)
        case "float":
            guard !value.isUndefined else { throw error("float is given \(value.kind)") }
            return .double(
                value.number ?? Double(value.text.stripped(nil, front: true, back: true)) ?? given.value(
                    0, "default")?.number ?? 0)
        case "abs":
            if let integer = value.integer {
                guard integer != .min else { throw error("abs is given \(integer)") }
                return .int(abs(integer))
            }
            guard let number = value.number else { throw error("abs is given \(value.kind)") }
            return .double(abs(number))
        case "round":
            guard given.value(0, "precision")?.integer ?? 0 == 0 else {
                throw error("round to digits is not known")
            }
            if let integer = value.integer { return .int(integer) }
            guard let number = value.number else { throw error("round is given \(value.kind)") }
            return .double(number.rounded(.toNearestOrEven))
        case "default", "d":
            let isMissing = value.isUndefined || given.value(1, "boolean")?.isTrue ?? false && !value.isTrue
            return isMissing ? given.value(0, "default_value") ?? .string("") : value
        case "tojson":
            guard TemplateJSON.canWrite(value) else {
                throw error("tojson is given \(value.kind), or what has it in it")
            }
            return try made(TemplateJSON.text(of: value, indent: given.value(0, "indent")?.integer))
        case "indent":
            guard case .string(let text) = value else { throw error("indent is given \(value.kind)") }
            return try made(indented(text, given))
        case "escape", "e": return try made(escaped(value.text))
        case "items":
            if value.isUndefined { return .list([]) }
            return try method("items", of: value, TemplateInputs())
        case "dictsort":
            guard case .dict(let dict) = value else { throw error("dictsort is given \(value.kind)") }
            return .list(
                dict.entries.sorted {
                    $0.key.lowercased().utf8.lexicographicallyPrecedes($1.key.lowercased().utf8)
                }
                .map { .tuple([.string($0.key), $0.value]) })
        default: return try listFilter(value, name, given)
        }
    }

    private mutating func count(_ value: TemplateValue) throws(ChatTemplateError) -> Int {
        switch value {
        case .string(let text): text.unicodeScalars.count
        default: try elements(of: value, "length is asked of").count
        }
    }

    private func indented(_ text: String, _ given: TemplateInputs) throws(ChatTemplateError) -> String {
        let width = given.value(0, "width")?.integer ?? 4
        guard 0...1000 ~= width else { throw error("indent is given the width \(width)") }
        let space = String(repeating: " ", count: width)
        let isFirst = given.value(1, "first")?.isTrue ?? false
        let isBlank = given.value(2, "blank")?.isTrue ?? false
        let lines = text.parts(by: "\n", most: .max, fromBack: false)
        let size = text.utf8.count + lines.count * width
        guard size <= Self.longestText else {
            throw error("a text is longer than \(Self.longestText) octets")
        }
        return lines.enumerated().map { place, line in
            (place == 0 ? isFirst : isBlank || !line.isEmpty) ? space + line : line
        }.joined(separator: "\n")
    }

    private func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&#34;"
            case "'": result += "&#39;"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    private mutating func listFilter(
        _ value: TemplateValue, _ name: String, _ given: TemplateInputs
    ) throws(ChatTemplateError) -> TemplateValue {
        let known: Set<String> = [
            "first", "last", "join", "list", "reverse", "sort", "unique", "map", "select", "reject",
            "selectattr", "rejectattr", "sum", "min", "max",
        ]
        guard known.contains(name) else { throw error("the filter \(name) is not known") }
        let passesNothing: Set<String> = ["map", "select", "reject", "selectattr", "rejectattr"]
        if passesNothing.contains(name), !value.isTrue { return .list([]) }
        let values = try elements(of: value, "\(name) is given")
        switch name {
        case "first": return values.first ?? .undefined("the first of none")
        case "last": return values.last ?? .undefined("the last of none")
        case "join":
            var parts = values
            if let attribute = given.value(1, "attribute")?.text {
                parts = try values.map { (value) throws(ChatTemplateError) in try member(attribute, of: value)
                }
            }
            return try joined(parts, by: given.value(0, "d")?.text ?? "")
        case "reverse":
            if case .string = value { return try joined(values.reversed(), by: "") }
            return .list(values.reversed())
        case "sort": return .list(try sorted(values, given))
        case "min", "max":
            let all = try sorted(values, TemplateInputs(named: ["reverse": .bool(name == "max")]))
            return all.first ?? .undefined("\(name) of none")
        case "sum":
            var sum = TemplateValue.int(0)
            for value in values { sum = try self.value(of: .binary("+", .value(sum), .value(value))) }
            return sum
        case "unique":
            var kept: [TemplateValue] = []
            var keys: [TemplateValue] = []
            for value in values {
                try spend(keys.count)
                var key = value
                switch value {
                case .list, .dict: throw error("unique is given \(value.kind) among others")
                case .string(let text): key = .string(text.lowercased())
                default: break
                }
                if !keys.contains(where: { $0.equals(key) }) {
                    keys.append(key)
                    kept.append(value)
                }
            }
            return .list(kept)
        case "map":
            if let attribute = given.named["attribute"]?.text {
                let fallback = given.named["default"]
                return .list(
                    try values.map { (value) throws(ChatTemplateError) in
                        let member = try member(attribute, of: value)
                        return member.isUndefined ? fallback ?? member : member
                    })
            }
            var rest = given
            guard !rest.positional.isEmpty else { throw error("map has no filter") }
            let filter = rest.positional.removeFirst().text
            return .list(
                try values.map { (value) throws(ChatTemplateError) in try self.filter(value, filter, rest) })
        case "select", "reject", "selectattr", "rejectattr": return .list(try selected(values, name, given))
        default: return .list(values)
        }
    }

    private func member(_ path: String, of value: TemplateValue) throws(ChatTemplateError) -> TemplateValue {
        var value = value
        for name in path.parts(by: ".", most: .max, fromBack: false) {
            switch value {
            case .dict(let dict): value = dict[name] ?? .undefined(name)
            case .list(let values): value = Int(name).flatMap { values[safe: $0] } ?? .undefined(name)
            case .namespace(let index): value = namespaces[index][name] ?? .undefined(name)
            default: return .undefined(name)
            }
        }
        return value
    }

    private mutating func selected(
        _ values: [TemplateValue], _ name: String, _ given: TemplateInputs
    ) throws(ChatTemplateError) -> [TemplateValue] {
        var rest = given
        var attribute: String?
        if name.hasSuffix("attr") {
            guard !rest.positional.isEmpty else { throw error("\(name) has no attribute") }
            attribute = rest.positional.removeFirst().text
        }
        let test = rest.positional.isEmpty ? nil : rest.positional.removeFirst().text
        var kept: [TemplateValue] = []
        for value in values {
            let subject =
                try attribute.map { (path) throws(ChatTemplateError) in try member(path, of: value) } ?? value
            let holds =
                try test.map { (test) throws(ChatTemplateError) in try self.test(subject, test, rest) }
                ?? subject.isTrue
            if holds == name.hasPrefix("select") { kept.append(value) }
        }
        return kept
    }

    private mutating func sorted(
        _ values: [TemplateValue], _ given: TemplateInputs
    ) throws(ChatTemplateError) -> [TemplateValue] {
        let isReversed = given.value(0, "reverse")?.isTrue ?? false
        let isExact = given.value(1, "case_sensitive")?.isTrue ?? false
        let attribute = given.value(2, "attribute")?.text
        var keyed: [SortKey] = []
        for value in values {
            let key =
                try attribute.map { (path) throws(ChatTemplateError) in try member(path, of: value) } ?? value
            let text: String? = if case .string(let text) = key { text } else { nil }
            keyed.append(
                SortKey(
                    number: key.number, text: (isExact ? text : text?.lowercased()) ?? "",
                    isText: text != nil, value: value))
        }
        try spend(values.count * 8)
        let areNumbers = keyed.allSatisfy { $0.number != nil }
        guard areNumbers || keyed.count < 2 || keyed.allSatisfy({ $0.isText }) else {
            throw error("values that are neither all numbers nor all texts are sorted")
        }
        func precedes(_ one: SortKey, _ two: SortKey) -> Bool {
            areNumbers
                ? (one.number ?? 0) < (two.number ?? 0)
                : one.text.utf8.lexicographicallyPrecedes(two.text.utf8)
        }
        // Equal ones keep their order, in either direction.
        return keyed.sorted { isReversed ? precedes($1, $0) : precedes($0, $1) }.map(\.value)
    }

    /// The tests that compare with something.
    private static let comparingTests: Set<String> = [
        "divisibleby", "equalto", "eq", "==", "ne", "!=", "in", "lt", "lessthan", "<", "gt", "greaterthan",
        ">",
        "le", "<=", "ge", ">=",
    ]

    /// Applies a test.
    mutating func test(
        _ value: TemplateValue, _ name: String, _ given: TemplateInputs
    ) throws(ChatTemplateError) -> Bool {
        let compares = Self.comparingTests.contains(name)
        guard given.positional.count == (compares ? 1 : 0), given.named.isEmpty else {
            throw error("the test \(name) is given \(given.positional.count + given.named.count) values")
        }
        let other = given.positional.first ?? .none
        switch name {
        case "defined": return !value.isUndefined
        case "undefined": return value.isUndefined
        case "none":
            guard case .none = value else { return false }
            return true
        case "true":
            guard case .bool(true) = value else { return false }
            return true
        case "false":
            guard case .bool(false) = value else { return false }
            return true
        case "boolean":
            guard case .bool = value else { return false }
            return true
        case "integer":
            guard case .int = value else { return false }
            return true
        case "float":
            guard case .double = value else { return false }
            return true
        case "number": return value.number != nil
        case "string":
            guard case .string = value else { return false }
            return true
        case "mapping":
            guard case .dict = value else { return false }
            return true
        case "sequence", "iterable":
            switch value {
            case .list, .tuple, .string, .dict: return true
            case .undefined: return true
            default: return false
            }
        case "callable": return value.kind == "a function"
        case "odd", "even", "divisibleby":
            guard let number = value.number else { throw error("\(name) is asked of \(value.kind)") }
            let divisor = name == "divisibleby" ? other.number ?? 0 : 2
            guard divisor != 0 else { throw error("\(name) is given \(other.kind)") }
            let rest = number - divisor * (number / divisor).rounded(.down)
            return rest == (name == "odd" ? 1 : 0)
        case "equalto", "eq", "==": return value.equals(other)
        case "ne", "!=": return !value.equals(other)
        case "in": return try contains(other, value)
        case "lt", "lessthan", "<":
            return try self.value(of: .binary("<", .value(value), .value(other))).isTrue
        case "gt", "greaterthan", ">":
            return try self.value(of: .binary(">", .value(value), .value(other))).isTrue
        case "le", "<=": return try self.value(of: .binary("<=", .value(value), .value(other))).isTrue
        case "ge", ">=": return try self.value(of: .binary(">=", .value(value), .value(other))).isTrue
        case "lower": return value.text.lowercased().isSame(as: value.text)
        case "upper": return value.text.uppercased().isSame(as: value.text)
        default: throw error("the test \(name) is not known")
        }
    }
}

/// What a value is sorted by.
private struct SortKey {
    let number: Double?
    let text: String
    let isText: Bool
    let value: TemplateValue
}
