// What is done to a text before it is cut: the normalizers of `tokenizer.json`, each a small step from characters to
// characters. They are the crate `tokenizers`' own, with what it knows of Unicode.

/// One step.
enum TextNormalization: Equatable, Sendable {
    case bert(BERTNormalization)
    /// Normalization Form D or KD, and perhaps put together again: C, KC.
    case form(isCompatible: Bool, isComposed: Bool)
    /// SentencePiece's rule for control characters and blanks.
    case neuralTranslation
    case lowercase
    case stripAccents
    case strip(left: Bool, right: Bool)
    case prepend([Unicode.Scalar])
    case replace(TextPattern, with: [Unicode.Scalar])
    case characterMap(CharacterMap)

    /// How many times as long a text may become by it, at most 65,536.
    var growth: Int {
        switch self {
        case .replace(_, let other): min(max(other.count, 1), 65_536)
        case .prepend(let first): min(max(first.count, 1), 65_536)
        case .characterMap(let map): min(max(map.longestText, 1), 65_536)
        case .bert, .form, .neuralTranslation, .lowercase, .stripAccents, .strip: 1
        }
    }

    /// The text after the step.
    func apply(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
        switch self {
        case .bert(let switches): return switches.apply(text)
        case .form(let isCompatible, let isComposed):
            let apart = isCompatible ? compatiblyDecomposed(text) : canonicallyDecomposed(text)
            return isComposed ? composed(apart) : apart
        case .neuralTranslation: return Self.withoutControls(text)
        case .lowercase: return lowercased(text)
        case .stripAccents: return text.filter { !$0.isMark }
        case .strip(let left, let right):
            var rest = text[...]
            if left { rest = rest.drop { $0.isWhiteSpace } }
            if right { while rest.last?.isWhiteSpace == true { rest.removeLast() } }
            return Array(rest)
        case .prepend(let first): return text.isEmpty ? text : first + text
        case .replace(let pattern, let other): return pattern.replacing(in: text, with: other)
        case .characterMap(let map): return map.apply(text)
        }
    }

    /// The text after the step, for one that has no characters but those of ASCII, most of which no step changes; nil for
    /// steps that look at more than one character.
    func apply(ascii text: [UInt8]) -> [UInt8]? {
        switch self {
        case .bert(let switches): switches.apply(ascii: text)
        // Nothing of ASCII is composed of anything, or a mark.
        case .form, .stripAccents: text
        case .lowercase: text.map(\.asciiLowercased)
        case .neuralTranslation, .strip, .prepend, .replace, .characterMap: nil
        }
    }

    private static func withoutControls(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
        text.compactMap { scalar in
            switch scalar.value {
            case 0x01...0x08, 0x0b, 0x0e...0x1f, 0x7f, 0x8f, 0x9f: nil
            case 0x09, 0x0a, 0x0c, 0x0d, 0x1680, 0x200b...0x200f, 0x2028, 0x2029, 0x2581, 0xfeff, 0xfffd: " "
            default: scalar
            }
        }
    }
}

/// What is looked for in a text. Regular expressions are known by their words: a general engine would take the time that a
/// hostile one wants.
enum TextPattern: Equatable, Sendable {
    /// Characters as they are; at least one.
    case text([Unicode.Scalar])
    /// So many blanks or more.
    case blanks(atLeast: Int)
    /// So many white spaces or more.
    case spaces(atLeast: Int)
    /// One end of a line.
    case lineEnd

    /// Regular expressions that are known.
    static let expressions: [String: TextPattern] = [
        " {2,}": .blanks(atLeast: 2), " +": .blanks(atLeast: 1), "\\s+": .spaces(atLeast: 1),
        "\\s{2,}": .spaces(atLeast: 2), "[\\r\\n]": .lineEnd, "\\n": .text(["\n"]),
    ]

    /// Where the match that begins at a place ends; nil where none does.
    func end(in text: [Unicode.Scalar], at start: Int) -> Int? {
        switch self {
        case .text(let wanted):
            return text[start...].starts(with: wanted) ? start + wanted.count : nil
        case .blanks(let least):
            var end = start
            while end < text.count, text[end] == " " { end += 1 }
            return end - start >= least ? end : nil
        case .spaces(let least):
            var end = start
            while end < text.count, ScalarClass(text[end]).isSpace { end += 1 }
            return end - start >= least ? end : nil
        case .lineEnd: return text[start] == "\r" || text[start] == "\n" ? start + 1 : nil
        }
    }

    /// The text with another in place of each match, from the left on.
    func replacing(in text: [Unicode.Scalar], with other: [Unicode.Scalar]) -> [Unicode.Scalar] {
        var result: [Unicode.Scalar] = []
        result.reserveCapacity(text.count)
        var place = 0
        while place < text.count {
            if let end = end(in: text, at: place) {
                result += other
                place = end
            } else {
                result.append(text[place])
                place += 1
            }
        }
        return result
    }
}

extension Unicode.Scalar {
    /// A mark of any kind, as of Unicode 9.0: what the normalizer StripAccents drops.
    var isMark: Bool {
        guard value >= 0x300 else { return false }
        switch properties.generalCategory {
        case .nonspacingMark, .spacingMark, .enclosingMark:
            return properties.age.map { $0.major <= 9 } ?? false
        default: return false
        }
    }
}
