// How long a chip takes, from the tables that AWS has published: two batch sizes of two models on Inf1 and Inf2 (seed
// tables of ELECTRA-large and BERT-large) give a start-up time and a time for each request of a batch. With it, a rate and a
// P90 become copies and their share of a chip.

import Neuron

/// A model whose latency on the hardware is published.
package enum ServingClock: String, CaseIterable, Sendable {
    /// BERT-large, 128 tokens.
    case bertLarge = "bert-large"
    /// ELECTRA-large discriminator, 256 tokens.
    case electraLarge = "electra-large"

    private var latency: PublishedLatency { self == .bertLarge ? .bertLarge : .electraLarge }

    /// Tokens of a request.
    package var sequenceLength: Int { latency.sequenceLength }

    /// Milliseconds of a batch of 1 and of 10; nil for families of which nothing is published.
    package func published(_ family: String) -> (one: Double, ten: Double)? { latency.milliseconds(family) }

    /// Milliseconds of a batch, on the line through both.
    package func milliseconds(batch: Int, _ family: String) -> Double? {
        published(family).map { $0.one + ($0.ten - $0.one) / 9 * Double(batch - 1) }
    }

    /// What a rate needs.
    package struct Need: Equatable, Sendable {
        /// Copies, each on a core of its own.
        package var copies: Int
        /// The largest batch that each forms, 1 to 10.
        package var batch: Int
        /// How busy each core is, from 0 to 1.
        package var utilization: Double
        /// The P90 that comes of it, in milliseconds.
        package var p90: Double
    }

    /// The fewest copies for a rate and a P90.
    ///
    /// A copy forms batches of up to 10; a request waits until its batch is full, then behind others as in a queue with equal
    /// service times (M/D/1), then for the batch itself.
    ///
    /// - Parameters:
    ///   - rate: requests a second.
    ///   - p90: milliseconds; nil for any.
    /// - Returns: nil where even one request alone takes longer, or nothing is published.
    package func need(rate: Double, p90 limit: Double?, family: String) -> Need? {
        guard let alone = milliseconds(batch: 1, family), rate > 0 else { return nil }
        if let limit, alone > limit { return nil }
        // Even batches of one at half load are within the limit, or nearly: more copies than this never help.
        let most = max(1, Int((rate * alone / 1_000 * 20).rounded(.up)))
        var copies = 1
        var step = 1
        // Doubled until enough, then halved back: with each copy more the latency falls.
        var enough: Need?
        while copies <= most * 2 {
            if let need = best(rate / Double(copies), limit, family, copies) {
                enough = need
                break
            }
            copies += step
            step *= 2
        }
        guard var found = enough else { return nil }
        var low = max(1, copies - step / 2)
        while low < found.copies {
            let middle = (low + found.copies) / 2
            if let need = best(rate / Double(middle), limit, family, middle) {
                found = need
            } else {
                low = middle + 1
            }
        }
        return found
    }

    /// The batch size that keeps a copy least busy within the limit.
    private func best(_ rate: Double, _ limit: Double?, _ family: String, _ copies: Int) -> Need? {
        var best: Need?
        for batch in 1...10 {
            guard let time = milliseconds(batch: batch, family) else { return nil }
            let busy = rate * time / 1_000 / Double(batch)
            guard busy < 0.95 else { continue }
            let filling = Double(batch - 1) / rate * 1_000 * 0.9
            let queue = busy > 0.1 ? time / (2 * (1 - busy)) * Self.logarithm(10 * busy) : 0
            let p90 = filling + queue + time
            if let limit, p90 > limit { continue }
            if busy < (best?.utilization ?? .infinity) {
                best = Need(copies: copies, batch: batch, utilization: busy, p90: p90)
            }
        }
        return best
    }

    /// The natural logarithm of a number from 1 to 10.
    private static func logarithm(_ number: Double) -> Double {
        // ln x = 2 (y + y^3/3 + y^5/5 + ...), y = (x - 1) / (x + 1)
        let y = (number - 1) / (number + 1)
        var power = y
        var sum = 0.0
        for term in 0..<60 {
            sum += power / Double(2 * term + 1)
            power *= y * y
        }
        return 2 * sum
    }
}
