// A tokenizer as a language model uses it: with the marks that begin and end a text.

/// A tokenizer and its marks.
package struct LanguageTokenizer: Sendable {
    /// Texts as numbers and back.
    package var tokenizer: BytePairTokenizer
    /// What begins a text; nil for a model without such a mark.
    package var begin: Int32?
    /// What ends one: the model has finished when it writes one of them.
    package var ends: [Int32] = []
    /// What is put before each text.
    package var prefix: [Int32] = []
    /// What is put behind each text.
    package var suffix: [Int32] = []
    /// How a conversation is written, in Jinja; nil for a model that has none.
    package var chatTemplate: String?

    /// The tokens of a text, with the marks around it.
    package func encode(_ text: String, takesSpecial: Bool = true) -> [Int32] {
        prefix + tokenizer.encode(text, takesSpecial: takesSpecial) + suffix
    }
}
