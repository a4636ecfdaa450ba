// A question and a text that may have the answer, as transformers' question-answering pipeline has them (its version 4.57, the
// last with that pipeline): a long text in windows that overlap, each behind the question; then the most likely span of tokens,
// widened to whole words.

import Glibc
import ModelErrors
import Tokenizers

/// How an answer is looked for; the names are the pipeline's.
package struct AnswerOptions: Equatable, Sendable {
    /// How many answers are given at most (`top_k`).
    package var count = 1
    /// Tokens that two windows share (`doc_stride`); nil for 128, or half a window.
    package var overlap: Int?
    /// Tokens of a window, question and marks included (`max_seq_len`); nil for 384, or what the model takes.
    package var window: Int?
    /// Tokens of an answer (`max_answer_len`).
    package var longestAnswer = 15
    /// Whether no answer is one (`handle_impossible_answer`).
    package var allowsNone = false
    /// Whether answers are whole words (`align_to_words`).
    package var takesWholeWords = true

    /// The pipeline's defaults.
    package init() {}
}

/// An answer.
package struct Answer: Equatable, Sendable {
    /// Its probability.
    package var score: Double
    /// Where it stands in the text, in characters (Unicode scalars).
    package var place: Range<Int>
    /// The text there.
    package var text: String

    /// All members.
    package init(score: Double, place: Range<Int>, text: String) {
        self.score = score
        self.place = place
        self.text = text
    }
}

/// A question with a text, cut into windows.
package struct Question: Sendable {
    /// What is computed, in order.
    package let windows: [TokenizedText]

    private let context: [UInt8]
    private let tokens: [PlacedToken]
    /// Of each window: the tokens of the text in it, and where in the window they are.
    private let parts: [(tokens: Range<Int>, start: Int)]
    /// The id that stands for no answer, before everything.
    private let first: Int32?
    private let options: AnswerOptions

    /// Cuts.
    ///
    /// - Parameter limit: tokens that the model takes.
    /// - Throws: `ModelError` when the question leaves no room for a text.
    init(
        _ question: String, _ context: String, _ tokenizer: Tokenizer, limit: Int, hasTypes: Bool,
        options: AnswerOptions
    ) throws(ModelError) {
        self.options = options
        self.context = Array(context.utf8)
        tokens = tokenizer.places(in: context)
        let asked = tokenizer.encode(question)
        let ids = tokens.map(\.id)
        let longest = min(options.window ?? 384, limit)
        let room = longest - tokenizer.pairMarkCount
        var ranges = [0..<ids.count]
        if asked.count + ids.count > room {
            let most = room - asked.count
            let overlap = options.overlap ?? min(longest / 2, 128)
            guard most > overlap else {
                throw ModelError(
                    "the question",
                    "has \(asked.count) tokens, where a window has \(longest) and \(overlap) of the next",
                    "ask a shorter one")
            }
            ranges = []
            for start in stride(from: 0, to: ids.count, by: most - overlap) {
                ranges.append(start..<min(start + most, ids.count))
                if start + most >= ids.count { break }
            }
        }
        var windows: [TokenizedText] = []
        var parts: [(Range<Int>, Int)] = []
        for range in ranges {
            let pair = tokenizer.pair(asked[...], ids[range])
            windows.append(TokenizedText(ids: pair.ids, types: hasTypes ? pair.types : []))
            parts.append((range, pair.texts[1].lowerBound))
        }
        self.windows = windows
        self.parts = parts
        first = tokenizer.template.prefix.first
    }

    /// The answers, the most likely first.
    ///
    /// - Parameter logits: of each window, beginnings and ends.
    package func answers(_ logits: [[Float]]) -> [Answer] {
        var found: [Answer] = []
        var none = 1_000_000.0
        for (number, logits) in logits.enumerated() where number < windows.count {
            let (own, start) = parts[number]
            let ids = windows[number].ids
            let isOpen = ids.indices.map { start..<start + own.count ~= $0 || ids[$0] == first }
            let starts = Self.probabilities(logits[..<ids.count], isOpen)
            let ends = Self.probabilities(logits[ids.count...], isOpen)
            none = min(none, starts[0] * ends[0])
            for span in spans(starts, ends, start..<start + own.count) {
                let answer = answer(span.score, own, span.first - start, span.last - start)
                let place = found.firstIndex { $0.text.lowercased() == answer.text.lowercased() }
                if let place { found[place].score += answer.score } else { found.append(answer) }
            }
        }
        if options.allowsNone { found.append(Answer(score: none, place: 0..<0, text: "")) }
        let order = found.indices.sorted { (-found[$0].score, $0) < (-found[$1].score, $1) }
        return order.prefix(options.count).map { found[$0] }
    }

    private static func probabilities(_ logits: ArraySlice<Float>, _ isOpen: [Bool]) -> [Double] {
        let masked = zip(logits, isOpen).map { $1 ? Double($0) : -10_000 }
        let largest = masked.max() ?? 0
        let powers = masked.map { Glibc.exp($0 - largest) }
        let sum = powers.reduce(0, +)
        return powers.map { $0 / sum }
    }

    private func spans(
        _ starts: [Double], _ ends: [Double], _ text: Range<Int>
    ) -> [(score: Double, first: Int, last: Int)] {
        var spans: [(score: Double, first: Int, last: Int)] = []
        for first in text where first > 0 {
            for last in first..<min(first + options.longestAnswer, text.upperBound) {
                spans.append((starts[first] * ends[last], first, last))
            }
        }
        // Some become one when they are widened to words.
        let most = options.takesWholeWords ? options.count * 2 + 10 : options.count
        spans.sort { ($1.score, $0.first, $0.last) < ($0.score, $1.first, $1.last) }
        return Array(spans.prefix(most))
    }

    /// - Parameter own: the window's tokens of the text; `first` and `last` are counted from its first.
    private func answer(_ score: Double, _ own: Range<Int>, _ first: Int, _ last: Int) -> Answer {
        let shown = tokens[own]
        var (first, last) = (own.lowerBound + first, own.lowerBound + last)
        if options.takesWholeWords {
            let words = (tokens[first].word, tokens[last].word)
            first = shown.firstIndex { $0.word == words.0 } ?? first
            last = shown.lastIndex { $0.word == words.1 } ?? last
        }
        let start = tokens[first].place.lowerBound
        let end = max(start, tokens[last].place.upperBound)
        func characters(_ end: Int) -> Int { context[..<end].count { $0 & 0xc0 != 0x80 } }
        return Answer(
            score: score, place: characters(start)..<characters(end),
            text: String(decoding: context[start..<end], as: UTF8.self))
    }
}
