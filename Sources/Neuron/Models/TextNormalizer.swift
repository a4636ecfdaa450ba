// What BERT's "basic tokenizer" does to a text before it is cut into word pieces: drop control characters, set CJK
// ideographs apart, decompose (NFD) and drop accents, lower-case. Step by step the same as the Rust crate `tokenizers`
// (BertNormalizer, BertPreTokenizer), whose ids a model was trained with. That crate knows categories as of Unicode
// 8.0: marks and punctuation that are younger pass as letters, and must do so here too.

/// Cuts text into normalised words.
struct TextNormalizer: Sendable {
    /// BertNormalizer's switches.
    private let switches: TokenizerFile.Normalizer
    /// Whether capitals become small letters before all else.
    private let lowercasesFirst: Bool

    /// A normalizer of these switches.
    init(_ switches: TokenizerFile.Normalizer, lowercasesFirst: Bool = false) {
        self.switches = switches
        self.lowercasesFirst = lowercasesFirst
    }

    /// The normalizer of the "uncased" models, or that of the others.
    init(lowercase: Bool) {
        self.init(TokenizerFile.Normalizer(lowercase: lowercase, spacesIdeographs: true))
    }

    /// The words of `text`: runs of letters, single punctuation marks, single ideographs.
    func words(in text: Substring.UnicodeScalarView) -> [[Unicode.Scalar]] {
        var words: [[Unicode.Scalar]] = []
        var word: [Unicode.Scalar] = []
        func flush() {
            if !word.isEmpty { words.append(word) }
            word = []
        }
        for scalar in normalized(text) {
            if scalar.properties.isWhitespace {
                flush()
            } else if scalar.isBERTPunctuation {
                flush()
                words.append([scalar])
            } else {
                word.append(scalar)
            }
        }
        flush()
        return words
    }

    /// Cleaned, spaced, decomposed without accents, lower-cased: in this order.
    func normalized(_ text: Substring.UnicodeScalarView) -> [Unicode.Scalar] {
        guard lowercasesFirst else { return normalized(scalars: text) }
        return normalized(scalars: lowercased(text))
    }

    private func normalized(scalars text: some Collection<Unicode.Scalar>) -> [Unicode.Scalar] {
        var cleaned: [Unicode.Scalar] = []
        cleaned.reserveCapacity(text.underestimatedCount)
        for scalar in text where !scalar.isDropped {
            if scalar.properties.isWhitespace {
                cleaned.append(" ")
            } else if switches.spacesIdeographs, scalar.isIdeograph {
                cleaned += [" ", scalar, " "]
            } else {
                cleaned.append(scalar)
            }
        }
        // Unless it is said, accents go where capitals do.
        if switches.stripAccents ?? switches.lowercase {
            cleaned = canonicallyDecomposed(cleaned).filter { !$0.isAccent }
        }
        return switches.lowercase ? lowercased(cleaned) : cleaned
    }

    /// Character by character, so without the rule for a sigma at a word's end.
    private func lowercased(_ scalars: some Sequence<Unicode.Scalar>) -> [Unicode.Scalar] {
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
    fileprivate var isBERTPunctuation: Bool {
        if isASCII {
            switch value {
            case 33...47, 58...64, 91...96, 123...126: return true
            default: return false
            }
        }
        switch properties.generalCategory {
        case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation,
            .initialPunctuation,
            .finalPunctuation, .otherPunctuation:
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
        65...90 ~= value ? Unicode.Scalar(UInt8(truncatingIfNeeded: value) | 0x20) : self
    }
}
