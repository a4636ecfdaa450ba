// What the regular expressions of tokenizers ask of a character.

/// The classes that they tell apart.
enum ScalarClass: UInt8 {
    /// `\p{L}`
    case letter
    /// `\p{N}`
    case number
    /// `\r` and `\n`, which are spaces, too
    case newline
    /// any other `\s`
    case space
    /// what is none of them
    case other

    init(_ scalar: Unicode.Scalar) {
        switch scalar.value {
        case 0x0a, 0x0d: self = .newline
        case 0x09, 0x0b, 0x0c, 0x20: self = .space
        case 0x41...0x5a, 0x61...0x7a: self = .letter
        case 0x30...0x39: self = .number
        case ..<0x80: self = .other
        default: self.init(beyondASCII: scalar)
        }
    }

    /// The version of Unicode that the library tokenizers knows: what came later is nothing to the models that it made.
    static let latestAge = 16

    private init(beyondASCII scalar: Unicode.Scalar) {
        guard let age = scalar.properties.age, age.major <= Self.latestAge else {
            self = .other
            return
        }
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter:
            self = .letter
        case .decimalNumber, .letterNumber, .otherNumber: self = .number
        default: self = scalar.properties.isWhitespace ? .space : .other
        }
    }

    var isSpace: Bool { self == .space || self == .newline }
}
