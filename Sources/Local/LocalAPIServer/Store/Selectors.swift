// Label and field selectors as the query strings carry them (k8s.io/apimachinery labels and fields packages).

internal import APIMachinery
internal import CEL
internal import JSON

/// A parsed label selector: all requirements must hold.
package struct LabelSelector: Equatable, Sendable {
    enum Requirement: Equatable, Sendable {
        case among(String, Set<String>)
        case notAmong(String, Set<String>)
        case exists(String)
        case absent(String)
        case greater(String, Int)
        case less(String, Int)
    }

    var requirements: [Requirement] = []

    /// A selector that everything matches.
    init() {}

    /// Requires exactly these labels.
    package init(matching labels: [String: String]) {
        requirements = labels.sorted { $0.key < $1.key }.map { .among($0.key, [$0.value]) }
    }

    /// Reads `a=b,c!=d,e in (f,g),h,!i,j>1`.
    ///
    /// - Throws: a 400 that names the part that cannot be read.
    init(parsing text: String) throws(APIError) {
        var depth = 0
        var part = ""
        var parts: [String] = []
        for character in text {
            if character == "(" { depth += 1 }
            if character == ")" { depth -= 1 }
            if character == ",", depth == 0 {
                parts.append(part)
                part = ""
            } else {
                part.append(character)
            }
        }
        if !trim(part).isEmpty || !parts.isEmpty { parts.append(part) }
        for part in parts { requirements.append(try Self.requirement(trim(part), of: text)) }
    }

    private static func requirement(_ part: String, of text: String) throws(APIError) -> Requirement {
        let fault = APIError.badRequest(
            "unable to parse requirement: found '\(part)', expected: a label selector such as a=b, in \(quoted(text))"
        )
        if part.isEmpty { throw fault }
        if part.hasPrefix("!"), !part.hasPrefix("!=") {
            let key = trim(String(part.dropFirst()))
            guard isLabelKey(key) else { throw fault }
            return .absent(key)
        }
        if part.hasSuffix(")"), let open = part.firstIndex(of: "(") {
            let head = part[..<open].split(whereSeparator: \.isWhitespace).map(String.init)
            let inner = part[part.index(after: open)...].dropLast()
            let values = Set(
                inner.split(separator: ",", omittingEmptySubsequences: false).map { trim(String($0)) })
            guard head.count == 2, isLabelKey(head[0]) else { throw fault }
            switch head[1] {
            case "in": return .among(head[0], values)
            case "notin": return .notAmong(head[0], values)
            default: throw fault
            }
        }
        for mark in ["!=", "==", "=", ">", "<"] {
            guard let range = part.firstRange(of: mark) else { continue }
            let key = trim(String(part[..<range.lowerBound]))
            let value = trim(String(part[range.upperBound...]))
            guard isLabelKey(key), value.allSatisfy({ $0.isLabelCharacter }) else { throw fault }
            switch mark {
            case "!=": return .notAmong(key, [value])
            case ">":
                guard let number = Int(value) else { throw fault }
                return .greater(key, number)
            case "<":
                guard let number = Int(value) else { throw fault }
                return .less(key, number)
            default: return .among(key, [value])
            }
        }
        guard isLabelKey(part) else { throw fault }
        return .exists(part)
    }

    private static func isLabelKey(_ key: String) -> Bool {
        !key.isEmpty && key.allSatisfy { $0.isLabelCharacter || $0 == "/" }
    }

    /// Whether an object with these labels is selected.
    package func matches(_ labels: [String: String]) -> Bool {
        requirements.allSatisfy { requirement in
            switch requirement {
            case .among(let key, let values): labels[key].map(values.contains) ?? false
            case .notAmong(let key, let values): !(labels[key].map(values.contains) ?? false)
            case .exists(let key): labels[key] != nil
            case .absent(let key): labels[key] == nil
            case .greater(let key, let number): (labels[key].flatMap { Int($0) }).map { $0 > number } ?? false
            case .less(let key, let number): (labels[key].flatMap { Int($0) }).map { $0 < number } ?? false
            }
        }
    }
}

extension Character {
    fileprivate var isLabelCharacter: Bool {
        isASCII && (isLetter || isNumber || self == "-" || self == "_" || self == ".")
    }
}

/// A parsed field selector: `a=b,c!=d`, all terms must hold.
struct FieldSelector: Equatable, Sendable {
    struct Term: Equatable, Sendable {
        var field: String
        var value: String
        var equal: Bool
    }

    var terms: [Term] = []

    init() {}

    /// Reads a selector whose fields must be among `supported`.
    init(parsing text: String, supported: (String) -> Bool) throws(APIError) {
        for part in Self.split(text) where !part.isEmpty {
            var term: Term?
            for (mark, equal) in [("!=", false), ("==", true), ("=", true)] {
                guard let range = part.firstRange(of: mark) else { continue }
                term = Term(
                    field: String(part[..<range.lowerBound]), value: Self.unescape(part[range.upperBound...]),
                    equal: equal)
                break
            }
            guard let term else {
                throw .badRequest(
                    "invalid selector: '\(text)'; can't understand '\(part)'")
            }
            guard supported(term.field) else {
                throw .badRequest("field label not supported: \(term.field)")
            }
            terms.append(term)
        }
    }

    private static func split(_ text: String) -> [String] {
        var parts: [String] = []
        var part = ""
        var escaped = false
        for character in text {
            if escaped {
                part.append(character)
                escaped = false
            } else if character == "\\" {
                part.append(character)
                escaped = true
            } else if character == "," {
                parts.append(part)
                part = ""
            } else {
                part.append(character)
            }
        }
        parts.append(part)
        return parts
    }

    private static func unescape(_ text: Substring) -> String {
        var result = ""
        var escaped = false
        for character in text {
            if !escaped, character == "\\" {
                escaped = true
            } else {
                result.append(character)
                escaped = false
            }
        }
        return result
    }

    /// Whether an object is selected; a missing field is the empty string.
    func matches(_ value: (String) -> String) -> Bool {
        terms.allSatisfy { (value($0.field) == $0.value) == $0.equal }
    }
}
