// How text is cut into words before pairs are merged. Tokenizers write it as a regular expression, of which there are a few
// in use; they are told apart by their words, and what they mean is done by one scanner with settings. A general engine
// would take the time that a hostile expression wants.

/// Cuts text into words.
package struct WordSplitter: Equatable, Sendable {
    /// `'s`, `'t`, `'re`, `'ve`, `'m`, `'ll`, `'d`
    enum Contractions: Sendable { case none, lowerCase, anyCase }

    /// What is cut off first.
    var contractions = Contractions.lowerCase
    /// Whether a word takes any one character before it that is no letter, number or line's end: otherwise a blank.
    var takesAnyBefore = false
    /// Digits of one word at most; 0 is any number of them, with a blank before it.
    var digits = 0
    /// Whether symbols take the ends of lines behind them, and spaces end with the last end of a line among them.
    var keepsNewlines = false
    /// Whether each digit is cut off before anything else is looked at.
    var isolatesDigits = false

    /// `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`
    package static let gpt2 = WordSplitter()
    /// Each digit, then as GPT-2.
    package static let digitsAndGPT2 = WordSplitter(isolatesDigits: true)
    /// `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`
    package static let llama3 = WordSplitter(
        contractions: .anyCase, takesAnyBefore: true, digits: 3, keepsNewlines: true)
    /// As Llama 3, each digit apart.
    package static let qwen2 = WordSplitter(
        contractions: .anyCase, takesAnyBefore: true, digits: 1, keepsNewlines: true)

    /// The splitter of a regular expression as `tokenizer.json` has it; nil for one that is not known.
    package static func named(byPattern pattern: String) -> WordSplitter? { patterns[pattern] }

    private static let patterns: [String: WordSplitter] = {
        let tail = #"|\s+(?!\S)|\s+"#
        let modern = #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|"#
        let rest = #"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"# + tail
        return [
            #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+"# + tail: gpt2,
            #"'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+"# + tail: gpt2,
            modern + #"\p{N}{1,3}"# + rest: llama3,
            modern + #"\p{N}"# + rest: qwen2,
        ]
    }()

    /// Cuts text into words, in octets of UTF-8.
    ///
    /// - Parameter body: gets each word's octets, in order; together they are the text.
    package func split(_ text: Substring, _ body: (Range<Int>) -> Void) {
        var scanner = Scanner(text, self)
        while let word = scanner.next() { body(word) }
    }

    /// A place in a text whose characters have been classified.
    private struct Scanner {
        let rules: WordSplitter
        private var scalars: [(value: UInt32, kind: ScalarClass, start: Int)] = []
        private let octetCount: Int
        private var place = 0

        init(_ text: Substring, _ rules: WordSplitter) {
            self.rules = rules
            scalars.reserveCapacity(text.utf8.count)
            var start = 0
            for scalar in text.unicodeScalars {
                scalars.append((scalar.value, ScalarClass(scalar), start))
                start += scalar.utf8.count
            }
            octetCount = start
        }

        private func kind(_ index: Int) -> ScalarClass? { index < scalars.count ? scalars[index].kind : nil }

        private func offset(_ index: Int) -> Int { index < scalars.count ? scalars[index].start : octetCount }

        /// The first place from `index` on where the class is none of these.
        private func end(from index: Int, while holds: (ScalarClass) -> Bool) -> Int {
            var index = index
            while index < scalars.count, holds(scalars[index].kind),
                !rules.isolatesDigits || scalars[index].kind != .number
            { index += 1 }
            return index
        }

        mutating func next() -> Range<Int>? {
            guard place < scalars.count else { return nil }
            let start = place
            place = wordEnd()
            return offset(start)..<offset(place)
        }

        /// Where the word that begins here ends; the alternatives are tried in the expression's order.
        private func wordEnd() -> Int {
            if rules.isolatesDigits, kind(place) == .number { return place + 1 }
            return contractionEnd() ?? letterEnd() ?? numberEnd() ?? symbolEnd() ?? spaceEnd()
        }

        private func contractionEnd() -> Int? {
            guard rules.contractions != .none, scalars[place].value == 0x27 else { return nil }
            func letter(_ index: Int) -> Character? {
                guard index < scalars.count, let scalar = Unicode.Scalar(scalars[index].value) else {
                    return nil
                }
                guard rules.contractions == .anyCase else { return Character(scalar) }
                // The long s is an s in another case.
                return scalar.value == 0x17f ? "s" : Character(scalar.properties.lowercaseMapping)
            }
            switch (letter(place + 1), letter(place + 2)) {
            case ("s", _), ("t", _), ("m", _), ("d", _): return place + 2
            case ("r", "e"), ("v", "e"), ("l", "l"): return place + 3
            default: return nil
            }
        }

        private func letterEnd() -> Int? {
            var first = place
            if scalars[place].kind != .letter {
                let isTaken =
                    rules.takesAnyBefore
                    ? scalars[place].kind == .space || scalars[place].kind == .other
                    : scalars[place].value == 0x20
                guard isTaken, kind(place + 1) == .letter else { return nil }
                first += 1
            }
            return end(from: first) { $0 == .letter }
        }

        private func numberEnd() -> Int? {
            if rules.digits > 0 {
                guard scalars[place].kind == .number else { return nil }
                return min(place + rules.digits, end(from: place) { $0 == .number })
            }
            let first = scalars[place].value == 0x20 ? place + 1 : place
            let last = end(from: first) { $0 == .number }
            return last > first ? last : nil
        }

        private func symbolEnd() -> Int? {
            let first = scalars[place].value == 0x20 ? place + 1 : place
            let last = end(from: first) { $0 == .other }
            guard last > first else { return nil }
            return rules.keepsNewlines ? end(from: last) { $0 == .newline } : last
        }

        /// Spaces, all but the last one before a word, which may be a part of it.
        private func spaceEnd() -> Int {
            let last = end(from: place) { $0.isSpace }
            if rules.keepsNewlines,
                let newline = scalars[place..<last].lastIndex(where: { $0.kind == .newline })
            {
                return newline + 1
            }
            let isAtEnd = last == scalars.count || rules.isolatesDigits && scalars[last].kind == .number
            return isAtEnd || last == place + 1 ? last : last - 1
        }
    }
}
