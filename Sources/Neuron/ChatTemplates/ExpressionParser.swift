// The expressions of a template, after Jinja's grammar (`jinja2/parser.py`).

/// Makes a tree of words.
struct ExpressionParser {
    /// Expressions in each other.
    private static let deepest = 100

    private var tokens: ArraySlice<TemplateToken>
    private let line: Int
    private var depth = 0

    init(_ tokens: [TemplateToken], line: Int) {
        self.tokens = tokens[...]
        self.line = line
    }

    // MARK: - Words

    func isAt(sign: String) -> Bool { tokens.first == .sign(sign) }

    mutating func take(sign: String) -> Bool {
        guard isAt(sign: sign) else { return false }
        tokens.removeFirst()
        return true
    }

    mutating func take(word: String) -> Bool {
        guard tokens.first == .name(word) else { return false }
        tokens.removeFirst()
        return true
    }

    mutating func name() throws(ChatTemplateError) -> String {
        guard case .name(let name)? = tokens.popFirst() else {
            throw ChatTemplateError(line, "a name is missing")
        }
        return name
    }

    private mutating func require(_ sign: String) throws(ChatTemplateError) {
        guard take(sign: sign) else { throw unexpected("\(sign) is missing") }
    }

    func end() throws(ChatTemplateError) {
        guard tokens.isEmpty else { throw unexpected("too much") }
    }

    private func unexpected(_ what: String) -> ChatTemplateError {
        let next =
            switch tokens.first {
            case .name(let name): name
            case .string(let text): TemplateValue.string(text).representation
            case .int(let value): "\(value)"
            case .double(let value): "\(value)"
            case .sign(let sign): sign
            case nil: "the end"
            }
        return ChatTemplateError(line, "\(what) before \(next)")
    }

    // MARK: - Expressions

    /// One expression, or several with commas, which are a list.
    ///
    /// - Parameter isWhole: whether an `if` belongs to it.
    mutating func tuple(isWhole: Bool = true) throws(ChatTemplateError) -> TemplateExpression {
        let first = isWhole ? try expression() : try or()
        guard isAt(sign: ",") else { return first }
        var all = [first]
        while take(sign: ","), !tokens.isEmpty, !isAt(sign: ")") {
            all.append(isWhole ? try expression() : try or())
        }
        return .tuple(all)
    }

    /// One expression.
    mutating func expression() throws(ChatTemplateError) -> TemplateExpression {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.deepest else {
            throw ChatTemplateError(line, "expressions stand in more than \(Self.deepest) others")
        }
        var result = try or()
        while take(word: "if") {
            let condition = try or()
            let otherwise: TemplateExpression? = take(word: "else") ? try expression() : nil
            result = .choice(result, if: condition, else: otherwise)
        }
        return result
    }

    private mutating func or() throws(ChatTemplateError) -> TemplateExpression {
        var left = try and()
        while take(word: "or") { left = .or(left, try and()) }
        return left
    }

    private mutating func and() throws(ChatTemplateError) -> TemplateExpression {
        var left = try not()
        while take(word: "and") { left = .and(left, try not()) }
        return left
    }

    private mutating func not() throws(ChatTemplateError) -> TemplateExpression {
        var count = 0
        while take(word: "not") { count += 1 }
        let value = try comparison()
        return count == 0 ? value : count % 2 == 1 ? .not(value) : .not(.not(value))
    }

    private mutating func comparison() throws(ChatTemplateError) -> TemplateExpression {
        var left = try sum()
        var result: TemplateExpression?
        while let sign = comparisonSign() {
            let right = try sum()
            let one: TemplateExpression =
                sign == "not in" ? .not(.binary("in", left, right)) : .binary(sign, left, right)
            result = result.map { .and($0, one) } ?? one
            left = right
        }
        return result ?? left
    }

    private mutating func comparisonSign() -> String? {
        for sign in ["==", "!=", "<=", ">=", "<", ">"] where take(sign: sign) { return sign }
        if take(word: "in") { return "in" }
        if tokens.first == .name("not"), tokens.dropFirst().first == .name("in") {
            tokens.removeFirst(2)
            return "not in"
        }
        return nil
    }

    private mutating func sum() throws(ChatTemplateError) -> TemplateExpression {
        var left = try joined()
        while true {
            if take(sign: "+") {
                left = .binary("+", left, try joined())
            } else if take(sign: "-") {
                left = .binary("-", left, try joined())
            } else {
                return left
            }
        }
    }

    private mutating func joined() throws(ChatTemplateError) -> TemplateExpression {
        var left = try product()
        while take(sign: "~") { left = .binary("~", left, try product()) }
        return left
    }

    private mutating func product() throws(ChatTemplateError) -> TemplateExpression {
        var left = try power()
        while true {
            let sign = ["*", "/", "//", "%"].first { isAt(sign: $0) }
            guard let sign, take(sign: sign) else { return left }
            left = .binary(sign, left, try power())
        }
    }

    private mutating func power() throws(ChatTemplateError) -> TemplateExpression {
        var left = try unary()
        while take(sign: "**") { left = .binary("**", left, try unary()) }
        return left
    }

    private mutating func unary(withFilters: Bool = true) throws(ChatTemplateError) -> TemplateExpression {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.deepest else {
            throw ChatTemplateError(line, "expressions stand in more than \(Self.deepest) others")
        }
        var value: TemplateExpression
        if take(sign: "-") {
            value = .negative(try unary(withFilters: false))
        } else if take(sign: "+") {
            value = try unary(withFilters: false)
        } else {
            value = try followed(primary())
        }
        guard withFilters else { return value }
        while true {
            if take(sign: "|") {
                let name = try dottedName()
                value = .filter(value, name, take(sign: "(") ? try arguments() : TemplateArguments())
            } else if take(word: "is") {
                value = try test(value)
            } else if isAt(sign: "(") || isAt(sign: ".") || isAt(sign: "[") {
                value = try followed(value)
            } else {
                return value
            }
        }
    }

    private mutating func dottedName() throws(ChatTemplateError) -> String {
        var name = try name()
        while take(sign: ".") { name += "." + (try self.name()) }
        return name
    }

    private mutating func test(_ value: TemplateExpression) throws(ChatTemplateError) -> TemplateExpression {
        let isNegated = take(word: "not")
        let name = try dottedName()
        var given = TemplateArguments()
        if take(sign: "(") {
            given = try arguments()
        } else {
            switch tokens.first {
            case .name(let word) where !["else", "or", "and", "if", "is", "in", "not"].contains(word):
                given.positional = [try followed(primary())]
            case .string, .int, .double, .sign("["), .sign("{"):
                given.positional = [try followed(primary())]
            default: break
            }
        }
        let test = TemplateExpression.test(value, name, given)
        return isNegated ? .not(test) : test
    }

    /// What comes behind a value: attributes, items, calls.
    private mutating func followed(_ first: TemplateExpression) throws(ChatTemplateError)
        -> TemplateExpression
    {
        var value = first
        while true {
            if take(sign: ".") {
                if case .int(let index)? = tokens.first {
                    tokens.removeFirst()
                    value = .item(value, .value(.int(index)))
                } else {
                    value = .attribute(value, try name())
                }
            } else if take(sign: "[") {
                value = try item(of: value)
            } else if take(sign: "(") {
                value = .call(value, try arguments())
            } else {
                return value
            }
        }
    }

    private mutating func item(of value: TemplateExpression) throws(ChatTemplateError) -> TemplateExpression {
        var bounds: [TemplateExpression?] = [nil]
        while !take(sign: "]") {
            if take(sign: ":") {
                bounds.append(nil)
                guard bounds.count <= 3 else {
                    throw ChatTemplateError(line, "a part of a list has three bounds at most")
                }
            } else {
                guard bounds[bounds.count - 1] == nil else { throw unexpected("] is missing") }
                bounds[bounds.count - 1] = try tuple()
            }
        }
        if bounds.count == 1 {
            guard let index = bounds[0] else { throw ChatTemplateError(line, "an index is missing") }
            return .item(value, index)
        }
        return .slice(value, from: bounds[0], to: bounds[1], by: bounds.count == 3 ? bounds[2] : nil)
    }

    private mutating func arguments() throws(ChatTemplateError) -> TemplateArguments {
        var given = TemplateArguments()
        while !take(sign: ")") {
            if case .name(let name)? = tokens.first, tokens.dropFirst().first == .sign("=") {
                tokens.removeFirst(2)
                given.named.append((name, try expression()))
            } else {
                guard given.named.isEmpty else {
                    throw unexpected("an argument without a name stands behind one with a name,")
                }
                given.positional.append(try expression())
            }
            if !take(sign: ","), !isAt(sign: ")") { throw unexpected(") is missing") }
        }
        return given
    }

    private mutating func primary() throws(ChatTemplateError) -> TemplateExpression {
        guard let token = tokens.popFirst() else { throw unexpected("a value is missing") }
        switch token {
        case .name("true"), .name("True"): return .value(.bool(true))
        case .name("false"), .name("False"): return .value(.bool(false))
        case .name("none"), .name("None"): return .value(.none)
        case .name(let name): return .name(name)
        case .string(var text):
            while case .string(let more)? = tokens.first {
                text += more
                tokens.removeFirst()
            }
            return .value(.string(text))
        case .int(let value): return .value(.int(value))
        case .double(let value): return .value(.double(value))
        case .sign("("):
            if take(sign: ")") { return .tuple([]) }
            let value = try tuple()
            try require(")")
            return value
        case .sign("["):
            var values: [TemplateExpression] = []
            while !take(sign: "]") {
                values.append(try expression())
                if !take(sign: ","), !isAt(sign: "]") { throw unexpected("] is missing") }
            }
            return .list(values)
        case .sign("{"):
            var entries: [(key: TemplateExpression, value: TemplateExpression)] = []
            while !take(sign: "}") {
                let key = try expression()
                try require(":")
                entries.append((key, try expression()))
                if !take(sign: ","), !isAt(sign: "}") { throw unexpected("} is missing") }
            }
            return .dict(entries)
        case .sign(let sign): throw unexpected("\(sign) is no value,")
        }
    }
}
