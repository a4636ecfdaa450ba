// SentencePiece's normalization as it was compiled: a trie of what is replaced, in a double array (Aoe, 1989; the units are
// those of darts-clone), and the texts that take its place, each with a zero behind it. `tokenizer.json` has it in base 64 as
// `precompiled_charsmap`. What is looked up is a whole grapheme of less than six octets, and else each character: so the
// crate `tokenizers` does it (spm_precompiled), and so did whoever trained the model.

/// What stands in place of characters.
struct CharacterMap: Sendable, Equatable {
    private let units: [UInt32]
    /// The texts, and a zero at the end whatever the file says.
    private let texts: [UInt8]
    /// Octets of the longest of them.
    let longestText: Int

    /// Reads a map.
    ///
    /// - Returns: nil for octets that are none: a size beyond the end, or texts that are no UTF-8.
    init?(_ octets: [UInt8]) {
        guard octets.count >= 8 else { return nil }
        func word(_ place: Int) -> UInt32 {
            UInt32(octets[place]) | UInt32(octets[place + 1]) << 8 | UInt32(octets[place + 2]) << 16
                | UInt32(octets[place + 3]) << 24
        }
        let size = Int(word(0))
        guard size >= 4, size % 4 == 0, size <= octets.count - 4 else { return nil }
        let units = stride(from: 4, to: 4 + size, by: 4).map(word)
        let texts = Array(octets[(4 + size)...])
        guard String(validating: texts, as: UTF8.self) != nil else { return nil }
        self.units = units
        self.texts = texts + [0]
        longestText = self.texts.split(separator: 0).map(\.count).max() ?? 0
    }

    /// Replaces what the map has.
    func apply(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
        var result: [Unicode.Scalar] = []
        result.reserveCapacity(text.count)
        walk(text) { source, other in
            if let other { result += other } else { result.append(text[source.lowerBound]) }
        }
        return result
    }

    /// Visits a text part by part: whole graphemes that the map has, and else single characters.
    ///
    /// - Parameter body: is given the part's place, and what takes its place; nil where it stays, which single characters do.
    func walk(_ text: [Unicode.Scalar], _ body: (Range<Int>, String.UnicodeScalarView?) -> Void) {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: text)
        var place = 0
        for grapheme in String(view) {
            let count = grapheme.unicodeScalars.count
            defer { place += count }
            // Most are one character, which is looked up once.
            if count > 1, grapheme.utf8.count < 6, let other = replacement(of: Array(grapheme.utf8)) {
                body(place..<place + count, other)
                continue
            }
            for (number, scalar) in grapheme.unicodeScalars.enumerated() {
                let octets = Array(UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
                body(place + number..<place + number + 1, replacement(of: octets))
            }
        }
    }

    /// The text for the shortest beginning of the key that the trie has.
    private func replacement(of key: [UInt8]) -> String.UnicodeScalarView? {
        guard let start = place(of: key), start < texts.count else { return nil }
        let end = texts[start...].firstIndex(of: 0) ?? texts.count
        return String(decoding: texts[start..<end], as: UTF8.self).unicodeScalars
    }

    private func place(of key: [UInt8]) -> Int? {
        var node = Self.offset(units[0])
        for octet in key where octet != 0 {
            node ^= Int(octet)
            guard node < units.count else { return nil }
            let unit = units[node]
            guard unit & 0x8000_00ff == UInt32(octet) else { return nil }
            node ^= Self.offset(unit)
            guard node < units.count else { return nil }
            if unit >> 8 & 1 == 1 { return Int(units[node] & 0x7fff_ffff) }
        }
        return nil
    }

    private static func offset(_ unit: UInt32) -> Int { Int(unit >> 10) << Int((unit & 0x200) >> 6) }
}
