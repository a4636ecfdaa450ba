// String and list functions of CEL.

extension CELFunctions {
    static func strings(_ name: String, _ values: [CELValue]) throws(CELError) -> CELValue? {
        guard case .string(let text)? = values.first else { return nil }
        var words: [String] = []
        var numbers: [Int] = []
        for value in values.dropFirst() {
            switch value {
            case .string(let word): words.append(word)
            case .int(let number): numbers.append(Int(clamping: number))
            default: return nil
            }
        }
        let scalars = Array(text.unicodeScalars)
        func string(_ slice: ArraySlice<Unicode.Scalar>) -> CELValue {
            var result = String.UnicodeScalarView()
            result.append(contentsOf: slice)
            return .string(String(result))
        }
        switch (name, words.count, numbers.count) {
        case ("startsWith", 1, 0): return .bool(text.hasPrefix(words[0]))
        case ("endsWith", 1, 0): return .bool(text.hasSuffix(words[0]))
        case ("contains", 1, 0): return .bool(words[0].isEmpty || text.contains(words[0]))
        case ("matches", 1, 0):
            guard (try? Regex(words[0])) != nil else {
                throw CELError("error parsing regexp: \(words[0])")
            }
            return .bool(Patterns.contains(words[0], in: text))
        case ("find", 1, 0):
            guard let regex = try? Regex(words[0]), text.utf8.count <= Patterns.maximumText else {
                throw CELError("error parsing regexp: \(words[0])")
            }
            return .string(text.firstMatch(of: regex).map { String(text[$0.range]) } ?? "")
        case ("lowerAscii", 0, 0): return .string(text.lowercased())
        case ("upperAscii", 0, 0): return .string(text.uppercased())
        case ("trim", 0, 0): return .string(CEL.trim(text))
        case ("split", 1, _):
            if words[0].isEmpty { return .list(text.map { .string(String($0)) }) }
            let limit = numbers.first.map { $0 < 0 ? Int.max : $0 } ?? Int.max
            if limit == 0 { return .list([]) }
            var parts: [CELValue] = []
            var rest = text[...]
            while parts.count < limit - 1, let range = rest.firstRange(of: words[0]) {
                parts.append(.string(String(rest[..<range.lowerBound])))
                rest = rest[range.upperBound...]
            }
            return .list(parts + [.string(String(rest))])
        case ("replace", 2, _):
            return .string(
                text.replacing(
                    words[0], with: words[1],
                    maxReplacements: numbers.first.flatMap { $0 < 0 ? nil : $0 } ?? .max))
        case ("substring", 0, 1), ("substring", 0, 2):
            let end = numbers.count > 1 ? numbers[1] : scalars.count
            guard numbers[0] >= 0, numbers[0] <= end, end <= scalars.count else {
                throw CELError("index out of range: \(numbers[0])")
            }
            return string(scalars[numbers[0]..<end])
        case ("charAt", 0, 1):
            guard numbers[0] >= 0, numbers[0] <= scalars.count else {
                throw CELError("index out of range: \(numbers[0])")
            }
            return numbers[0] == scalars.count ? .string("") : string(scalars[numbers[0]...numbers[0]])
        case ("indexOf", 1, _):
            guard let range = text.firstRange(of: words[0]) else { return .int(words[0].isEmpty ? 0 : -1) }
            return .int(Int64(text.unicodeScalars.distance(from: text.startIndex, to: range.lowerBound)))
        case ("lastIndexOf", 1, 0):
            guard let range = text.ranges(of: words[0]).last else { return .int(-1) }
            return .int(Int64(text.unicodeScalars.distance(from: text.startIndex, to: range.lowerBound)))
        default: return nil
        }
    }

    static func lists(_ name: String, _ values: [CELValue]) throws(CELError) -> CELValue? {
        guard case .list(let items)? = values.first else { return nil }
        switch name {
        case "join":
            var separator = ""
            if values.count > 1, case .string(let text) = values[1] { separator = text }
            var words: [String] = []
            for item in items {
                guard case .string(let word) = item else { throw CELError("no such overload: join") }
                words.append(word)
            }
            return .string(words.joined(separator: separator))
        case "reverse": return .list(items.reversed())
        case "contains" where values.count == 2: return nil
        case "indexOf" where values.count == 2:
            return .int(Int64(items.firstIndex { $0.equals(values[1]) } ?? -1))
        case "lastIndexOf" where values.count == 2:
            return .int(Int64(items.lastIndex { $0.equals(values[1]) } ?? -1))
        case "isSorted":
            for (first, second) in zip(items, items.dropFirst()) {
                if try call("_>_", [first, second], method: false) == .bool(true) { return .bool(false) }
            }
            return .bool(true)
        case "sum":
            guard var total = items.first else { return .int(0) }
            for item in items.dropFirst() { total = try call("_+_", [total, item], method: false) }
            return total
        case "min", "max":
            guard var best = items.first else { throw CELError("\(name) called on empty list") }
            for item in items.dropFirst() {
                let smaller = try call("_<_", [item, best], method: false) == .bool(true)
                if smaller == (name == "min") { best = item }
            }
            return best
        default: return nil
        }
    }
}
