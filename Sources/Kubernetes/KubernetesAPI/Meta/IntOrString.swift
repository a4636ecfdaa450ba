// util/intstr: ports by number or name, amounts by count or percentage.

/// A number or a word.
public enum IntOrString: Hashable, Sendable {
    case int(Int)
    case string(String)
}

extension IntOrString: Codable, ExpressibleByIntegerLiteral, ExpressibleByStringLiteral,
    CustomStringConvertible
{
    /// Reads a number or a string.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let number = try? container.decode(Int.self) {
            self = .int(number)
        } else {
            self = .string(try container.decode(String.self))
        }
    }

    /// As the number or the string that it is.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .int(let number): try container.encode(number)
        case .string(let text): try container.encode(text)
        }
    }

    /// A number.
    public init(integerLiteral value: Int) { self = .int(value) }
    /// A word.
    public init(stringLiteral value: String) { self = .string(value) }

    /// The number or the word.
    public var description: String {
        switch self {
        case .int(let number): String(number)
        case .string(let text): text
        }
    }
}
