// What AWS has published about times on the hardware: two batch sizes of two models on Inf1 and Inf2 (seed tables of
// ELECTRA-large and BERT-large). Planning computes capacity with it, the fake device its clock.

/// A model whose latency on the hardware is published.
package enum PublishedLatency: String, CaseIterable, Sendable {
    /// BERT-large, 128 tokens.
    case bertLarge = "bert-large"
    /// ELECTRA-large discriminator, 256 tokens.
    case electraLarge = "electra-large"

    /// Tokens of a request.
    package var sequenceLength: Int { self == .bertLarge ? 128 : 256 }

    /// Milliseconds of a batch of 1 and of 10 on one core; nil for families of which nothing is published.
    package func milliseconds(_ family: String) -> (one: Double, ten: Double)? {
        switch (self, family) {
        case (.bertLarge, "inf1"): (28.2, 121.1)
        case (.bertLarge, "inf2"): (3.1, 23.6)
        case (.electraLarge, "inf1"): (35.7, 343.7)
        case (.electraLarge, "inf2"): (8.31, 72.9)
        default: nil
        }
    }
}
