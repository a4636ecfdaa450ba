// What BERT's "basic tokenizer" does to a text before it is cut into word pieces: drop control characters, set CJK
// ideographs apart, decompose (NFD) and drop accents, lower-case. Step by step the same as the Rust crate `tokenizers`
// (BertNormalizer), whose ids a model was trained with. That crate knows categories as of Unicode 8.0: marks and
// punctuation that are younger pass as letters, and must do so here too.

/// BertNormalizer's switches.
package struct BERTNormalization: Equatable, Sendable {
    /// Whether control characters are dropped, and all white space becomes blanks.
    package var cleans = true
    /// Whether capitals become small letters.
    package var lowercase: Bool
    /// Whether accents are dropped; nil for "as lowercase says".
    package var stripAccents: Bool?
    /// Whether ideographs stand between blanks.
    package var spacesIdeographs: Bool

    /// All members.
    package init(
        cleans: Bool = true, lowercase: Bool, stripAccents: Bool? = nil, spacesIdeographs: Bool = true
    ) {
        self.cleans = cleans
        self.lowercase = lowercase
        self.stripAccents = stripAccents
        self.spacesIdeographs = spacesIdeographs
    }

    /// Cleaned, spaced, decomposed without accents, lower-cased: in this order.
    func apply(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
        var result: [Unicode.Scalar] = []
        result.reserveCapacity(text.count)
        for scalar in text where !cleans || !scalar.isDropped {
            if cleans, scalar.isWhiteSpace {
                result.append(" ")
            } else if spacesIdeographs, scalar.isIdeograph {
                result += [" ", scalar, " "]
            } else {
                result.append(scalar)
            }
        }
        // Unless it is said, accents go where capitals do.
        if stripAccents ?? lowercase {
            result = canonicallyDecomposed(result).filter { !$0.isAccent }
        }
        return lowercase ? lowercased(result) : result
    }
}

extension BERTNormalization {
    /// The same of a text without any other characters than those of ASCII, none of which has an accent or is an ideograph.
    func apply(ascii text: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(text.count)
        for octet in text {
            switch octet {
            case 0x09, 0x0a, 0x0d: result.append(cleans ? 0x20 : octet)
            case 0..<0x20, 0x7f: if !cleans { result.append(octet) }
            default: result.append(lowercase ? octet.asciiLowercased : octet)
            }
        }
        return result
    }
}

extension UInt8 {
    /// A to Z become a to z.
    var asciiLowercased: UInt8 { 65...90 ~= self ? self | 0x20 : self }
}

/// Small letters, character by character, so without the rule for a sigma at a word's end.
func lowercased(_ scalars: some Sequence<Unicode.Scalar>) -> [Unicode.Scalar] {
    var result: [Unicode.Scalar] = []
    result.reserveCapacity(scalars.underestimatedCount)
    for scalar in scalars {
        if scalar.isASCII {
            result.append(scalar.asciiLowercased)
        } else {
            result += scalar.properties.lowercaseMapping.unicodeScalars
        }
    }
    return result
}

extension Unicode.Scalar {
    /// Control, format and private-use characters, and the two that stand for damage.
    fileprivate var isDropped: Bool {
        if isASCII { return value < 0x20 && value != 9 && value != 10 && value != 13 || value == 0x7f }
        if value == 0xfffd { return true }
        switch properties.generalCategory {
        case .control, .privateUse: return true
        case .format: return isAsOldAsCategories
        default: return false
        }
    }

    /// The CJK blocks of BERT's tokenizer; kana and Hangul are not among them.
    fileprivate var isIdeograph: Bool {
        switch value {
        case 0x4e00...0x9fff, 0x3400...0x4dbf, 0x20000...0x2a6df, 0x2a700...0x2b73f, 0x2b740...0x2b81f,
            0x2b920...0x2ceaf, 0xf900...0xfaff, 0x2f800...0x2fa1f:
            true
        default: false
        }
    }

    /// A non-spacing mark.
    fileprivate var isAccent: Bool {
        switch value {
        case 0..<0x300: false
        case 0x1734, 0x1171e: true  // marks in 8.0, no longer so
        case 0x1885, 0x1886, 0xa9bd, 0x111c9, 0x111cf: false  // marks since
        default: properties.generalCategory == .nonspacingMark && isAsOldAsCategories
        }
    }

    /// Anything in ASCII that is no letter, digit or space, and the P categories beyond.
    var isBERTPunctuation: Bool {
        if isASCII {
            switch value {
            case 33...47, 58...64, 91...96, 123...126: return true
            default: return false
            }
        }
        switch properties.generalCategory {
        case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation,
            .initialPunctuation, .finalPunctuation, .otherPunctuation:
            return isAsOldAsCategories
        default: return value == 0x166d || value == 0x111c9  // punctuation in 8.0, no longer so
        }
    }

    /// Assigned by Unicode 8.0.
    private var isAsOldAsCategories: Bool {
        guard let age = properties.age else { return false }
        return age.major <= 8
    }

    /// A to Z become a to z.
    fileprivate var asciiLowercased: Unicode.Scalar {
        Unicode.Scalar(UInt8(truncatingIfNeeded: value).asciiLowercased)
    }
}
