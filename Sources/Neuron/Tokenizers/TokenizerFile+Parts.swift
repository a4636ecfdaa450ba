// The parts of a tokenizer.json. A table says of each what is known; a type that is not in it, or a switch that is not obeyed,
// is refused by name.

import JSON
import ModelErrors

/// Reads a list of steps.
private func steps(
    _ file: ModelSettings, _ key: String, list: String
) throws(ModelError) -> [ModelSettings] {
    guard let part = try file.object(key) else { return [] }
    return try flattened(part, list: list, depth: 0)
}

private func flattened(
    _ part: ModelSettings, list: String, depth: Int
) throws(ModelError) -> [ModelSettings] {
    guard try part.string("type") == "Sequence" else { return [part] }
    guard let entries = part[list]?.array, entries.count <= 64, depth < 4 else {
        throw part.refusal(of: list, "give a list of at most 64 steps")
    }
    var result: [ModelSettings] = []
    for (index, entry) in entries.enumerated() {
        let step = try ModelSettings(entry, subject: "\(part.subject) \(index)")
        result += try flattened(step, list: list, depth: depth + 1)
    }
    guard result.count <= 64 else { throw part.refusal(of: list, "give a list of at most 64 steps") }
    return result
}

extension ModelSettings {
    /// A text of one character.
    fileprivate func character(_ key: String) throws(ModelError) -> Unicode.Scalar? {
        guard let text = try string(key) else { return nil }
        let scalars = Array(text.unicodeScalars)
        guard scalars.count == 1 else { throw refusal(of: key, "give one character") }
        return scalars[0]
    }

    /// What is looked for: a text, or a regular expression that is known.
    fileprivate func pattern() throws(ModelError) -> TextPattern {
        if let text = self["pattern"]?["String"]?.string, !text.isEmpty {
            return .text(Array(text.unicodeScalars))
        }
        guard let expression = self["pattern"]?["Regex"]?.string,
            let known = TextPattern.expressions[expression]
        else {
            let known = TextPattern.expressions.keys.sorted().joined(separator: ", ")
            throw refusal(of: "pattern", "use a model with a text there, or one of \(known)")
        }
        return known
    }
}

/// Reads `normalizer`.
enum NormalizerReader {
    static func read(_ file: ModelSettings) throws(ModelError) -> [TextNormalization] {
        var result: [TextNormalization] = []
        // Each step may make a text longer; sixty-four that double it would fill any memory.
        var growth = 1
        for step in try steps(file, "normalizer", list: "normalizers") {
            guard let known = try Self.step(step) else { continue }
            growth *= known.growth
            guard growth <= mostGrowth else {
                throw step.refusal(
                    of: "type", "use a model whose steps make a text at most \(mostGrowth) times as long")
            }
            result.append(known)
        }
        return result
    }

    /// How many times as long normalizers may make a text.
    private static let mostGrowth = 4_096

    private static func step(_ step: ModelSettings) throws(ModelError) -> TextNormalization? {
        switch try step.string("type") {
        case "BertNormalizer":
            return .bert(
                BERTNormalization(
                    cleans: try step.bool("clean_text") ?? true,
                    lowercase: try step.bool("lowercase") ?? true,
                    stripAccents: try step.bool("strip_accents"),
                    spacesIdeographs: try step.bool("handle_chinese_chars") ?? true))
        case "NFC": return .form(isCompatible: false, isComposed: true)
        case "NFD": return .form(isCompatible: false, isComposed: false)
        case "NFKC": return .form(isCompatible: true, isComposed: true)
        case "NFKD": return .form(isCompatible: true, isComposed: false)
        case "Nmt": return .neuralTranslation
        case "Lowercase": return .lowercase
        case "StripAccents": return .stripAccents
        case "Strip":
            return .strip(
                left: try step.bool("strip_left") ?? false, right: try step.bool("strip_right") ?? false)
        case "Prepend": return .prepend(Array((try step.string("prepend") ?? "").unicodeScalars))
        case "Replace":
            return .replace(
                try step.pattern(), with: Array((try step.string("content") ?? "").unicodeScalars))
        case "Precompiled":
            // A map of nothing: SentencePiece's rule "identity".
            guard let text = try step.string("precompiled_charsmap"), !text.isEmpty else { return nil }
            guard let octets = base64(text), let map = CharacterMap(octets) else {
                throw ModelError(
                    "\(step.subject) key precompiled_charsmap", "is no map of characters in base 64",
                    "download the file again")
            }
            return .characterMap(map)
        default:
            throw step.refusal(
                of: "type",
                "use a model with BertNormalizer, NFC, NFD, NFKC, NFKD, Nmt, Lowercase, StripAccents, Strip, Prepend, Replace, Precompiled or a Sequence of them"
            )
        }
    }

    private static func base64(_ text: String) -> [UInt8]? {
        var result: [UInt8] = []
        result.reserveCapacity(text.utf8.count / 4 * 3)
        var (bits, count): (UInt32, UInt32) = (0, 0)
        for octet in text.utf8 {
            let digit: UInt8
            switch octet {
            case 0x41...0x5a: digit = octet - 0x41
            case 0x61...0x7a: digit = octet - 0x61 + 26
            case 0x30...0x39: digit = octet - 0x30 + 52
            case 0x2b: digit = 62
            case 0x2f: digit = 63
            case 0x3d, 0x0a, 0x0d: continue
            default: return nil
            }
            bits = bits << 6 | UInt32(digit)
            count += 6
            if count >= 8 {
                count -= 8
                result.append(UInt8(truncatingIfNeeded: bits >> count))
            }
        }
        return result
    }
}

/// Reads `pre_tokenizer`.
enum SplitterReader {
    static func read(_ file: ModelSettings) throws(ModelError) -> ([TextSplitter], isByteLevel: Bool) {
        var result: [TextSplitter] = []
        let all = try steps(file, "pre_tokenizer", list: "pretokenizers")
        for (index, step) in all.enumerated() {
            let isLast = index == all.count - 1
            let known = try Self.step(step)
            if case .byteLevel = known[0], !isLast {
                throw step.refusal(of: "type", "use a model where ByteLevel is the last step")
            }
            result += known
        }
        guard case .byteLevel? = result.last else { return (result, false) }
        return (result, true)
    }

    /// At least one.
    private static func step(_ step: ModelSettings) throws(ModelError) -> [TextSplitter] {
        switch try step.string("type") {
        case "BertPreTokenizer": return [.spaces, .punctuation(.isolated)]
        case "WhitespaceSplit": return [.spaces]
        case "Whitespace": return [.wordsAndSymbols]
        case "Punctuation": return [.punctuation(try behavior(step) ?? .isolated)]
        case "Digits": return [.digits(isEachApart: try step.bool("individual_digits") ?? false)]
        case "CharDelimiterSplit":
            guard let character = try step.character("delimiter") else {
                throw step.refusal(of: "delimiter", "give one character")
            }
            return [.character(character)]
        case "ByteLevel":
            return [
                .byteLevel(
                    prepends: try step.bool("add_prefix_space") ?? true,
                    try step.bool("use_regex") ?? true ? .gpt2 : nil)
            ]
        case "Metaspace": return [try metaspace(step)]
        case "Split": return [try split(step)]
        default:
            throw step.refusal(
                of: "type",
                "use a model with BertPreTokenizer, ByteLevel, CharDelimiterSplit, Digits, Metaspace, Punctuation, Split, Whitespace, WhitespaceSplit or a Sequence of them"
            )
        }
    }

    private static func behavior(_ step: ModelSettings) throws(ModelError) -> SplitBehavior? {
        guard let name = try step.string("behavior") else { return nil }
        guard let known = SplitBehavior(rawValue: name) else {
            let names = SplitBehavior.allCases.map(\.rawValue).joined(separator: ", ")
            throw step.refusal(of: "behavior", "use a model with one of \(names)")
        }
        return known
    }

    private static func metaspace(_ step: ModelSettings) throws(ModelError) -> TextSplitter {
        var prepending = TextSplitter.Prepending.always
        if let name = try step.string("prepend_scheme") {
            guard let known = TextSplitter.Prepending(rawValue: name) else {
                throw step.refusal(of: "prepend_scheme", "use a model with always, first or never")
            }
            prepending = known
        }
        if try step.bool("add_prefix_space") == false {
            guard try step.string("prepend_scheme") == "never" else {
                throw step.refusal(of: "add_prefix_space", "say the prepend_scheme never as well")
            }
        }
        return .metaspace(
            try step.character("replacement") ?? "\u{2581}", prepending,
            splits: try step.bool("split") ?? true)
    }

    private static func split(_ step: ModelSettings) throws(ModelError) -> TextSplitter {
        let isInverted = try step.bool("invert") ?? false
        let behavior = try behavior(step) ?? .isolated
        if let expression = step["pattern"]?["Regex"]?.string,
            let splitter = WordSplitter.named(byPattern: expression)
        {
            // All of a text is a match of these, so what is between matches is nothing.
            let keepsAll = isInverted ? behavior == .removed : behavior != .removed
            guard keepsAll, behavior == .isolated || behavior == .removed else {
                throw step.refusal(of: "behavior", "use a model with Isolated for this expression")
            }
            return .words(splitter)
        }
        return .pattern(try step.pattern(), behavior, isInverted: isInverted)
    }
}

/// Reads `decoder`.
enum DecoderReader {
    static func read(_ file: ModelSettings) throws(ModelError) -> [TokenDecoder] {
        var result: [TokenDecoder] = []
        for step in try steps(file, "decoder", list: "decoders") { result.append(try Self.step(step)) }
        return result
    }

    private static func step(_ step: ModelSettings) throws(ModelError) -> TokenDecoder {
        switch try step.string("type") {
        case "ByteLevel": return .byteLevel
        case "Metaspace":
            let addsBlank = try step.bool("add_prefix_space") ?? true
            let isNever = try step.string("prepend_scheme") == "never" || !addsBlank
            return .metaspace(try step.character("replacement") ?? "\u{2581}", dropsFirst: !isNever)
        case "ByteFallback": return .octets
        case "Fuse": return .fuse
        case "Strip":
            return .strip(
                try step.character("content") ?? " ", start: try step.int("start", 0...1 << 20) ?? 0,
                stop: try step.int("stop", 0...1 << 20) ?? 0)
        case "Replace":
            return .replace(
                try step.pattern(), with: Array((try step.string("content") ?? "").unicodeScalars))
        case "WordPiece":
            return .wordPiece(
                mark: Array((try step.string("prefix") ?? "##").unicodeScalars),
                cleans: try step.bool("cleanup") ?? true)
        case "BPEDecoder":
            let mark = Array((try step.string("suffix") ?? "</w>").unicodeScalars)
            guard !mark.isEmpty else { throw step.refusal(of: "suffix", "give a text") }
            return .wordEnd(mark: mark)
        default:
            throw step.refusal(
                of: "type",
                "use a model with BPEDecoder, ByteFallback, ByteLevel, Fuse, Metaspace, Replace, Strip, WordPiece or a Sequence of them"
            )
        }
    }
}
