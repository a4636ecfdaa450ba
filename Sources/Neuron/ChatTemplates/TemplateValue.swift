// What a template computes with: Python's values, as far as templates use them. Texts are compared by their code points, as
// Python does, not by what they look like.

package import JSON

/// A value.
package enum TemplateValue: Sendable {
    /// What has no value; its name.
    case undefined(String)
    /// Nothing.
    case none
    /// A truth.
    case bool(Bool)
    /// An integer.
    case int(Int)
    /// A number with a fraction.
    case double(Double)
    /// A text.
    case string(String)
    /// A list.
    case list([TemplateValue])
    /// Values that belong together.
    case tuple([TemplateValue])
    /// Values by key, in the order in which they were put in.
    case dict(TemplateDict)
    /// Values by name that a statement can change, wherever it stands.
    case namespace(Int)
    /// A macro, by its number.
    case macro(Int)
    /// A function that every template has, by its name.
    case function(String)

    /// A value of JSON. The keys of an object come in their order by code points.
    package init(_ json: JSON) {
        switch json {
        case .null: self = .none
        case .bool(let value): self = .bool(value)
        case .string(let text): self = .string(text)
        case .array(let values): self = .list(values.map { TemplateValue($0) })
        case .object(let members):
            var dict = TemplateDict()
            for key in members.keys.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
                if let value = members[key] { dict[key] = TemplateValue(value) }
            }
            self = .dict(dict)
        default:
            if let int = json.int { self = .int(int) } else { self = .double(json.double ?? 0) }
        }
    }

    /// Whether Python takes it for true.
    var isTrue: Bool {
        switch self {
        case .undefined, .none: false
        case .bool(let value): value
        case .int(let value): value != 0
        case .double(let value): value != 0
        case .string(let text): !text.utf8.isEmpty
        case .list(let values), .tuple(let values): !values.isEmpty
        case .dict(let dict): !dict.entries.isEmpty
        case .namespace, .macro, .function: true
        }
    }

    var isUndefined: Bool {
        if case .undefined = self { return true }
        return false
    }

    /// What kind it is, for errors.
    var kind: String {
        switch self {
        case .undefined(let name): "\(name) without a value"
        case .none: "none"
        case .bool: "a truth"
        case .int, .double: "a number"
        case .string: "a text"
        case .list: "a list"
        case .tuple: "a tuple"
        case .dict: "a mapping"
        case .namespace: "a namespace"
        case .macro, .function: "a function"
        }
    }

    /// Those of a list or a tuple; nil for anything else.
    var members: [TemplateValue]? {
        switch self {
        case .list(let values), .tuple(let values): values
        default: nil
        }
    }

    /// The number that arithmetic takes it for; nil for what is none. A truth is 0 or 1.
    var number: Double? {
        switch self {
        case .bool(let value): value ? 1 : 0
        case .int(let value): Double(value)
        case .double(let value): value
        default: nil
        }
    }

    /// The integer that it is; a truth is 0 or 1.
    var integer: Int? {
        switch self {
        case .bool(let value): value ? 1 : 0
        case .int(let value): value
        default: nil
        }
    }

    /// As Python's `str` writes it.
    var text: String {
        switch self {
        case .undefined: ""
        case .string(let text): text
        default: representation
        }
    }

    /// As Python's `repr` writes it.
    var representation: String {
        switch self {
        case .undefined: "Undefined"
        case .none: "None"
        case .bool(let value): value ? "True" : "False"
        case .int(let value): "\(value)"
        case .double(let value):
            value.isNaN ? "nan" : value.isInfinite ? (value < 0 ? "-inf" : "inf") : "\(value)"
        case .string(let text): Self.quoted(text)
        case .list(let values): "[" + values.map(\.representation).joined(separator: ", ") + "]"
        case .tuple(let values):
            "(" + values.map(\.representation).joined(separator: ", ") + (values.count == 1 ? ",)" : ")")
        case .dict(let dict):
            "{"
                + dict.entries.map { Self.quoted($0.key) + ": " + $0.value.representation }.joined(
                    separator: ", ") + "}"
        case .namespace: "<Namespace>"
        case .macro: "<Macro>"
        case .function(let name): "<function \(name)>"
        }
    }

    private static func quoted(_ text: String) -> String {
        let quote: Unicode.Scalar =
            text.unicodeScalars.contains("'") && !text.unicodeScalars.contains("\"") ? "\"" : "'"
        var result = String.UnicodeScalarView()
        result.append(quote)
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n": result += "\\n".unicodeScalars
            case "\r": result += "\\r".unicodeScalars
            case "\t": result += "\\t".unicodeScalars
            case "\\": result += "\\\\".unicodeScalars
            case quote:
                result.append("\\")
                result.append(scalar)
            default: result.append(scalar)
            }
        }
        result.append(quote)
        return String(result)
    }

    /// Whether Python takes both for equal.
    func equals(_ other: TemplateValue) -> Bool {
        switch (self, other) {
        case (.string(let one), .string(let two)): one.isSame(as: two)
        case (.none, .none), (.undefined, .undefined): true
        case (.list(let one), .list(let two)), (.tuple(let one), .tuple(let two)):
            one.count == two.count && zip(one, two).allSatisfy { $0.equals($1) }
        case (.dict(let one), .dict(let two)):
            one.entries.count == two.entries.count
                && one.entries.allSatisfy { entry in two[entry.key].map { $0.equals(entry.value) } ?? false }
        case (.namespace(let one), .namespace(let two)), (.macro(let one), .macro(let two)): one == two
        case (.function(let one), .function(let two)): one == two
        default:
            if let one = integer, let two = other.integer {
                one == two
            } else if let one = number, let two = other.number {
                one == two
            } else {
                false
            }
        }
    }
}

/// Values by key, in order.
package struct TemplateDict: Sendable {
    /// A key and its value.
    package private(set) var entries: [(key: String, value: TemplateValue)] = []

    /// Nothing.
    package init() {}

    /// The value of a key; nil where there is none.
    package subscript(_ key: String) -> TemplateValue? {
        get { entries.first { $0.key.isSame(as: key) }?.value }
        set {
            let place = entries.firstIndex { $0.key.isSame(as: key) }
            switch (place, newValue) {
            case (let place?, let value?): entries[place].value = value
            case (let place?, nil): entries.remove(at: place)
            case (nil, let value?): entries.append((key, value))
            case (nil, nil): break
            }
        }
    }
}

extension String {
    /// Whether both have the same code points.
    func isSame(as other: String) -> Bool { utf8.elementsEqual(other.utf8) }
}
