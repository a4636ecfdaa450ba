// The functions and operators of CEL that validation rules use: the standard library and the parts of Kubernetes' own
// (strings, lists, regular expressions, quantities).

/// Calls functions by name.
enum CELFunctions {
    /// All names the checker lets pass, with the numbers of arguments (receiver included).
    static let arity: [String: ClosedRange<Int>] = [
        "size": 1...1, "string": 1...1, "int": 1...1, "uint": 1...1, "double": 1...1, "bool": 1...1,
        "type": 1...1, "dyn": 1...1, "duration": 1...1, "timestamp": 1...1, "quantity": 1...1,
        "isQuantity": 1...1, "matches": 2...2, "startsWith": 2...2, "endsWith": 2...2, "contains": 2...2,
        "lowerAscii": 1...1, "upperAscii": 1...1, "trim": 1...1, "split": 2...3, "join": 1...2,
        "replace": 3...4, "substring": 2...3, "indexOf": 2...3, "lastIndexOf": 2...2, "charAt": 2...2,
        "find": 2...2, "isSorted": 1...1, "sum": 1...1, "min": 1...1, "max": 1...1, "isGreaterThan": 2...2,
        "isLessThan": 2...2, "compareTo": 2...2, "asInteger": 1...1, "isInteger": 1...1, "add": 2...2,
        "sub": 2...2, "getHours": 1...1, "getMinutes": 1...1, "getSeconds": 1...1, "reverse": 1...1,
    ]

    static func call(_ name: String, _ values: [CELValue], method: Bool) throws(CELError) -> CELValue {
        if values.count == 2, let result = try binary(name, values[0], values[1]) { return result }
        if values.count == 1, let result = try unary(name, values[0]) { return result }
        if let result = try strings(name, values) { return result }
        if let result = try lists(name, values) { return result }
        throw CELError("no such overload: \(name)")
    }

    private static func unary(_ name: String, _ value: CELValue) throws(CELError) -> CELValue? {
        switch (name, value) {
        case ("!_", .bool(let value)): return .bool(!value)
        case ("-_", .int(let value)):
            guard value != .min else { throw CELError("integer overflow") }
            return .int(-value)
        case ("-_", .double(let value)): return .double(-value)
        case ("dyn", _): return value
        case ("type", _): return .type(value.typeName)
        case ("size", .string(let text)): return .int(Int64(text.unicodeScalars.count))
        case ("size", .bytes(let bytes)): return .int(Int64(bytes.count))
        case ("size", .list(let items)): return .int(Int64(items.count))
        case ("size", .map(let members)): return .int(Int64(members.count))
        case ("string", _): return .string(try text(of: value))
        case ("int", .int), ("double", .double), ("bool", .bool), ("uint", .uint): return value
        case ("int", .uint(let number)):
            guard let number = Int64(exactly: number) else { throw CELError("integer overflow") }
            return .int(number)
        case ("int", .double(let number)):
            guard let whole = Int64(exactly: number.rounded(.towardZero)) else {
                throw CELError("integer overflow")
            }
            return .int(whole)
        case ("int", .string(let text)):
            guard let number = Int64(text) else {
                throw CELError("strconv.ParseInt: parsing \(quoted(text)): invalid syntax")
            }
            return .int(number)
        case ("int", .timestamp(let time)): return .int(time.seconds)
        case ("uint", .int(let number)):
            guard let number = UInt64(exactly: number) else { throw CELError("unsigned integer overflow") }
            return .uint(number)
        case ("double", .int(let number)): return .double(Double(number))
        case ("double", .uint(let number)): return .double(Double(number))
        case ("double", .string(let text)):
            guard let number = Double(text) else {
                throw CELError("strconv.ParseFloat: parsing \(quoted(text)): invalid syntax")
            }
            return .double(number)
        case ("bool", .string("true")): return .bool(true)
        case ("bool", .string("false")): return .bool(false)
        case ("duration", .string(let text)):
            guard let micros = duration(text) else {
                throw CELError("invalid duration argument \(quoted(text))")
            }
            return .duration(micros)
        case ("duration", .duration), ("timestamp", .timestamp): return value
        case ("timestamp", .string(let text)):
            guard let time = APITime(text) else { throw CELError("invalid timestamp \(quoted(text))") }
            return .timestamp(time)
        case ("getSeconds", .duration(let micros)): return .int(micros / 1_000_000)
        case ("getMinutes", .duration(let micros)): return .int(micros / 60_000_000)
        case ("getHours", .duration(let micros)): return .int(micros / 3_600_000_000)
        case ("quantity", .string(let text)):
            guard let quantity = ResourceQuantity(text) else {
                throw CELError("quantities must match the regular expression")
            }
            return .quantity(quantity)
        case ("isQuantity", .string(let text)): return .bool(ResourceQuantity(text) != nil)
        case ("isInteger", .quantity(let quantity)): return .bool(quantity.milli % 1_000 == 0)
        case ("asInteger", .quantity(let quantity)):
            guard quantity.milli % 1_000 == 0 else { throw CELError("cannot convert value to integer") }
            return .int(quantity.milli / 1_000)
        default: return nil
        }
    }

    private static func text(of value: CELValue) throws(CELError) -> String {
        switch value {
        case .string(let text): return text
        case .int(let number): return String(number)
        case .uint(let number): return String(number)
        case .double(let number):
            return Int64(exactly: number).map { String($0) } ?? String(number)
        case .bool(let value): return String(value)
        case .bytes(let bytes): return String(decoding: bytes, as: UTF8.self)
        case .duration(let micros): return "\(Double(micros) / 1_000_000)s"
        case .timestamp(let time): return time.text
        case .quantity(let quantity): return quantity.text
        default: throw CELError("no such overload: string(\(value.typeName))")
        }
    }

    private static func binary(_ name: String, _ left: CELValue, _ right: CELValue) throws(CELError)
        -> CELValue?
    {
        switch name {
        case "_==_": return .bool(left.equals(right))
        case "_!=_": return .bool(!left.equals(right))
        case "_<_": return .bool(try compare(left, right, name) < 0)
        case "_<=_": return .bool(try compare(left, right, name) <= 0)
        case "_>_": return .bool(try compare(left, right, name) > 0)
        case "_>=_": return .bool(try compare(left, right, name) >= 0)
        case "isLessThan": return .bool(try compare(left, right, name) < 0)
        case "isGreaterThan": return .bool(try compare(left, right, name) > 0)
        case "compareTo": return .int(Int64(try compare(left, right, name)))
        case "@in":
            switch right {
            case .list(let items): return .bool(items.contains { $0.equals(left) })
            case .map(let members): return .bool(members[left] != nil)
            default: throw CELError("no such overload")
            }
        case "_+_", "_-_", "_*_", "_/_", "_%_", "add", "sub": return try arithmetic(name, left, right)
        default: return nil
        }
    }

    private static func compare(_ left: CELValue, _ right: CELValue, _ name: String) throws(CELError) -> Int {
        func order<T: Comparable>(_ a: T, _ b: T) -> Int { a < b ? -1 : a > b ? 1 : 0 }
        switch (left, right) {
        case (.int(let a), .int(let b)): return order(a, b)
        case (.uint(let a), .uint(let b)): return order(a, b)
        case (.double(let a), .double(let b)): return order(a, b)
        case (.int(let a), .double(let b)): return order(Double(a), b)
        case (.double(let a), .int(let b)): return order(a, Double(b))
        case (.int(let a), .uint(let b)): return a < 0 ? -1 : order(UInt64(a), b)
        case (.uint(let a), .int(let b)): return b < 0 ? 1 : order(a, UInt64(b))
        case (.string(let a), .string(let b)):
            if a == b { return 0 }
            return a.utf8.lexicographicallyPrecedes(b.utf8) ? -1 : 1
        case (.bool(let a), .bool(let b)): return order(a ? 1 : 0, b ? 1 : 0)
        case (.quantity(let a), .quantity(let b)): return order(a, b)
        case (.duration(let a), .duration(let b)): return order(a, b)
        case (.timestamp(let a), .timestamp(let b)): return order(a, b)
        default: throw CELError("no such overload")
        }
    }

    private static func arithmetic(_ name: String, _ left: CELValue, _ right: CELValue) throws(CELError)
        -> CELValue
    {
        switch (left, right) {
        case (.int(let a), .int(let b)):
            let (result, overflow): (Int64, Bool)
            switch name {
            case "_+_": (result, overflow) = a.addingReportingOverflow(b)
            case "_-_": (result, overflow) = a.subtractingReportingOverflow(b)
            case "_*_": (result, overflow) = a.multipliedReportingOverflow(by: b)
            case "_/_":
                guard b != 0 else { throw CELError("division by zero") }
                (result, overflow) = a.dividedReportingOverflow(by: b)
            default:
                guard b != 0 else { throw CELError("modulus by zero") }
                (result, overflow) = a.remainderReportingOverflow(dividingBy: b)
            }
            guard !overflow else { throw CELError("integer overflow") }
            return .int(result)
        case (.double(let a), .double(let b)):
            switch name {
            case "_+_": return .double(a + b)
            case "_-_": return .double(a - b)
            case "_*_": return .double(a * b)
            case "_/_": return .double(a / b)
            default: throw CELError("no such overload")
            }
        case (.string(let a), .string(let b)) where name == "_+_":
            guard a.utf8.count + b.utf8.count <= 1 << 20 else { throw CELError("string too long") }
            return .string(a + b)
        case (.list(let a), .list(let b)) where name == "_+_":
            guard a.count + b.count <= 1 << 16 else { throw CELError("list too long") }
            return .list(a + b)
        case (.quantity(let a), .quantity(let b)) where name == "add": return .quantity(a + b)
        case (.quantity(let a), .quantity(let b)) where name == "sub": return .quantity(a - b)
        case (.duration(let a), .duration(let b)) where name == "_+_": return .duration(a &+ b)
        case (.duration(let a), .duration(let b)) where name == "_-_": return .duration(a &- b)
        case (.timestamp(let a), .duration(let b)) where name == "_+_":
            return .timestamp(APITime(microseconds: a.microseconds &+ b))
        default: throw CELError("no such overload")
        }
    }

    /// Go's duration syntax: `1h30m`, `1.5s`, `200ms`; nil for other text.
    static func duration(_ text: String) -> Int64? {
        var rest = Substring(text)
        var sign = 1.0
        if rest.hasPrefix("-") || rest.hasPrefix("+") {
            if rest.hasPrefix("-") { sign = -1 }
            rest = rest.dropFirst()
        }
        if rest == "0" { return 0 }
        guard !rest.isEmpty else { return nil }
        var total = 0.0
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isNumber || $0 == "." }
            rest = rest.dropFirst(digits.count)
            let unit = rest.prefix { !$0.isNumber && $0 != "." }
            rest = rest.dropFirst(unit.count)
            let factors: [String: Double] = [
                "ns": 0.001, "us": 1, "µs": 1, "ms": 1_000, "s": 1_000_000, "m": 60_000_000,
                "h": 3_600_000_000,
            ]
            guard let number = Double(digits), let factor = factors[String(unit)] else { return nil }
            total += number * factor
        }
        return Int64(exactly: (sign * total).rounded())
    }
}
