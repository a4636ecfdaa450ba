// The model and the marks of a tokenizer.json.

import JSON
import ModelErrors

/// Reads `model`.
struct TokenModelReader {
    private let settings: ModelSettings
    private let scanner: VocabularyScanner

    init(_ settings: ModelSettings, _ scanner: VocabularyScanner) {
        self.settings = settings
        self.scanner = scanner
    }

    /// The rules.
    ///
    /// - Parameter isByteLevel: whether the splitters leave octets.
    func kind(isByteLevel: Bool) throws(ModelError) -> TokenizerFile.ModelKind {
        // Old files leave the type out; what else they have tells them apart.
        let type = try settings.string("type") ?? guessedType
        guard type == "BPE" || !isByteLevel else {
            throw settings.refusal(of: "type", "use a model with BPE behind ByteLevel")
        }
        guard (type == "Unigram") != scanner.scores.isEmpty else {
            throw ModelError(
                "\(settings.subject) key vocab", "is not as the type \(type) has it",
                "download the file again")
        }
        switch type {
        case "BPE": return try bytePairs(isByteLevel: isByteLevel)
        case "Unigram":
            try settings.requireKnown(["type", "unk_id", "vocab", "byte_fallback"])
            guard let unknown = try settings.int("unk_id", 0...scanner.entries.count - 1) else {
                throw settings.refusal(of: "unk_id", "use a model with a token for what is unknown")
            }
            return .unigram(
                scores: scanner.scores, unknown: unknown,
                fallsBackToOctets: try settings.bool("byte_fallback") ?? false)
        case "WordPiece":
            try settings.requireKnown([
                "type", "unk_token", "continuing_subword_prefix", "max_input_chars_per_word", "vocab",
            ])
            return .wordPiece(
                unknown: Array((try settings.string("unk_token") ?? "[UNK]").utf8),
                mark: Array((try settings.string("continuing_subword_prefix") ?? "##").utf8),
                longestWord: try settings.int("max_input_chars_per_word", 1...1_000_000) ?? 100)
        case "WordLevel":
            try settings.requireKnown(["type", "unk_token", "vocab"])
            return .wordLevel(unknown: Array((try settings.string("unk_token") ?? "<unk>").utf8))
        default:
            throw settings.refusal(of: "type", "use a model with BPE, Unigram, WordPiece or WordLevel")
        }
    }

    private var guessedType: String {
        if !scanner.scores.isEmpty { return "Unigram" }
        if settings["merges"] != nil { return "BPE" }
        return settings["continuing_subword_prefix"] != nil ? "WordPiece" : "BPE"
    }

    private func bytePairs(isByteLevel: Bool) throws(ModelError) -> TokenizerFile.ModelKind {
        try settings.requireKnown([
            "type", "dropout", "unk_token", "continuing_subword_prefix", "end_of_word_suffix", "fuse_unk",
            "byte_fallback", "ignore_merges", "vocab", "merges",
        ])
        // A model with it gives other tokens each time.
        try settings.require("dropout", in: [0, 0.0], "use a model without it")
        var options = BytePairModel.Options()
        options.isByteLevel = isByteLevel
        options.unknown = try settings.string("unk_token").map { Array($0.utf8) }
        options.fusesUnknown = try settings.bool("fuse_unk") ?? false
        options.fallsBackToOctets = try settings.bool("byte_fallback") ?? false
        options.continuation = Array((try settings.string("continuing_subword_prefix") ?? "").utf8)
        options.wordEnd = Array((try settings.string("end_of_word_suffix") ?? "").utf8)
        options.takesWholeWords = try settings.bool("ignore_merges") ?? false
        // Some files have an empty text for none.
        if options.unknown == [] { options.unknown = nil }
        guard !isByteLevel || !options.fallsBackToOctets else {
            throw settings.refusal(of: "byte_fallback", "use a model without it behind ByteLevel")
        }
        return .bytePairs(merges: try merges(), options)
    }

    private func merges() throws(ModelError) -> [(left: [UInt8], right: [UInt8])] {
        var pairs: [(left: [UInt8], right: [UInt8])] = []
        for entry in settings["merges"]?.array ?? [] {
            if let text = entry.string, let pair = TokenizerFile.pair(text) {
                pairs.append(pair)
            } else if let both = entry.array, both.count == 2, let left = both[0].string,
                let right = both[1].string
            {
                pairs.append((Array(left.utf8), Array(right.utf8)))
            } else {
                throw ModelError(
                    "\(settings.subject) key merges", "has \(entry.text().prefix(80))",
                    "an entry is a pair of tokens")
            }
        }
        return pairs
    }
}

extension TokenizerFile {
    /// The two tokens of a merge, with a blank between them; a token has none in it, but may be one in another alphabet.
    static func pair(_ merge: String) -> (left: [UInt8], right: [UInt8])? {
        let octets = Array(merge.utf8)
        guard let blank = octets.dropFirst().firstIndex(of: 0x20), blank + 1 < octets.count else {
            return nil
        }
        return (Array(octets[..<blank]), Array(octets[(blank + 1)...]))
    }
}

/// Reads `post_processor`.
enum TemplateReader {
    static func read(_ file: ModelSettings) throws(ModelError) -> TextTemplate? {
        guard let part = try file.object("post_processor") else { return nil }
        var result: TextTemplate?
        var trimming = TextTemplate.Trimming.none
        let steps = try part.string("type") == "Sequence" ? part["processors"]?.array ?? [] : nil
        guard let steps else { return try read(step: part) }
        for (index, json) in steps.enumerated() {
            let step = try ModelSettings(json, subject: "\(part.subject) \(index)")
            guard let template = try read(step: step) else {
                trimming = try Self.trimming(step)
                continue
            }
            guard result == nil else { throw step.refusal(of: "type", "use a model with one of them") }
            result = template
        }
        if trimming != .none { result?.trimming = trimming }
        return result
    }

    private static func trimming(_ step: ModelSettings) throws(ModelError) -> TextTemplate.Trimming {
        guard try step.bool("trim_offsets") ?? true else { return .none }
        return try step.bool("add_prefix_space") ?? true ? .allButFirst : .all
    }

    /// nil for a step that puts nothing around a text.
    private static func read(step: ModelSettings) throws(ModelError) -> TextTemplate? {
        switch try step.string("type") {
        case "ByteLevel": return nil
        case "BertProcessing":
            return .bert(first: try mark(step, "cls"), last: try mark(step, "sep"))
        case "RobertaProcessing":
            return .roberta(
                first: try mark(step, "cls"), last: try mark(step, "sep"), trimming: try trimming(step))
        case "TemplateProcessing": return try template(step)
        default:
            throw step.refusal(
                of: "type",
                "use a model with BertProcessing, ByteLevel, RobertaProcessing or TemplateProcessing")
        }
    }

    private static func mark(_ step: ModelSettings, _ key: String) throws(ModelError) -> Int32 {
        guard let id = step[key]?[1]?.int, 0..<4_000_000 ~= id else {
            throw step.refusal(of: key, "give a token and its number")
        }
        return Int32(clamping: id)
    }

    private static func template(_ step: ModelSettings) throws(ModelError) -> TextTemplate {
        var result = TextTemplate()
        var isBehind = false
        for entry in try parts(step, "single") {
            switch entry.part {
            case .token(let id): if isBehind { result.suffix.append(id) } else { result.prefix.append(id) }
            case .text(let index):
                guard index == 0, !isBehind else {
                    throw step.refusal(of: "single", "use a model whose marks stand around one text")
                }
                isBehind = true
            }
            guard entry.type == 0 else {
                throw step.refusal(of: "single", "use a model whose texts are of token type 0")
            }
        }
        guard isBehind else {
            throw step.refusal(of: "single", "use a model whose marks stand around one text")
        }
        let pair = try parts(step, "pair")
        if pair.count(where: { $0.part == .text(0) }) == 1, pair.count(where: { $0.part == .text(1) }) == 1 {
            result.pair = TextTemplate.Pair(pair)
        }
        return result
    }

    private static func parts(
        _ step: ModelSettings, _ key: String
    ) throws(ModelError) -> [(part: TextTemplate.Pair.Part, type: Int32)] {
        var result: [(part: TextTemplate.Pair.Part, type: Int32)] = []
        let list = step[key]?.array ?? []
        guard list.count <= 64 else { throw step.refusal(of: key, "give at most 64 parts") }
        for item in list {
            let own = item["SpecialToken"] ?? item["Sequence"]
            let type = own?["type_id"]?.int ?? 0
            guard 0..<2 ~= type else { throw step.refusal(of: key, "use a model of token types 0 and 1") }
            if let sequence = item["Sequence"] {
                result.append((.text(sequence["id"]?.string == "B" ? 1 : 0), Int32(type)))
                continue
            }
            let name = item["SpecialToken"]?["id"]?.string ?? ""
            let ids = step["special_tokens"]?[name]?["ids"]?.array?.compactMap(\.int) ?? []
            guard (1...64).contains(ids.count), ids.allSatisfy({ 0..<4_000_000 ~= $0 }) else {
                throw step.refusal(of: key, "name tokens that special_tokens has numbers for")
            }
            for id in ids { result.append((.token(Int32(clamping: id)), Int32(type))) }
        }
        return result
    }
}
