// Evaluation. Errors are values of `&&` and `||`: one side that decides hides a fault of the other (cel-spec "Logical
// operators"). A budget of steps bounds what a rule may cost, as the real server's cost limit does.

/// Evaluates one expression once.
struct CELEvaluator {
    /// Steps a rule may take.
    static let budget = 1_000_000
    private var variables: [String: CELValue]
    private var steps = 0

    static func evaluate(
        _ expression: CELExpression, _ variables: [String: CELValue]
    ) throws(CELError) -> CELValue {
        var evaluator = CELEvaluator(variables: variables)
        return try evaluator.evaluate(expression)
    }

    private init(variables: [String: CELValue]) { self.variables = variables }

    private mutating func evaluate(_ expression: CELExpression) throws(CELError) -> CELValue {
        steps += 1
        guard steps <= Self.budget else {
            throw CELError(
                "validation failed due to running out of cost budget, no further validation rules will be run"
            )
        }
        switch expression {
        case .literal(let value): return value
        case .identifier(let name, _):
            if let value = variables[name] { return value }
            guard CELChecker.typeNames.contains(name) else {
                throw CELError("undeclared reference to '\(name)'")
            }
            return .type(name)
        case .select(let operand, let field, let test, _): return try select(operand, field, test)
        case .index(let operand, let key, _):
            return try Self.element(of: try evaluate(operand), at: try evaluate(key))
        case .call(let name, let arguments, let method, _):
            var values: [CELValue] = []
            for argument in arguments { values.append(try evaluate(argument)) }
            return try CELFunctions.call(name, values, method: method)
        case .conditional(let condition, let yes, let no):
            return try evaluate(try truth(condition) ? yes : no)
        case .and(let left, let right): return .bool(try decide(left, right, decisive: false))
        case .or(let left, let right): return .bool(try decide(left, right, decisive: true))
        case .list(let items):
            var values: [CELValue] = []
            for item in items { values.append(try evaluate(item)) }
            return .list(values)
        case .map(let pairs):
            var map: [CELValue: CELValue] = [:]
            for pair in pairs { map[try evaluate(pair.key)] = try evaluate(pair.value) }
            return .map(map)
        case .macro(let name, let range, let variable, let condition, let body, _):
            return try macro(name, try evaluate(range), variable, condition, body)
        }
    }

    private mutating func truth(_ expression: CELExpression) throws(CELError) -> Bool {
        guard case .bool(let value) = try evaluate(expression) else { throw CELError("no such overload") }
        return value
    }

    private mutating func decide(
        _ left: CELExpression, _ right: CELExpression, decisive: Bool
    ) throws(CELError) -> Bool {
        var fault: CELError?
        for side in [left, right] {
            do {
                if try truth(side) == decisive { return decisive }
            } catch {
                fault = fault ?? error
            }
        }
        if let fault { throw fault }
        return !decisive
    }

    private mutating func select(
        _ operand: CELExpression, _ field: String, _ test: Bool
    ) throws(CELError) -> CELValue {
        let value = try evaluate(operand)
        guard case .map(let members) = value else { throw CELError("no such overload") }
        if test { return .bool(members[.string(field)] != nil) }
        guard let member = members[.string(field)] else { throw CELError("no such key: \(field)") }
        return member
    }

    private static func element(of value: CELValue, at key: CELValue) throws(CELError) -> CELValue {
        switch (value, key) {
        case (.list(let items), .int(let index)):
            guard index >= 0, index < Int64(items.count) else {
                throw CELError("index out of bounds: \(index)")
            }
            return items[Int(index)]
        case (.map(let members), _):
            guard let member = members[key] else {
                if case .string(let name) = key { throw CELError("no such key: \(name)") }
                throw CELError("no such key")
            }
            return member
        default: throw CELError("no such overload")
        }
    }

    private mutating func macro(
        _ name: String, _ range: CELValue, _ variable: String, _ condition: CELExpression?,
        _ body: CELExpression
    ) throws(CELError) -> CELValue {
        let items: [CELValue]
        switch range {
        case .list(let list): items = list
        case .map(let map): items = Array(map.keys)
        default: throw CELError("no such overload")
        }
        let outer = variables[variable]
        defer { variables[variable] = outer }
        var fault: CELError?
        var count = 0
        var results: [CELValue] = []
        for item in items {
            variables[variable] = item
            switch name {
            case "map":
                if let condition, try !truth(condition) { continue }
                results.append(try evaluate(body))
            case "filter": if try truth(body) { results.append(item) }
            case "exists_one": if try truth(body) { count += 1 }
            default:
                do {
                    if try truth(body) == (name == "exists") { return .bool(name == "exists") }
                } catch {
                    fault = fault ?? error
                }
            }
        }
        switch name {
        case "map", "filter": return .list(results)
        case "exists_one": return .bool(count == 1)
        default:
            if let fault { throw fault }
            return .bool(name == "all")
        }
    }
}
