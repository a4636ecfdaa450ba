// Tokens back to text: the decoders of `tokenizer.json`, each a small step from tokens' texts to others.

/// One step.
enum TokenDecoder: Equatable, Sendable {
    /// Characters are octets of the byte-level alphabet.
    case byteLevel
    /// A character is a blank; the first token's is dropped where it was put there.
    case metaspace(Unicode.Scalar, dropsFirst: Bool)
    /// Tokens `<0x00>` to `<0xFF>` are octets.
    case octets
    /// All tokens become one.
    case fuse
    /// So many of a character go at each token's beginning and end.
    case strip(Unicode.Scalar, start: Int, stop: Int)
    case replace(TextPattern, with: [Unicode.Scalar])
    /// What does not begin with the mark is a word of its own.
    case wordPiece(mark: [Unicode.Scalar], cleans: Bool)
    /// What ends with the mark ends a word.
    case wordEnd(mark: [Unicode.Scalar])

    /// The texts after the step.
    func apply(_ tokens: [[Unicode.Scalar]]) -> [[Unicode.Scalar]] {
        switch self {
        case .byteLevel:
            var octets: [UInt8] = []
            for token in tokens {
                var text = String.UnicodeScalarView()
                text.append(contentsOf: token)
                octets += ByteAlphabet.octets(of: String(text)) ?? [UInt8](utf8: token)
            }
            return [Array(String(decoding: octets, as: UTF8.self).unicodeScalars)]
        case .metaspace(let mark, let dropsFirst):
            return tokens.enumerated().map { index, token in
                token.compactMap { $0 != mark ? $0 : index == 0 && dropsFirst ? nil : " " }
            }
        case .octets: return Self.joinOctets(tokens)
        case .fuse: return [tokens.flatMap { $0 }]
        case .strip(let character, let start, let stop):
            return tokens.map { token in
                var rest = token[...]
                for _ in 0..<min(start, token.count) where rest.first == character { rest.removeFirst() }
                // The end is looked at apart from the beginning, as in the library.
                let kept = token.count - token.reversed().prefix(stop).prefix { $0 == character }.count
                return Array(rest.prefix(max(0, kept - rest.startIndex)))
            }
        case .replace(let pattern, let other):
            return tokens.map { pattern.replacing(in: $0, with: other) }
        case .wordPiece(let mark, let cleans):
            return tokens.enumerated().map { index, token in
                var text = token
                if index > 0 {
                    text = token.starts(with: mark) ? Array(token.dropFirst(mark.count)) : [" "] + token
                }
                return cleans ? Self.cleaned(text) : text
            }
        case .wordEnd(let mark):
            return tokens.enumerated().map { index, token in
                TextPattern.text(mark).replacing(in: token, with: index == tokens.count - 1 ? [] : [" "])
            }
        }
    }

    private static func joinOctets(_ tokens: [[Unicode.Scalar]]) -> [[Unicode.Scalar]] {
        var result: [[Unicode.Scalar]] = []
        var octets: [UInt8] = []
        func finish() {
            if let text = String(validating: octets, as: UTF8.self) {
                result.append(Array(text.unicodeScalars))
            } else {
                result += [[Unicode.Scalar]](repeating: ["\u{fffd}"], count: octets.count)
            }
            octets = []
        }
        for token in tokens {
            if let octet = octet(of: token) {
                octets.append(octet)
            } else {
                if !octets.isEmpty { finish() }
                result.append(token)
            }
        }
        if !octets.isEmpty { finish() }
        return result
    }

    /// The octet that a token `<0x41>` stands for.
    static func octet(of token: [Unicode.Scalar]) -> UInt8? {
        guard token.count == 6, token[0] == "<", token[1] == "0", token[2] == "x", token[5] == ">" else {
            return nil
        }
        let digits = token[3...4].compactMap { $0.isASCII ? Character($0).hexDigitValue : nil }
        return digits.count == 2 ? UInt8(digits[0] << 4 | digits[1]) : nil
    }

    /// What the library calls to clean up: blanks before signs go, and forms like "do n't" are joined.
    private static func cleaned(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
        let pairs = [
            (" .", "."), (" ?", "?"), (" !", "!"), (" ,", ","), (" ' ", "'"), (" n't", "n't"), (" 'm", "'m"),
            (" do not", " don't"), (" 's", "'s"), (" 've", "'ve"), (" 're", "'re"),
        ]
        return pairs.reduce(text) { text, pair in
            TextPattern.text(Array(pair.0.unicodeScalars)).replacing(
                in: text, with: Array(pair.1.unicodeScalars))
        }
    }
}
