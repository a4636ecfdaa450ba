// How a text is cut before the model has it: the pre-tokenizers of `tokenizer.json`.

/// One step.
enum TextSplitter: Equatable, Sendable {
    /// Whether a blank is put before a piece.
    enum Prepending: String, CaseIterable, Sendable { case always, first, never }

    /// At white space, which is dropped.
    case spaces
    /// Runs of letters, digits and their like, and runs of what is neither they nor white space.
    case wordsAndSymbols
    case punctuation(SplitBehavior)
    /// At numbers, each apart or in runs.
    case digits(isEachApart: Bool)
    /// At one character, which is dropped.
    case character(Unicode.Scalar)
    case pattern(TextPattern, SplitBehavior, isInverted: Bool)
    /// As a language model's regular expression cuts.
    case words(WordSplitter)
    /// As `words`, after a blank has been put before each piece that begins with none. The model has octets, not characters.
    case byteLevel(prepends: Bool, WordSplitter?)
    /// Blanks become a character that can be seen, and a word begins with it.
    case metaspace(Unicode.Scalar, Prepending, splits: Bool)

    /// Cuts the pieces.
    func apply(_ pieces: inout TextPieces) {
        switch self {
        case .spaces: pieces.split(.removed) { $0.isWhiteSpace }
        case .wordsAndSymbols: pieces.split(.removed, isInverted: true, Self.run)
        case .punctuation(let behavior): pieces.split(behavior, at: \.isBERTPunctuation)
        case .digits(let isEachApart):
            pieces.split(isEachApart ? .isolated : .contiguous, at: \.isNumeric)
        case .character(let character): pieces.split(.removed) { $0 == character }
        case .pattern(let pattern, let behavior, let isInverted):
            pieces.split(behavior, isInverted: isInverted) { pattern.end(in: $0, at: $1, before: $2) }
        case .words(let splitter): Self.split(&pieces, splitter)
        case .byteLevel(let prepends, let splitter):
            if prepends {
                pieces.rewrite { piece, _ in piece.first == 0x20 ? [] : [0x20] }
            }
            if let splitter { Self.split(&pieces, splitter) }
        case .metaspace(let mark, let prepending, let splits):
            Self.mark(&pieces, Array(utf8: [mark]), prepending)
            if splits { pieces.split(.mergedWithNext) { $0 == mark } }
        }
    }

    private static func split(_ pieces: inout TextPieces, _ splitter: WordSplitter) {
        var cut: [Range<Int>] = []
        for range in pieces.ranges {
            splitter.split(String(decoding: pieces.octets[range], as: UTF8.self)[...]) { word in
                cut.append(range.lowerBound + word.lowerBound..<range.lowerBound + word.upperBound)
            }
        }
        pieces.ranges = cut
    }

    private static func mark(_ pieces: inout TextPieces, _ mark: [UInt8], _ prepending: Prepending) {
        pieces.rewrite(blank: mark) { piece, isFirst in
            let prepends = prepending == .always || prepending == .first && isFirst
            return prepends && piece.first != 0x20 && !piece.starts(with: mark) ? mark : []
        }
    }

    /// `\w+|[^\w\s]+`
    private static func run(_ octets: [UInt8], _ place: Int, _ end: Int) -> Int? {
        let first = octets.scalar(at: place)
        let isWord = first.isWord
        guard isWord || !first.isWhiteSpace else { return nil }
        var place = place
        while place < end {
            let scalar = octets.scalar(at: place)
            guard scalar.isWord == isWord, isWord || !scalar.isWhiteSpace else { break }
            place += octets.scalarLength(at: place)
        }
        return place
    }
}

extension TextPattern {
    /// Where the match that begins at a place of UTF-8 ends; nil where none does.
    func end(in octets: [UInt8], at start: Int, before limit: Int) -> Int? {
        switch self {
        case .text(let wanted):
            let wanted = [UInt8](utf8: wanted)
            return octets[start..<limit].starts(with: wanted) ? start + wanted.count : nil
        case .blanks(let least):
            var end = start
            while end < limit, octets[end] == 0x20 { end += 1 }
            return end - start >= least ? end : nil
        case .spaces(let least):
            var (end, count) = (start, 0)
            while end < limit, ScalarClass(octets.scalar(at: end)).isSpace {
                end += octets.scalarLength(at: end)
                count += 1
            }
            return count >= least ? end : nil
        case .lineEnd: return octets[start] == 0x0a || octets[start] == 0x0d ? start + 1 : nil
        }
    }
}

extension Unicode.Scalar {
    /// The property White_Space; the library's search for it takes longer than all else that is done with a character.
    var isWhiteSpace: Bool { isASCII ? value == 0x20 || 0x09...0x0d ~= value : properties.isWhitespace }

    /// `\w` of the crate `regex`: letters and what is like them, marks, decimal digits, connectors, joiners.
    var isWord: Bool {
        switch value {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x5f: return true
        case ..<0x80: return false
        case 0x200c, 0x200d: return true
        default: break
        }
        guard isKnownToLibrary else { return false }
        if properties.isAlphabetic { return true }
        switch properties.generalCategory {
        case .nonspacingMark, .spacingMark, .enclosingMark, .decimalNumber, .connectorPunctuation: return true
        default: return false
        }
    }

    /// A number of any kind.
    var isNumeric: Bool {
        if isASCII { return 0x30...0x39 ~= value }
        guard isKnownToLibrary else { return false }
        switch properties.generalCategory {
        case .decimalNumber, .letterNumber, .otherNumber: return true
        default: return false
        }
    }

    /// Whether the library tokenizers knows the character: assigned by Unicode 16.
    private var isKnownToLibrary: Bool { (properties.age?.major ?? .max) <= ScalarClass.latestAge }
}
