// What a client may ask of the tokens to come, in the terms of OpenAI's interface and of vLLM.

/// How tokens are chosen, and when to stop.
package struct SamplingParameters: Hashable, Sendable {
    /// Tokens to write at most, at least 1.
    package var maximumTokens = 256
    /// Tokens that are written before a mark or one of the texts to stop at may end the text, 0 to `maximumTokens`.
    package var minimumTokens = 0
    /// What logits are divided by; 0 for the most likely token always.
    package var temperature = 1.0
    /// Only so many of the most likely tokens; 0 for all.
    package var topK = 0
    /// Only the most likely tokens that together have this probability; above 0, up to 1.
    package var topP = 1.0
    /// Only tokens of at least this part of the most likely one's probability; from 0 to 1.
    package var minP = 0.0
    /// What the logit of a token is divided by (multiplied, below zero) that is in the text already; above 0.
    package var repetitionPenalty = 1.0
    /// Taken off the logit of a token that has been written.
    package var presencePenalty = 0.0
    /// Taken off the logit of a token for each time that it has been written.
    package var frequencyPenalty = 0.0
    /// The same seed gives the same tokens; nil for others each time.
    package var seed: UInt64?
    /// Texts at which to stop; they are not given.
    package var stop: [String] = []
    /// Whether the marks that end a text are passed over.
    package var ignoresEnd = false
    /// How many of the most likely tokens are told with each token; nil to tell nothing, not even its own probability.
    package var logProbabilities: Int?

    /// As OpenAI's interface has them.
    package init() {}

    /// What is out of range; nil when all is well.
    package var problem: String? {
        func outside(_ name: String, _ value: some CustomStringConvertible, _ range: String) -> String {
            "\(name) is \(value), where \(range) is allowed"
        }
        if maximumTokens < 1 { return outside("max_tokens", maximumTokens, "1 or more") }
        if minimumTokens < 0 || minimumTokens > maximumTokens {
            return outside("min_tokens", minimumTokens, "0 to max_tokens (\(maximumTokens))")
        }
        if !(0...100).contains(temperature) { return outside("temperature", temperature, "0 to 100") }
        if topK < 0 { return outside("top_k", topK, "0 or more") }
        if !(topP > 0 && topP <= 1) { return outside("top_p", topP, "above 0 to 1") }
        if !(0...1).contains(minP) { return outside("min_p", minP, "0 to 1") }
        if !(repetitionPenalty > 0 && repetitionPenalty <= 100) {
            return outside("repetition_penalty", repetitionPenalty, "above 0 to 100")
        }
        for (name, value) in [
            ("presence_penalty", presencePenalty), ("frequency_penalty", frequencyPenalty),
        ] where !(-2...2).contains(value) { return outside(name, value, "-2 to 2") }
        if stop.count > 16 || stop.contains(where: { $0.isEmpty || $0.utf8.count > 1_024 }) {
            return "stop has \(stop.count) texts, where up to 16 of 1 to 1,024 octets are allowed"
        }
        if let count = logProbabilities, !(0...20).contains(count) {
            return outside("top_logprobs", count, "0 to 20")
        }
        return nil
    }
}
