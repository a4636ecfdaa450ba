// The grammar of CEL by recursive descent (cel-spec langdef.md): conditional, or, and, relation, addition, multiplication,
// unary, member, primary. Macros are expanded here, as the specification asks.

/// Turns words into a tree.
struct CELParser {
    /// Levels an expression may nest.
    static let maximumDepth = 100
    private static let macros: Set<String> = ["all", "exists", "exists_one", "existsOne", "filter", "map"]
    private static let reserved: Set<String> = [
        "as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop",
        "package", "namespace", "return", "var", "void", "while",
    ]
    private let tokens: [CELToken]
    private var index = 0
    private var depth = 0

    static func parse(_ source: String) throws(CELSyntaxError) -> CELExpression {
        var parser = CELParser(tokens: try CELLexer.tokens(of: source))
        let expression = try parser.expression()
        guard parser.current.kind == .end else { throw parser.unexpected() }
        return expression
    }

    private init(tokens: [CELToken]) { self.tokens = tokens }

    private var current: CELToken { tokens[min(index, tokens.count - 1)] }

    private func unexpected() -> CELSyntaxError {
        let shown: String
        switch current.kind {
        case .identifier(let name): shown = name
        case .symbol(let symbol): shown = symbol
        case .end: shown = "<EOF>"
        case .int(let value): shown = String(value)
        default: shown = "literal"
        }
        return CELSyntaxError(offset: current.offset, message: "Syntax error: mismatched input '\(shown)'")
    }

    private mutating func take(_ symbol: String) -> Bool {
        guard current.kind == .symbol(symbol) else { return false }
        index += 1
        return true
    }

    private mutating func expect(_ symbol: String) throws(CELSyntaxError) {
        guard take(symbol) else { throw unexpected() }
    }

    private mutating func expression() throws(CELSyntaxError) -> CELExpression {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.maximumDepth else {
            throw CELSyntaxError(offset: current.offset, message: "expression recursion limit exceeded")
        }
        let condition = try or()
        guard take("?") else { return condition }
        let yes = try or()
        try expect(":")
        return .conditional(condition, yes, try expression())
    }

    private mutating func or() throws(CELSyntaxError) -> CELExpression {
        var left = try and()
        while take("||") { left = .or(left, try and()) }
        return left
    }

    private mutating func and() throws(CELSyntaxError) -> CELExpression {
        var left = try relation()
        while take("&&") { left = .and(left, try relation()) }
        return left
    }

    private mutating func relation() throws(CELSyntaxError) -> CELExpression {
        var left = try addition()
        while true {
            let offset = current.offset
            var name: String?
            if case .symbol(let symbol) = current.kind, ["==", "!=", "<", "<=", ">", ">="].contains(symbol) {
                name = "_\(symbol)_"
            } else if current.kind == .identifier("in") {
                name = "@in"
            }
            guard let name else { return left }
            index += 1
            left = .call(name, [left, try addition()], method: false, offset: offset)
        }
    }

    private mutating func addition() throws(CELSyntaxError) -> CELExpression {
        var left = try multiplication()
        while true {
            let offset = current.offset
            if take("+") {
                left = .call("_+_", [left, try multiplication()], method: false, offset: offset)
            } else if take("-") {
                left = .call("_-_", [left, try multiplication()], method: false, offset: offset)
            } else {
                return left
            }
        }
    }

    private mutating func multiplication() throws(CELSyntaxError) -> CELExpression {
        var left = try unary()
        while case .symbol(let symbol) = current.kind, ["*", "/", "%"].contains(symbol) {
            let offset = current.offset
            index += 1
            left = .call("_\(symbol)_", [left, try unary()], method: false, offset: offset)
        }
        return left
    }

    private mutating func unary() throws(CELSyntaxError) -> CELExpression {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.maximumDepth else {
            throw CELSyntaxError(offset: current.offset, message: "expression recursion limit exceeded")
        }
        let offset = current.offset
        if take("!") { return .call("!_", [try unary()], method: false, offset: offset) }
        if take("-") {
            if case .int(let value) = current.kind {
                index += 1
                return try member(.literal(.int(-value)))
            }
            return .call("-_", [try unary()], method: false, offset: offset)
        }
        return try member(try primary())
    }

    private mutating func member(_ start: CELExpression) throws(CELSyntaxError) -> CELExpression {
        var operand = start
        while true {
            let offset = current.offset
            if take(".") {
                guard case .identifier(let name) = current.kind else { throw unexpected() }
                index += 1
                if take("(") {
                    operand = try method(operand, name, offset: offset)
                } else {
                    operand = .select(operand, Self.unescaped(name), test: false, offset: offset)
                }
            } else if take("[") {
                let key = try expression()
                try expect("]")
                operand = .index(operand, key, offset: offset)
            } else {
                return operand
            }
        }
    }

    private mutating func method(
        _ operand: CELExpression, _ name: String, offset: Int
    ) throws(CELSyntaxError) -> CELExpression {
        let arguments = try arguments()
        guard Self.macros.contains(name), arguments.count == 2 || arguments.count == 3,
            case .identifier(let variable, _)? = arguments.first
        else { return .call(name, [operand] + arguments, method: true, offset: offset) }
        if arguments.count == 3, name == "map" {
            return .macro(
                name, range: operand, variable: variable, condition: arguments[1], body: arguments[2],
                offset: offset)
        }
        guard arguments.count == 2 else {
            throw CELSyntaxError(offset: offset, message: "wrong number of arguments of macro \(name)")
        }
        return .macro(
            name == "existsOne" ? "exists_one" : name, range: operand, variable: variable, condition: nil,
            body: arguments[1], offset: offset)
    }

    private mutating func arguments() throws(CELSyntaxError) -> [CELExpression] {
        var arguments: [CELExpression] = []
        if take(")") { return arguments }
        repeat { arguments.append(try expression()) } while take(",")
        try expect(")")
        return arguments
    }

    private mutating func primary() throws(CELSyntaxError) -> CELExpression {
        let token = current
        index += 1
        switch token.kind {
        case .int(let value): return .literal(.int(value))
        case .uint(let value): return .literal(.uint(value))
        case .double(let value): return .literal(.double(value))
        case .string(let value): return .literal(.string(value))
        case .bytes(let value): return .literal(.bytes(value))
        case .identifier(let name): return try named(name, token.offset)
        case .symbol("("):
            let inner = try expression()
            try expect(")")
            return inner
        case .symbol("["):
            var items: [CELExpression] = []
            while !take("]") {
                items.append(try expression())
                if take(",") { continue }
                try expect("]")
                break
            }
            return .list(items)
        case .symbol("{"):
            var pairs: [CELPair] = []
            while !take("}") {
                let key = try expression()
                try expect(":")
                pairs.append(CELPair(key: key, value: try expression()))
                if take(",") { continue }
                try expect("}")
                break
            }
            return .map(pairs)
        default:
            index -= 1
            throw unexpected()
        }
    }

    private mutating func named(_ name: String, _ offset: Int) throws(CELSyntaxError) -> CELExpression {
        switch name {
        case "true": return .literal(.bool(true))
        case "false": return .literal(.bool(false))
        case "null": return .literal(.null)
        case "in":
            index -= 1
            throw unexpected()
        default: break
        }
        guard !Self.reserved.contains(name) else {
            throw CELSyntaxError(offset: offset, message: "reserved identifier: \(name)")
        }
        guard take("(") else { return .identifier(name, offset: offset) }
        let arguments = try arguments()
        guard name == "has" else { return .call(name, arguments, method: false, offset: offset) }
        guard arguments.count == 1, case .select(let operand, let field, _, let place) = arguments[0] else {
            throw CELSyntaxError(offset: offset, message: "invalid argument to has() macro")
        }
        return .select(operand, field, test: true, offset: place)
    }

    /// Property names that are no CEL identifiers are written escaped (apiextensions: `__dot__` and so on).
    private static func unescaped(_ name: String) -> String {
        guard name.contains("__") else { return name }
        var result = name
        for (escape, text) in [
            ("__dot__", "."), ("__dash__", "-"), ("__slash__", "/"), ("__underscores__", "__"),
        ] { result = result.replacing(escape, with: text) }
        if result.hasPrefix("__"), result.hasSuffix("__"), result.count > 4 {
            let inner = String(result.dropFirst(2).dropLast(2))
            if reserved.contains(inner) || ["true", "false", "null", "in"].contains(inner) { return inner }
        }
        return result
    }
}
