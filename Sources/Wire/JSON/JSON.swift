// Kubernetes objects are mostly fields that one program does not know and must not lose. They are handled as this value;
// code that knows a shape decodes it from here. Parsing and printing are FoundationEssentials'.

/// A JSON document or a part of one.
@dynamicMemberLookup
public enum JSON: Hashable, Sendable {
    case null
    case bool(Bool)
    /// A number without fraction or exponent that fits 64 bits.
    case int(Int64)
    /// Any other number.
    case double(Double)
    case string(String)
    case array([JSON])
    case object([String: JSON])
}

extension JSON {
    /// The string, or nil for another type.
    public var string: String? { if case .string(let value) = self { value } else { nil } }
    /// The number as an integer, or nil for another type or a number with a fraction.
    public var int: Int? {
        switch self {
        case .int(let value): Int(exactly: value)
        case .double(let value): Int(exactly: value)
        default: nil
        }
    }
    /// The number, or nil for another type.
    public var double: Double? {
        switch self {
        case .int(let value): Double(value)
        case .double(let value): value
        default: nil
        }
    }
    /// The truth value, or nil for another type.
    public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
    /// The elements, or nil for another type.
    public var array: [JSON]? { if case .array(let value) = self { value } else { nil } }
    /// The members, or nil for another type.
    public var object: [String: JSON]? { if case .object(let value) = self { value } else { nil } }
    /// Whether this is `null`.
    public var isNull: Bool { self == .null }

    /// The members that are strings: what labels, annotations and node selectors hold. Empty for another type.
    public var strings: [String: String] { (object ?? [:]).compactMapValues(\.string) }
}

extension JSON {
    /// A member of an object; nil where there is none or this is no object.
    ///
    /// Setting makes an object out of `null`; setting nil removes the member. On a value of another type setting does
    /// nothing.
    public subscript(key: String) -> JSON? {
        get { if case .object(let members) = self { members[key] } else { nil } }
        set {
            switch self {
            case .object(var members):
                self = .null  // so that the dictionary is held once and changed in place
                members[key] = newValue
                self = .object(members)
            case .null:
                if let newValue { self = .object([key: newValue]) }
            default:
                break
            }
        }
    }

    /// A member by a name that is an identifier: `pod.spec?.nodeName`. Same rules as the subscript.
    public subscript(dynamicMember key: String) -> JSON? {
        get { self[key] }
        set { self[key] = newValue }
    }

    /// An element of an array; nil outside it or where this is no array. Setting outside does nothing.
    public subscript(index: Int) -> JSON? {
        get {
            guard case .array(let elements) = self, elements.indices.contains(index) else { return nil }
            return elements[index]
        }
        set {
            guard case .array(var elements) = self, elements.indices.contains(index), let newValue else {
                return
            }
            self = .null
            elements[index] = newValue
            self = .array(elements)
        }
    }

    /// The value at the end of a path of members, nil where one is missing.
    public subscript(path path: [String]) -> JSON? {
        get { path.reduce(self as JSON?) { value, key in value?[key] } }
        set {
            guard let key = path.first else { return }
            if path.count == 1 {
                self[key] = newValue
                return
            }
            var child = self[key] ?? .null
            if newValue == nil, child.isNull { return }
            child[path: Array(path.dropFirst())] = newValue
            self[key] = child
        }
    }
}

// There is no nil literal: `condition ? nil : value` would be a null inside an optional, which removes a field where
// nothing was to be said of it.
extension JSON: ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
    ExpressibleByStringInterpolation, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    /// `true` or `false`.
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    /// A whole number.
    public init(integerLiteral value: Int64) { self = .int(value) }
    /// A number.
    public init(floatLiteral value: Double) { self = .double(value) }
    /// A string.
    public init(stringLiteral value: String) { self = .string(value) }
    /// An array.
    public init(arrayLiteral elements: JSON...) { self = .array(elements) }
    /// An object; the last of equal keys counts.
    public init(dictionaryLiteral elements: (String, JSON)...) {
        self = .object(Dictionary(elements, uniquingKeysWith: { _, last in last }))
    }
}

extension JSON {
    /// A whole number of any width that fits 64 bits.
    public init(_ value: Int) { self = .int(Int64(value)) }
    /// A string, or `null`.
    public init(_ value: String?) { self = value.map(JSON.string) ?? .null }
    /// An object of strings.
    public init(_ strings: [String: String]) { self = .object(strings.mapValues(JSON.string)) }
    /// An array of strings.
    public init(_ strings: [String]) { self = .array(strings.map(JSON.string)) }
}
