// Operators, as Python has them.

extension TemplateEvaluator {
    mutating func binary(
        _ sign: String, _ left: TemplateValue, _ right: TemplateValue
    ) throws(ChatTemplateError) -> TemplateValue {
        switch sign {
        case "==": return .bool(left.equals(right))
        case "!=": return .bool(!left.equals(right))
        case "~": return try made(left.text + right.text)
        case "in": return .bool(try contains(right, left))
        case "<", ">", "<=", ">=": return .bool(try isOrdered(sign, left, right))
        default: return try arithmetic(sign, left, right)
        }
    }

    /// Whether something is in a list, a text or the keys of a mapping.
    func contains(_ all: TemplateValue, _ one: TemplateValue) throws(ChatTemplateError) -> Bool {
        switch all {
        case .list(let values), .tuple(let values): return values.contains { $0.equals(one) }
        case .dict(let dict):
            switch one {
            case .list, .dict: throw error("\(one.kind) is looked for among keys")
            default: return dict[one.text] != nil
            }
        case .namespace(let index): return namespaces[index][one.text] != nil
        case .string(let text):
            guard case .string(let part) = one else { throw error("\(one.kind) is looked for in a text") }
            return Array(text.utf8).firstRange(of: Array(part.utf8)) != nil || part.utf8.isEmpty
        case .undefined: return false
        default: throw error("something is looked for in \(all.kind)")
        }
    }

    private func isOrdered(
        _ sign: String, _ left: TemplateValue, _ right: TemplateValue
    ) throws(ChatTemplateError) -> Bool {
        func compare<Value: Comparable>(_ one: Value, _ two: Value) -> Bool {
            switch sign {
            case "<": one < two
            case ">": one > two
            case "<=": one <= two
            default: one >= two
            }
        }
        if let one = left.integer, let two = right.integer { return compare(one, two) }
        if let one = left.number, let two = right.number { return compare(one, two) }
        guard case .string(let one) = left, case .string(let two) = right else {
            throw error("\(left.kind) and \(right.kind) are compared by \(sign)")
        }
        // Octets of UTF-8 are in the order of code points.
        let order = one.utf8.lexicographicallyPrecedes(two.utf8) ? -1 : one.isSame(as: two) ? 0 : 1
        return compare(order, 0)
    }

    private mutating func arithmetic(
        _ sign: String, _ left: TemplateValue, _ right: TemplateValue
    ) throws(ChatTemplateError) -> TemplateValue {
        switch (sign, left, right) {
        case ("+", .string(let one), .string(let two)): return try made(one + two)
        case ("+", .list(let one), .list(let two)):
            try spend(one.count + two.count)
            return .list(one + two)
        case ("+", .tuple(let one), .tuple(let two)):
            try spend(one.count + two.count)
            return .tuple(one + two)
        case ("*", .string(let text), _), ("*", _, .string(let text)):
            guard let count = right.integer ?? left.integer else { break }
            let (size, overflow) = text.utf8.count.multipliedReportingOverflow(by: max(0, count))
            guard !overflow, size <= Self.longestText, count <= Self.longestText else {
                throw error("a text is longer than \(Self.longestText) octets")
            }
            return try made(String(repeating: text, count: max(0, count)))
        case ("*", .list(let values), _), ("*", _, .list(let values)):
            guard let count = right.integer ?? left.integer else { break }
            return .list(try repeated(values, count))
        case ("*", .tuple(let values), _), ("*", _, .tuple(let values)):
            guard let count = right.integer ?? left.integer else { break }
            return .tuple(try repeated(values, count))
        default: break
        }
        if sign != "/", sign != "**", let one = left.integer, let two = right.integer {
            return .int(try integer(sign, one, two))
        }
        guard let one = left.number, let two = right.number else {
            throw error("\(left.kind) \(sign) \(right.kind) has no value")
        }
        return try number(sign, one, two, isInteger: left.integer != nil && right.integer != nil)
    }

    private mutating func repeated(
        _ values: [TemplateValue], _ count: Int
    ) throws(ChatTemplateError) -> [TemplateValue] {
        let (size, overflow) = values.count.multipliedReportingOverflow(by: max(0, count))
        guard !overflow, size <= TemplateFunctions.longestRange else {
            throw error("a list has more than \(TemplateFunctions.longestRange) elements")
        }
        try spend(size)
        return Array(repeatElement(values, count: size == 0 ? 0 : count).joined())
    }

    private func integer(_ sign: String, _ one: Int, _ two: Int) throws(ChatTemplateError) -> Int {
        let result: (partialValue: Int, overflow: Bool)
        switch sign {
        case "+": result = one.addingReportingOverflow(two)
        case "-": result = one.subtractingReportingOverflow(two)
        case "*": result = one.multipliedReportingOverflow(by: two)
        default:
            guard two != 0 else { throw error("it divides by zero") }
            // Python rounds down, and the remainder has the divisor's sign.
            let division = one.dividedReportingOverflow(by: two)
            let rest = one.remainderReportingOverflow(dividingBy: two).partialValue
            let isBelow = rest != 0 && (rest < 0) != (two < 0)
            result =
                sign == "//"
                ? (division.partialValue - (isBelow ? 1 : 0), division.overflow)
                : (rest + (isBelow ? two : 0), false)
        }
        guard !result.overflow else { throw error("\(one) \(sign) \(two) is too large") }
        return result.partialValue
    }

    private func number(
        _ sign: String, _ one: Double, _ two: Double, isInteger: Bool
    ) throws(ChatTemplateError) -> TemplateValue {
        switch sign {
        case "+": return .double(one + two)
        case "-": return .double(one - two)
        case "*": return .double(one * two)
        case "**":
            guard isInteger, two >= 0 else { throw error("only whole powers of whole numbers are known") }
            var power = 1
            for _ in 0..<Int(min(two, 64)) { power = try integer("*", power, Int(one)) }
            return .int(power)
        default:
            guard two != 0 else { throw error("it divides by zero") }
            switch sign {
            case "/": return .double(one / two)
            case "//": return .double((one / two).rounded(.down))
            default: return .double(one - two * (one / two).rounded(.down))
            }
        }
    }
}
