// Selectors as queries and command lines carry them (apimachinery labels.Parse):
//
//     selector    = requirement *("," requirement)
//     requirement = ["!"] KEY | KEY ("=" | "==" | "!=" | ">" | "<") VALUE | KEY ("in" | "notin") "(" VALUE *("," VALUE) ")"

/// Why a text is no selector.
public struct SelectorError: Error, Equatable, CustomStringConvertible {
    /// One sentence, in the words of Kubernetes.
    public let description: String
}

extension LabelSelector {
    /// Reads `a=b,c!=d,e in (f,g),h,!i,j>1`; the empty text means everything.
    ///
    /// - Throws: `SelectorError` that names the part that cannot be read.
    public init(parsing text: String) throws(SelectorError) {
        var parser = SelectorParser(text)
        self.init(try parser.selector())
    }

    /// As a query carries it: requirements by key.
    public var text: String {
        let equal = matchLabels.map { ($0.key, "\($0.key)=\($0.value)") }
        let others = matchExpressions.map { ($0.key, $0.text) }
        return (equal + others).sorted { $0 < $1 }.map(\.1).joined(separator: ",")
    }
}

extension SelectorRequirement {
    /// As a query carries it.
    public var text: String {
        let list = "(" + values.sorted().joined(separator: ",") + ")"
        return switch `operator` {
        case .in: values.count == 1 ? "\(key)=\(values[0])" : "\(key) in \(list)"
        case .notIn: values.count == 1 ? "\(key)!=\(values[0])" : "\(key) notin \(list)"
        case .exists: key
        case .doesNotExist: "!\(key)"
        case .greaterThan: "\(key)>\(values.first ?? "")"
        case .lessThan: "\(key)<\(values.first ?? "")"
        default: key
        }
    }
}

/// Takes a selector apart.
private struct SelectorParser {
    private enum Token: Equatable {
        case word(String)
        case symbol(String)
        case end

        var text: String {
            switch self {
            case .word(let text), .symbol(let text): text
            case .end: ""
            }
        }
    }

    private var tokens: ArraySlice<Token>

    init(_ text: String) {
        var tokens: [Token] = []
        var rest = Substring(text)
        while let first = rest.first {
            if first.isWhitespace {
                rest.removeFirst()
            } else if let symbol = ["!=", "==", "!", "=", "<", ">", "(", ")", ","].first(where: {
                rest.hasPrefix($0)
            }) {
                tokens.append(.symbol(symbol))
                rest.removeFirst(symbol.count)
            } else {
                let word = rest.prefix { !$0.isWhitespace && !"!=<>(),".contains($0) }
                tokens.append(.word(String(word)))
                rest.removeFirst(word.count)
            }
        }
        self.tokens = tokens[...]
    }

    private var next: Token { tokens.first ?? .end }

    private mutating func take() -> Token { tokens.popFirst() ?? .end }

    mutating func selector() throws(SelectorError) -> [SelectorRequirement] {
        var requirements: [SelectorRequirement] = []
        guard next != .end else { return [] }
        while true {
            guard isStart(next) else { throw fault(next, "!, identifier, or 'end of string'") }
            do throws(SelectorError) { requirements.append(try requirement()) } catch {
                throw SelectorError(description: "unable to parse requirement: \(error)")
            }
            let separator = take()
            if separator == .end { return requirements }
            guard separator == .symbol(",") else { throw fault(separator, "',' or 'end of string'") }
            guard isStart(next) else { throw fault(next, "identifier after ','") }
        }
    }

    private func isStart(_ token: Token) -> Bool {
        if case .word = token { true } else { token == .symbol("!") }
    }

    private func fault(_ token: Token, _ expected: String) -> SelectorError {
        SelectorError(description: "found '\(token.text)', expected: \(expected)")
    }

    private mutating func requirement() throws(SelectorError) -> SelectorRequirement {
        let isNegated = next == .symbol("!")
        if isNegated { _ = take() }
        let first = take()
        guard case .word(let key) = first else { throw fault(first, "identifier") }
        let requirement: SelectorRequirement
        if isNegated {
            requirement = SelectorRequirement(key, .doesNotExist)
            guard next == .end || next == .symbol(",") else { throw fault(next, "',' or 'end of string'") }
        } else if next == .end || next == .symbol(",") {
            requirement = SelectorRequirement(key, .exists)
        } else {
            let mark = take()
            switch mark {
            case .word("in"): requirement = SelectorRequirement(key, .in, try values())
            case .word("notin"): requirement = SelectorRequirement(key, .notIn, try values())
            case .symbol("="), .symbol("=="): requirement = SelectorRequirement(key, .in, [try value()])
            case .symbol("!="): requirement = SelectorRequirement(key, .notIn, [try value()])
            case .symbol(">"): requirement = SelectorRequirement(key, .greaterThan, [try value()])
            case .symbol("<"): requirement = SelectorRequirement(key, .lessThan, [try value()])
            default: throw fault(mark, "in, notin, =, ==, !=, gt, lt")
            }
        }
        if let fault = requirement.fault { throw SelectorError(description: fault) }
        return requirement
    }

    private mutating func value() throws(SelectorError) -> String {
        if next == .end || next == .symbol(",") { return "" }
        let token = take()
        guard case .word(let value) = token else { throw fault(token, "identifier") }
        return value
    }

    /// A list, each value once; nothing between two commas is the empty value.
    private mutating func values() throws(SelectorError) -> [String] {
        let open = take()
        guard open == .symbol("(") else { throw fault(open, "'('") }
        var values: [String] = []
        while true {
            let token = take()
            var value = ""
            var end = token
            if case .word(let word) = token {
                value = word
                end = take()
            }
            if !values.contains(value) { values.append(value) }
            switch end {
            case .symbol(","): continue
            case .symbol(")"): return values
            default: throw fault(end, "',' or ')'")
            }
        }
    }
}
