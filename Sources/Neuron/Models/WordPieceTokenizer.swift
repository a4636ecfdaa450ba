// WordPiece, as BERT uses it: each word is cut greedily into the longest pieces that the vocabulary knows. The
// vocabulary compares UTF-8, never strings, whose equality in Swift is canonical and not that of code points.

package import ModelErrors
internal import Text

/// Text to token ids.
package struct WordPieceTokenizer: Sendable {
    /// Entries of the vocabulary; ids are below it.
    package let vocabularyCount: Int

    private let normalizer: TextNormalizer
    private let wholeWords: PieceTable
    private let continuations: PieceTable
    private let first: Int32
    private let last: Int32
    private let unknown: Int32
    /// Tokens that stand for themselves when a text contains them, such as `[SEP]`; longer ones first.
    private let special: [TokenizerFile.AddedToken]
    /// The octets that these begin with.
    private let specialStarts: Set<UInt8>

    /// A word of more characters than this is unknown as a whole (`max_input_chars_per_word`).
    private static let longestWord = 100

    /// The tokenizer of a `vocab.txt`: one token a line, its id the line's number from 0.
    ///
    /// - Parameters:
    ///   - vocabulary: the file's bytes.
    ///   - subject: what to call it in errors, usually its path.
    ///   - lowercase: `do_lower_case`; true for the "uncased" models.
    /// - Throws: `ModelError` when a token that BERT needs is missing.
    package init(vocabulary: [UInt8], subject: String, lowercase: Bool = true) throws(ModelError) {
        try self.init(TokenizerSettings(lines: vocabulary, subject: subject, lowercase: lowercase))
    }

    /// - Throws: `ModelError` when a token that the settings name is missing.
    init(_ settings: TokenizerSettings) throws(ModelError) {
        var wholeWords = PieceTable(capacity: settings.vocabulary.count)
        var continuations = PieceTable(capacity: settings.vocabulary.count)
        var highest: Int32 = -1
        for (token, id) in settings.vocabulary {
            wholeWords.insert(token[...], id: id)
            if token.count > 2, token.starts(with: [35, 35]) {
                continuations.insert(token.dropFirst(2), id: id)
            }
            highest = max(highest, id)
        }
        for token in settings.special { highest = max(highest, token.id) }
        func required(_ text: String) throws(ModelError) -> Int32 {
            let octets = Array(text.utf8)
            guard let id = wholeWords[octets] ?? settings.special.first(where: { $0.text == octets })?.id
            else {
                throw ModelError(
                    settings.subject, "has no token \(text)", "use the vocabulary of a BERT model")
            }
            return id
        }
        unknown = try required(settings.unknown)
        first = try required(settings.first)
        last = try required(settings.last)
        vocabularyCount = Int(highest) + 1
        normalizer = TextNormalizer(settings.normalizer, lowercasesFirst: settings.lowercasesFirst)
        special = settings.special.sorted { $0.text.count > $1.text.count }
        specialStarts = Set(special.compactMap(\.text.first))
        self.wholeWords = wholeWords
        self.continuations = continuations
    }

    /// The ids of `text` between the two tokens that stand around every text, [CLS] and [SEP].
    ///
    /// - Parameter limit: how many ids there may be, the two included; what comes later is cut off. At least 2.
    package func encode(_ text: String, limit: Int) -> [Int32] {
        var ids = [first]
        let bytes = Array(text.utf8)
        var start = 0
        var index = 0
        while index < bytes.count, ids.count < limit {
            if specialStarts.contains(bytes[index]),
                let token = special.first(where: { bytes[index...].starts(with: $0.text) })
            {
                encodePlain(bytes[start..<index], into: &ids, limit: limit)
                ids.append(token.id)
                index += token.text.count
                start = index
            } else {
                index += 1
            }
        }
        encodePlain(bytes[start...], into: &ids, limit: limit)
        if ids.count > limit - 1 { ids.removeSubrange((limit - 1)...) }
        ids.append(last)
        return ids
    }

    private func encodePlain(_ bytes: ArraySlice<UInt8>, into ids: inout [Int32], limit: Int) {
        guard !bytes.isEmpty, ids.count < limit else { return }
        let text = String(decoding: bytes, as: UTF8.self)
        for word in normalizer.words(in: Substring(text).unicodeScalars) {
            encode(word, into: &ids)
            if ids.count >= limit { return }
        }
    }

    private func encode(_ word: [Unicode.Scalar], into ids: inout [Int32]) {
        guard word.count <= Self.longestWord else {
            ids.append(unknown)
            return
        }
        var bytes: [UInt8] = []
        for scalar in word { bytes += UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter }
        let before = ids.count
        var rest = bytes[...]
        while !rest.isEmpty {
            let pieces = rest.startIndex == 0 ? wholeWords : continuations
            guard let match = pieces.longestPrefix(of: rest) else {
                ids.removeSubrange(before...)
                ids.append(unknown)
                return
            }
            ids.append(match.id)
            rest = rest.dropFirst(match.length)
        }
    }
}

/// Byte strings with ids, asked for the longest one that a string starts with. Open addressing over one hash that
/// grows byte by byte: a word costs one probe per byte, and reading a vocabulary one per token, for the table has its
/// size from the start.
private struct PieceTable: Sendable {
    /// All pieces one after the other.
    private var bytes: [UInt8] = []
    /// Where each entry lies in `bytes`, and its id.
    private var entries: [(start: Int, length: Int, id: Int32)] = []
    /// Entry numbers by hash, -1 where there is none; a power of two, at most half full.
    private var slots: [Int32]
    private var longest = 0

    /// A table for at most `capacity` pieces.
    init(capacity: Int) {
        var size = 2
        while size < 2 * capacity { size *= 2 }
        slots = [Int32](repeating: -1, count: size)
    }

    /// Adds a piece; a later one of the same text takes its place.
    mutating func insert(_ piece: ArraySlice<UInt8>, id: Int32) {
        var hash = FNV1a()
        for octet in piece { hash.add(octet) }
        let slot = slot(of: piece, hash: hash.value)
        if slots[slot] >= 0 {
            entries[Int(slots[slot])].id = id
        } else {
            slots[slot] = Int32(entries.count)
            entries.append((bytes.count, piece.count, id))
            bytes += piece
            longest = max(longest, piece.count)
        }
    }

    /// The id of a whole piece.
    subscript(piece: [UInt8]) -> Int32? {
        let entry = slots[slot(of: piece[...], hash: FNV1a(piece).value)]
        return entry >= 0 ? entries[Int(entry)].id : nil
    }

    func longestPrefix(of text: ArraySlice<UInt8>) -> (id: Int32, length: Int)? {
        var hash = FNV1a()
        var best: (id: Int32, length: Int)?
        for index in text.indices.prefix(longest) {
            hash.add(text[index])
            let entry = slots[slot(of: text[text.startIndex...index], hash: hash.value)]
            if entry >= 0 { best = (entries[Int(entry)].id, index - text.startIndex + 1) }
        }
        return best
    }

    /// The slot of a piece, or the free one where it belongs.
    private func slot(of piece: ArraySlice<UInt8>, hash: UInt64) -> Int {
        let mask = slots.count - 1
        var slot = Int(truncatingIfNeeded: hash ^ hash >> 32) & mask
        while slots[slot] >= 0 {
            let entry = entries[Int(slots[slot])]
            if entry.length == piece.count, bytes[entry.start..<entry.start + entry.length] == piece { break }
            slot = (slot + 1) & mask
        }
        return slot
    }
}
