// A tokenizer as a language model uses it: with the marks that begin and end a text.

package import JSON
package import ModelErrors

/// A tokenizer and its marks.
package struct LanguageTokenizer: Sendable {
    /// Texts as numbers and back.
    package var tokenizer: Tokenizer
    /// What begins a text; nil for a model without such a mark.
    package var begin: Int32?
    /// What ends one: the model has finished when it writes one of them.
    package var ends: [Int32] = []
    /// What is put before each text.
    package var prefix: [Int32] = []
    /// What is put behind each text.
    package var suffix: [Int32] = []
    /// Tokens by their names in a template, such as `eos_token`; nil where there are no other names than those of `begin` and
    /// the first of `ends`.
    package var names: [String: String]?
    /// How a conversation is written, in Jinja; nil for a model that has none.
    package var chatTemplate: String?

    /// A tokenizer without marks.
    package init(tokenizer: Tokenizer) { self.tokenizer = tokenizer }

    /// The tokens of a text, with the marks around it.
    package func encode(_ text: String, takesSpecial: Bool = true) -> [Int32] {
        prefix + tokenizer.encode(text, takesSpecial: takesSpecial) + suffix
    }
}

extension LanguageTokenizer {
    /// Reads a `tokenizer.json`, the format of the library tokenizers.
    ///
    /// - Parameters:
    ///   - octets: what stands in the file.
    ///   - subject: the file, for errors.
    /// - Throws: `ModelError` that names the key and the value.
    package init(_ octets: [UInt8], subject: String) throws(ModelError) {
        tokenizer = try TokenizerFile(octets, subject: subject).tokenizer()
        prefix = tokenizer.template.prefix
        suffix = tokenizer.template.suffix
    }

    /// Reads a `tokenizer.json` that has been parsed. Tokens that differ in code points only, such as a letter with its accent in
    /// one and in two, are one there: where the octets are at hand, they are better.
    ///
    /// - Throws: `ModelError` that names the key and the value.
    package init(_ json: JSON, subject: String) throws(ModelError) {
        try self.init(json.serialized(), subject: subject)
    }
}
