// What stands around a text: the marks that begin and end it, and for two texts what stands between them. The post-processors
// of `tokenizer.json`.

/// Marks around texts.
package struct TextTemplate: Equatable, Sendable {
    /// Marks around two texts that belong together, and the token types of all parts.
    package struct Pair: Equatable, Sendable {
        /// What stands there.
        package enum Part: Equatable, Sendable {
            /// A mark.
            case token(Int32)
            /// The first text, or the second.
            case text(Int)
        }

        /// In order, with the token type of each.
        package var parts: [(part: Part, type: Int32)]

        /// All members.
        package init(_ parts: [(part: Part, type: Int32)]) { self.parts = parts }

        /// Whether all parts are equal.
        package static func == (one: Pair, other: Pair) -> Bool {
            one.parts.elementsEqual(other.parts) { $0 == $1 }
        }
    }

    /// Before a text.
    package var prefix: [Int32] = []
    /// Behind it.
    package var suffix: [Int32] = []
    /// Of two texts; nil where the file does not say.
    package var pair: Pair?

    /// Which blanks belong to no token's place; they count for the token all the same.
    package var trimming = Trimming.none

    /// Whether places leave out the blanks that byte-level tokens begin and end with.
    package enum Trimming: Equatable, Sendable {
        case none
        /// All blanks.
        case all
        /// All but that before the first word, which the tokenizer has put there itself.
        case allButFirst
    }

    /// No marks.
    package init(
        prefix: [Int32] = [], suffix: [Int32] = [], pair: Pair? = nil, trimming: Trimming = .none
    ) {
        self.prefix = prefix
        self.suffix = suffix
        self.pair = pair
        self.trimming = trimming
    }

    /// Marks that stand around two texts together.
    var pairMarkCount: Int {
        (pair?.parts ?? []).count { if case .token = $0.part { true } else { false } }
    }

    /// BERT's: a mark before, one between and behind, and the second text is of type 1.
    package static func bert(first: Int32, last: Int32) -> TextTemplate {
        TextTemplate(
            prefix: [first], suffix: [last],
            pair: Pair([
                (.token(first), 0), (.text(0), 0), (.token(last), 0), (.text(1), 1), (.token(last), 1),
            ]))
    }

    /// RoBERTa's: two marks between, and one type.
    package static func roberta(
        first: Int32, last: Int32, trimming: Trimming = .none
    ) -> TextTemplate {
        TextTemplate(
            prefix: [first], suffix: [last],
            pair: Pair([
                (.token(first), 0), (.text(0), 0), (.token(last), 0), (.token(last), 0), (.text(1), 0),
                (.token(last), 0),
            ]), trimming: trimming)
    }

    /// All marks, to see whether they are numbers of tokens.
    var marks: [Int32] {
        prefix + suffix
            + (pair?.parts ?? []).compactMap { if case .token(let id) = $0.part { id } else { nil } }
    }
}
