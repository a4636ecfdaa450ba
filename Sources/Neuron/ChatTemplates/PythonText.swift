// Texts as Python handles them: by code points.

extension Unicode.Scalar {
    /// What `str.isspace` and `str.strip` take for white space.
    var isPythonSpace: Bool { properties.isWhitespace || 0x1c...0x1f ~= value }

    /// What `str.isalpha` takes for a letter.
    var isLetter: Bool {
        switch properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: true
        default: false
        }
    }
}

extension String {
    /// Without characters at its ends; of white space, where none are given.
    func stripped(_ characters: String?, front: Bool, back: Bool) -> String {
        let set = characters.map { Set($0.unicodeScalars) }
        func goes(_ scalar: Unicode.Scalar) -> Bool {
            set.map { $0.contains(scalar) } ?? scalar.isPythonSpace
        }
        var rest = unicodeScalars[...]
        while front, let first = rest.first, goes(first) { rest.removeFirst() }
        while back, let last = rest.last, goes(last) { rest.removeLast() }
        return String(String.UnicodeScalarView(rest))
    }

    /// Its parts between a separator, or between white space where there is none.
    func parts(by separator: String?, most: Int, fromBack: Bool) -> [String] {
        guard let separator else { return words(most: most, fromBack: fromBack) }
        let octets = Array(utf8)
        let mark = Array(separator.utf8)
        guard !mark.isEmpty else { return [self] }
        var cuts: [Int] = []
        var place = 0
        while place + mark.count <= octets.count {
            if octets[place..<place + mark.count].elementsEqual(mark) {
                cuts.append(place)
                place += mark.count
            } else {
                place += 1
            }
        }
        if cuts.count > most { cuts = fromBack ? Array(cuts.suffix(most)) : Array(cuts.prefix(most)) }
        var parts: [String] = []
        var start = 0
        for cut in cuts {
            parts.append(String(decoding: octets[start..<cut], as: UTF8.self))
            start = cut + mark.count
        }
        return parts + [String(decoding: octets[start...], as: UTF8.self)]
    }

    private func words(most: Int, fromBack: Bool) -> [String] {
        let scalars = Array(unicodeScalars)
        func text(_ part: some Sequence<Unicode.Scalar>) -> String {
            var view = String.UnicodeScalarView()
            view.append(contentsOf: part)
            return String(view)
        }
        var words = scalars.split(whereSeparator: \.isPythonSpace)
        guard words.count > 1, most < words.count - 1 else { return words.map { text($0) } }
        if fromBack {
            words.removeFirst(words.count - most)
            let head = scalars[..<(words.first?.startIndex ?? scalars.count)]
            return [text(head).stripped(nil, front: false, back: true)] + words.map { text($0) }
        }
        let rest = scalars[words[most].startIndex...]
        return words.prefix(most).map { text($0) } + [text(rest)]
    }

    /// Its lines, as `str.splitlines` has them.
    var lines: [String] {
        var lines: [String] = []
        var line = String.UnicodeScalarView()
        var before: Unicode.Scalar?
        for scalar in unicodeScalars {
            switch scalar {
            case "\n" where before == "\r": break
            case "\n", "\r", "\u{b}", "\u{c}", "\u{1c}", "\u{1d}", "\u{1e}", "\u{85}", "\u{2028}", "\u{2029}":
                lines.append(String(line))
                line = String.UnicodeScalarView()
            default: line.append(scalar)
            }
            before = scalar
        }
        if !line.isEmpty { lines.append(String(line)) }
        return lines
    }

    /// Each word with a large letter first.
    func titled() -> String {
        var result = ""
        var isInWord = false
        for scalar in unicodeScalars {
            result += isInWord ? scalar.properties.lowercaseMapping : scalar.properties.titlecaseMapping
            isInWord = scalar.properties.isCased
        }
        return result
    }

    /// Each word with a large letter first, as Jinja's filter has it: words begin behind white space, `-` and brackets.
    func titledWords() -> String {
        var result = ""
        var isInWord = false
        for scalar in unicodeScalars {
            result += isInWord ? scalar.properties.lowercaseMapping : scalar.properties.uppercaseMapping
            isInWord = !(scalar.isPythonSpace || "-({[<".unicodeScalars.contains(scalar))
        }
        return result
    }

    /// A large letter first, small ones behind it.
    func capitalizedFirst() -> String {
        guard let first = unicodeScalars.first else { return self }
        return first.properties.titlecaseMapping
            + String(String.UnicodeScalarView(unicodeScalars.dropFirst())).lowercased()
    }
}
