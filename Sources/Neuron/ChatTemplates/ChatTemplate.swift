// How a model wants a conversation written: a template in the language Jinja, which comes with the model. It is a program
// that somebody else wrote, so what it may cost is bounded, and it reaches nothing but what it is given.

/// A chat template.
package struct ChatTemplate: Sendable {
    /// A template longer than this is refused.
    package static let longest = 1 << 20

    private let nodes: [TemplateNode]

    /// Reads a template.
    ///
    /// - Throws: `ChatTemplateError` with the line.
    package init(_ template: String) throws(ChatTemplateError) {
        guard template.utf8.count <= Self.longest else {
            throw ChatTemplateError(1, "it is longer than \(Self.longest) octets")
        }
        nodes = try TemplateParser.nodes(of: template)
    }

    /// The conversation as the model wants it.
    ///
    /// - Parameters:
    ///   - variables: what the template can ask for: `messages`, `add_generation_prompt`, `bos_token` and others.
    ///   - clock: what `strftime_now` makes of a format.
    /// - Throws: `ChatTemplateError` with the line, also where the template itself refuses the conversation.
    package func text(
        _ variables: [String: TemplateValue], clock: @escaping @Sendable (String) -> String = { _ in "" }
    ) throws(ChatTemplateError) -> String {
        try TemplateEvaluator.text(of: nodes, variables, clock: clock)
    }
}
