// tokenizer.json, the one file in which the Rust crate `tokenizers` keeps a tokenizer. What it says is obeyed, or refused with
// file, key and value.

import JSON
package import ModelErrors

/// What a tokenizer.json says, or what stands in for it.
package struct TokenizerFile: Sendable {
    /// Where it is, for errors.
    package let subject: String
    /// Tokens that are looked for in texts.
    package let added: [AddedToken]

    /// Tokens and their numbers.
    let vocabulary: [VocabularyScanner.Entry]
    private let index: VocabularyIndex
    /// By what rules they are put together.
    let model: ModelKind
    let normalizers: [TextNormalization]
    let splitters: [TextSplitter]
    let decoders: [TokenDecoder]
    /// What stands around texts; nil where the file does not say.
    package let template: TextTemplate?
    /// Some parts as they stand in the file, for errors; nil for a file that has no parts.
    let parts: [String: String]?

    /// The kinds of models, with what they need besides the vocabulary.
    enum ModelKind: Sendable {
        case bytePairs(merges: [(left: [UInt8], right: [UInt8])], BytePairModel.Options)
        case unigram(scores: [Double], unknown: Int, fallsBackToOctets: Bool)
        case wordPiece(unknown: [UInt8], mark: [UInt8], longestWord: Int)
        case wordLevel(unknown: [UInt8])

        var name: String {
            switch self {
            case .bytePairs: "BPE"
            case .unigram: "Unigram"
            case .wordPiece: "WordPiece"
            case .wordLevel: "WordLevel"
            }
        }
    }

    /// The name of the model's kind: BPE, Unigram, WordPiece or WordLevel.
    package var modelName: String { model.name }

    /// Reads the file.
    ///
    /// - Throws: `ModelError` that names the key and the value that are not obeyed.
    package init(_ octets: [UInt8], subject: String) throws(ModelError) {
        let scanner: VocabularyScanner
        do {
            scanner = try VocabularyScanner(octets)
        } catch {
            throw ModelError("\(subject) key model.vocab", error.description, "download the file again")
        }
        let json: JSON
        do {
            json = try JSON(parsing: scanner.rest)
        } catch {
            throw ModelError(subject, "cannot be read (\(error))", "download the file again")
        }
        let file = try ModelSettings(json, subject: subject)
        guard let settings = try file.object("model") else {
            throw file.refusal(of: "model", "download the file again")
        }
        guard !scanner.entries.isEmpty else {
            throw ModelError("\(subject) key model.vocab", "has no tokens", "download the file again")
        }
        self.subject = subject
        vocabulary = scanner.entries
        index = VocabularyIndex(vocabulary)
        normalizers = try NormalizerReader.read(file)
        let (splitters, isByteLevel) = try SplitterReader.read(file)
        self.splitters = splitters
        model = try TokenModelReader(settings, scanner).kind(isByteLevel: isByteLevel)
        decoders = try DecoderReader.read(file)
        added = try Self.added(file)
        template = try TemplateReader.read(file)
        parts = Dictionary(
            uniqueKeysWithValues: ["normalizer", "pre_tokenizer"].map { key in
                (key, String((file[key]?.text() ?? "missing").prefix(120)))
            })
        try Self.check(vocabulary, subject)
    }

    /// A vocabulary of BERT's, one token a line: its number is the line's, from 0.
    package init(lines octets: [UInt8], subject: String) {
        self.subject = subject
        added = []
        var entries: [VocabularyScanner.Entry] = []
        for var line in octets.split(separator: 10, omittingEmptySubsequences: false) {
            if line.last == 13 { line.removeLast() }
            // The part after the last line's end is no line.
            if line.isEmpty && line.endIndex == octets.endIndex { break }
            entries.append((Array(line), Int32(clamping: entries.count)))
        }
        vocabulary = entries
        index = VocabularyIndex(vocabulary)
        model = .wordPiece(unknown: Array("[UNK]".utf8), mark: Array("##".utf8), longestWord: 100)
        normalizers = []
        splitters = []
        decoders = [.wordPiece(mark: ["#", "#"], cleans: true)]
        template = nil
        parts = nil
    }

    /// GPT-2's two files: tokens and their numbers as JSON, and a pair of tokens a line, the first learnt first.
    ///
    /// - Throws: `ModelError` for a vocabulary that is none, or a line that is no pair.
    package init(
        vocabulary octets: [UInt8], merges: [UInt8], subject: String
    ) throws(ModelError) {
        let scanner: VocabularyScanner
        do {
            scanner = try VocabularyScanner(Array("{\"model\":{\"vocab\":".utf8) + octets)
        } catch {
            throw ModelError(subject, error.description, "download the file again")
        }
        guard !scanner.entries.isEmpty, scanner.scores.isEmpty else {
            throw ModelError(subject, "is no vocabulary", "download the file again")
        }
        var pairs: [(left: [UInt8], right: [UInt8])] = []
        for (index, line) in merges.split(separator: 10).enumerated() {
            var line = line
            if line.last == 13 { line.removeLast() }
            if line.isEmpty || line.starts(with: Array("#version".utf8)) { continue }
            guard let pair = Self.pair(String(decoding: line, as: UTF8.self)) else {
                throw ModelError(
                    "\(subject) with merges.txt line \(index + 1)", "is no pair of tokens",
                    "download the file again")
            }
            pairs.append(pair)
        }
        self.subject = subject
        added = []
        vocabulary = scanner.entries
        index = VocabularyIndex(vocabulary)
        model = .bytePairs(merges: pairs, BytePairModel.Options())
        normalizers = []
        splitters = [.byteLevel(prepends: false, .gpt2)]
        decoders = [.byteLevel]
        template = nil
        parts = nil
        try Self.check(vocabulary, subject)
    }

    /// The number of a token of the vocabulary.
    package func id(of text: String) -> Int32? { index.id(of: Array(text.utf8)) }

    /// The vocabulary's token of a number.
    package func token(of id: Int32) -> [UInt8]? { index.token(of: id) }

    /// Each number has one row of weights, so it has one token.
    private static func check(
        _ vocabulary: [VocabularyScanner.Entry], _ subject: String
    ) throws(ModelError) {
        let highest = vocabulary.map(\.id).max() ?? 0
        var seen = [Int32](repeating: -1, count: Int(highest) + 1)
        for (index, entry) in vocabulary.enumerated() {
            let other = seen[Int(entry.id)]
            guard other < 0 || vocabulary[Int(other)].token == entry.token else {
                func shown(_ entry: VocabularyScanner.Entry) -> String {
                    String(decoding: entry.token.prefix(60), as: UTF8.self)
                }
                throw ModelError(
                    "\(subject) key model.vocab",
                    "has the number \(entry.id) for \(shown(vocabulary[Int(other)])) and for \(shown(entry))",
                    "use the file that the model came with")
            }
            seen[Int(entry.id)] = Int32(clamping: index)
        }
    }

    private static func added(_ file: ModelSettings) throws(ModelError) -> [AddedToken] {
        let list = file["added_tokens"]?.array ?? []
        guard list.count <= 100_000 else {
            throw ModelError(
                "\(file.subject) key added_tokens", "has \(list.count) tokens", "use a model with fewer")
        }
        var added: [AddedToken] = []
        for (index, entry) in list.enumerated() {
            let token = try ModelSettings(entry, subject: "\(file.subject) key added_tokens \(index)")
            added.append(try AddedToken(token, id: try token.int("id", 0...3_999_999)))
        }
        return added
    }
}

extension AddedToken {
    /// Reads a token as tokenizer.json and tokenizer_config.json have it.
    ///
    /// - Parameter id: its number, if there is one.
    /// - Throws: `ModelError` when text or number are missing.
    package init(_ token: ModelSettings, id: Int?) throws(ModelError) {
        guard let id, let text = try token.string("content"), !text.isEmpty else {
            throw token.refusal(of: id == nil ? "id" : "content", "give every token its text and id")
        }
        let isSpecial = try token.bool("special") ?? false
        self.init(
            id: Int32(clamping: id), text: text, isSpecial: isSpecial,
            takesSpacesBefore: try token.bool("lstrip") ?? false,
            takesSpacesAfter: try token.bool("rstrip") ?? false,
            isSingleWord: try token.bool("single_word") ?? false,
            isNormalized: try token.bool("normalized") ?? !isSpecial)
    }
}
