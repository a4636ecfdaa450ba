// How fast a group is: the same batch again and again, the fastest and the middle time. On the fake device this
// measures the CPU; a table of it is what `ganglion-model-server --measure` prints.

import NeuronProgram
import Text

/// Times of one batch size.
package struct Measurement: Equatable, Sendable {
    /// Texts computed together.
    package let batch: Int
    /// Tokens of each.
    package let tokens: Int
    /// The fastest of the passes.
    package let fastest: Duration
    /// The middle one.
    package let median: Duration
    /// Floating-point operations of one pass: the matrix products, a multiplication and an addition counting as two.
    package let operations: Double

    /// Tokens in a second, at the fastest: what the CPU can do when nobody else wants it.
    package var tokensPerSecond: Double { Double(batch * tokens) / fastest.inSeconds }
    /// Thousand millions of operations in a second at the fastest.
    package var gigaflops: Double { operations / fastest.inSeconds / 1e9 }
    /// Fastest and median in milliseconds.
    package var milliseconds: (fastest: Double, median: Double) {
        (fastest.inSeconds * 1e3, median.inSeconds * 1e3)
    }
}

extension NeuronCoreGroup {
    /// Computes `batch` texts of `tokens` tokens for a few seconds at most.
    ///
    /// - Parameters:
    ///   - tokens: at least 2; what the model cannot take is left out.
    ///   - passes: how often, after one that does not count; at least 1.
    /// - Returns: nil when no model of that name is loaded.
    package func measure(model name: String, batch: Int, tokens: Int, passes: Int = 25) async -> Measurement?
    {
        guard let configuration = configuration(of: name) else { return nil }
        let tokens = min(max(tokens, 2), configuration.maximumTokens)
        let ids = (0..<tokens).map { Int32($0 * 7 % configuration.vocabularySize) }
        let texts = [TokenizedText](repeating: TokenizedText(ids: ids), count: max(batch, 1))
        var times: [Duration] = []
        for pass in 0...max(passes, 1) {
            let before = statistics.busy
            _ = await embed(texts, model: name)
            if pass > 0 { times.append(statistics.busy - before) }
        }
        times.sort()
        return Measurement(
            batch: texts.count, tokens: tokens, fastest: times[0], median: times[times.count / 2],
            operations: Double(texts.count) * configuration.operations(tokens: tokens))
    }
}
