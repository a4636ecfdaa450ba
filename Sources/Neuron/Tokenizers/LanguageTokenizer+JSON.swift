// The tokenizer of a `tokenizer.json`, the format of the library tokenizers. What it says is obeyed, or refused by name.

package import JSON
package import ModelErrors

extension LanguageTokenizer {
    /// Reads the tokenizer.
    ///
    /// - Parameters:
    ///   - json: what stands in the file.
    ///   - subject: the file, for errors.
    /// - Throws: `ModelError` that names the key and the value.
    package init(_ json: JSON, subject: String) throws(ModelError) {
        let file = TokenizerJSON(json: json, subject: subject)
        for key in ["normalizer", "truncation", "padding"] {
            if let value = json[key], value != .null {
                throw file.error(key, "is \(file.shown(value))", "only null is known for byte-level pairs")
            }
        }
        let cut = try file.splitter()
        tokenizer = try file.tokenizer(cut)
        (prefix, suffix) = try file.marks(below: tokenizer.vocabularyCount)
    }
}

/// The parts of the file.
private struct TokenizerJSON {
    let json: JSON
    let subject: String

    func error(_ key: String, _ problem: String, _ mend: String) -> ModelError {
        ModelError("\(subject): \(key)", problem, mend)
    }

    /// The type of a part, or the beginning of what stands there.
    func shown(_ value: JSON) -> String { value.type?.string ?? String(value.text().prefix(80)) }

    private func steps(_ part: JSON, _ list: String) -> [JSON] {
        part.type?.string == "Sequence" ? part[list]?.array ?? [] : [part]
    }

    func splitter() throws(ModelError) -> WordSplitter {
        let key = "pre_tokenizer"
        guard let part = json[key], part != .null else {
            throw error(key, "is missing", "only byte-level pairs are known")
        }
        var result: WordSplitter?
        var steps = steps(part, "pretokenizers")[...]
        guard let bytes = steps.popLast(), bytes.type?.string == "ByteLevel" else {
            throw error(key, "is \(shown(part))", "its last step must be ByteLevel")
        }
        guard bytes.add_prefix_space?.bool != true else {
            throw error(key, "has add_prefix_space", "only false is known")
        }
        let cuts = bytes.use_regex?.bool ?? true
        for step in steps {
            switch step.type?.string {
            case "Digits" where step.individual_digits?.bool == true && cuts && result == nil:
                result = .digitsAndGPT2
            case "Split" where !cuts && result == nil:
                let pattern = step.pattern?.Regex?.string ?? ""
                guard let known = WordSplitter.named(byPattern: pattern), step.behavior?.string == "Isolated",
                    step.invert?.bool != true
                else { throw error(key, "splits by \(step.text())", "this expression is not known") }
                result = known
            default:
                throw error(key, "has \(shown(step)) among \(steps.map(shown))", "this order is not known")
            }
        }
        guard result != nil || cuts else {
            throw error(key, "does not cut words", "only known expressions can be obeyed")
        }
        return result ?? .gpt2
    }

    func tokenizer(_ splitter: WordSplitter) throws(ModelError) -> BytePairTokenizer {
        guard let model = json.model, model.type?.string ?? "BPE" == "BPE" else {
            throw error("model.type", "is \(json.model.map(shown) ?? "missing")", "only BPE is known")
        }
        for key in ["dropout", "continuing_subword_prefix", "end_of_word_suffix", "byte_fallback"] {
            guard let value = model[key] else { continue }
            guard value == .null || value == .bool(false) || value == .string("") || value.double == 0 else {
                throw error("model.\(key)", "is \(shown(value))", "it is not known for byte-level pairs")
            }
        }
        let added = try addedTokens()
        return try BytePairTokenizer(
            vocabulary: try vocabulary(model, added), merges: try merges(model), added: added,
            splitter: splitter, takesWholeWords: model.ignore_merges?.bool ?? false, subject: subject)
    }

    /// Numbers above this are refused: memory is taken for each number below the highest.
    private static let mostTokens = 1 << 22

    private func vocabulary(_ model: JSON, _ added: [AddedToken]) throws(ModelError) -> [String?] {
        guard let entries = model.vocab?.object, !entries.isEmpty else {
            throw error("model.vocab", "is missing or empty", "take the file that the model came with")
        }
        var vocabulary = [String?](repeating: nil, count: entries.count)
        for (token, value) in entries {
            guard let id = value.int, 0..<Self.mostTokens ~= id else {
                throw error(
                    "model.vocab", "has the number \(value.text()) for \(token)",
                    "numbers are 0 to \(Self.mostTokens - 1)")
            }
            while id >= vocabulary.count { vocabulary.append(nil) }
            if let other = vocabulary[id] {
                throw error(
                    "model.vocab", "has the number \(id) for \(other) and for \(token)",
                    "each token has its own")
            }
            vocabulary[id] = token
        }
        return vocabulary
    }

    private func merges(_ model: JSON) throws(ModelError) -> [(left: String, right: String)] {
        var pairs: [(left: String, right: String)] = []
        for entry in model.merges?.array ?? [] {
            if let text = entry.string, let pair = LanguageTokenizer.pair(text) {
                pairs.append(pair)
            } else if let both = entry.array, both.count == 2, let left = both[0].string,
                let right = both[1].string
            {
                pairs.append((left, right))
            } else {
                throw error("model.merges", "has \(entry.text().prefix(80))", "an entry is a pair of tokens")
            }
        }
        return pairs
    }

    private func addedTokens() throws(ModelError) -> [AddedToken] {
        var tokens: [AddedToken] = []
        for entry in json.added_tokens?.array ?? [] {
            guard let id = entry.id?.int, 0..<Self.mostTokens ~= id, let text = entry.content?.string,
                !text.isEmpty
            else {
                throw error("added_tokens", "has \(entry.text().prefix(80))", "an entry has id and content")
            }
            tokens.append(
                AddedToken(
                    id: Int32(clamping: id), text: text, isSpecial: entry.special?.bool ?? false,
                    takesSpacesBefore: entry.lstrip?.bool ?? false,
                    takesSpacesAfter: entry.rstrip?.bool ?? false,
                    isSingleWord: entry.single_word?.bool ?? false))
        }
        return tokens
    }

    /// What stands before and behind a text.
    ///
    /// - Parameter count: what numbers of tokens are below.
    func marks(below count: Int) throws(ModelError) -> (before: [Int32], behind: [Int32]) {
        let key = "post_processor"
        guard let part = json[key], part != .null else { return ([], []) }
        var marks: (before: [Int32], behind: [Int32]) = ([], [])
        for step in steps(part, "processors") {
            switch step.type?.string {
            case "ByteLevel": continue
            case "TemplateProcessing":
                var isBehind = false
                for item in step.single?.array ?? [] {
                    if item.Sequence != nil {
                        isBehind = true
                        continue
                    }
                    let name = item.SpecialToken?.id?.string ?? ""
                    let ids = step.special_tokens?[name]?.ids?.array?.compactMap(\.int) ?? []
                    guard !ids.isEmpty, ids.allSatisfy({ 0..<count ~= $0 }) else {
                        throw error(
                            key, "has \(item.text().prefix(80))",
                            "its token must be among special_tokens, with a number below \(count)")
                    }
                    let numbers = ids.map { Int32(clamping: $0) }
                    if isBehind { marks.behind += numbers } else { marks.before += numbers }
                }
            default: throw error(key, "has \(shown(step))", "known are ByteLevel and TemplateProcessing")
            }
        }
        return marks
    }
}
