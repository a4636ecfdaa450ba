// Chooses a token by its logits. The order is vLLM's: penalties, temperature, then the cuts by rank, by sum and by the
// most likely one.

import Glibc
internal import SystemIO

/// A token and how likely it was.
package struct TokenLikelihood: Equatable, Sendable {
    /// The token.
    package let id: Int32
    /// The natural logarithm of its probability, before penalties, temperature and cuts.
    package let logarithm: Float

    /// Both.
    package init(id: Int32, logarithm: Float) {
        self.id = id
        self.logarithm = logarithm
    }
}

/// Chooses the tokens of one sequence.
struct Sampler: Sendable {
    let parameters: SamplingParameters
    private var random: SplitMix
    /// How often each token has been written.
    private var written: [Int32: Int] = [:]
    /// Tokens of the prompt.
    private let prompt: Set<Int32>
    /// Marks that end a text, which are not chosen before the least number of tokens is written.
    private let ends: Set<Int32>
    /// Tokens that have been chosen.
    private var count = 0

    init(_ parameters: SamplingParameters, prompt: [Int32], ends: Set<Int32> = []) {
        self.parameters = parameters
        self.ends = ends
        random = SplitMix(seed: parameters.seed ?? UInt64.random(in: 0...UInt64.max))
        self.prompt = parameters.repetitionPenalty == 1 ? [] : Set(prompt)
    }

    /// Chooses one.
    ///
    /// - Parameter logits: one for each token of the vocabulary, at least one; changed by penalties.
    /// - Returns: nil where a logit is no number.
    mutating func choose(_ logits: UnsafeMutableBufferPointer<Float>) -> Int32? {
        penalise(logits)
        if count < parameters.minimumTokens {
            // Not infinite: a logit that is no number is an error of the model's.
            for id in ends where logits.indices.contains(Int(id)) && logits[Int(id)].isFinite {
                logits[Int(id)] = -.greatestFiniteMagnitude
            }
        }
        var best = 0
        var sum: Float = 0
        for place in logits.indices {
            sum += logits[place] * 0
            if logits[place] > logits[best] { best = place }
        }
        guard sum == 0 else { return nil }
        let id =
            parameters.temperature == 0 ? Int32(best) : draw(logits, best: logits[best])
        written[id, default: 0] += 1
        count += 1
        return id
    }

    private func penalise(_ logits: UnsafeMutableBufferPointer<Float>) {
        let repetition = Float(parameters.repetitionPenalty)
        if repetition != 1 {
            for id in prompt.union(written.keys) where logits.indices.contains(Int(id)) {
                let logit = logits[Int(id)]
                logits[Int(id)] = logit > 0 ? logit / repetition : logit * repetition
            }
        }
        guard parameters.presencePenalty != 0 || parameters.frequencyPenalty != 0 else { return }
        for (id, count) in written where logits.indices.contains(Int(id)) {
            logits[Int(id)] -=
                Float(parameters.presencePenalty) + Float(parameters.frequencyPenalty) * Float(count)
        }
    }

    private mutating func draw(_ logits: UnsafeMutableBufferPointer<Float>, best: Float) -> Int32 {
        let scale = 1 / Float(parameters.temperature)
        // Weights, not yet probabilities; what is far below the best one counts for nothing.
        var candidates: [(id: Int32, weight: Float)] = []
        for place in logits.indices {
            let weight = exp((logits[place] - best) * scale)
            if weight > 0, weight >= Float(parameters.minP) { candidates.append((Int32(place), weight)) }
        }
        if parameters.topK > 0 || parameters.topP < 1 {
            candidates.sort { ($0.weight, $1.id) > ($1.weight, $0.id) }
            if parameters.topK > 0, candidates.count > parameters.topK {
                candidates.removeSubrange(parameters.topK...)
            }
            if parameters.topP < 1 { cut(&candidates, at: parameters.topP) }
        }
        let sum = candidates.reduce(0.0) { $0 + Double($1.weight) }
        var rest = random.unit() * sum
        for candidate in candidates {
            rest -= Double(candidate.weight)
            if rest < 0 { return candidate.id }
        }
        return candidates[candidates.count - 1].id
    }

    /// Keeps the first that together have a part of the weight.
    private func cut(_ candidates: inout [(id: Int32, weight: Float)], at part: Double) {
        let limit = candidates.reduce(0.0) { $0 + Double($1.weight) } * part
        var sum = 0.0
        for (place, candidate) in candidates.enumerated() {
            sum += Double(candidate.weight)
            if sum >= limit {
                candidates.removeSubrange((place + 1)...)
                return
            }
        }
    }

    /// The logarithms of the probabilities of a token and of the most likely ones.
    ///
    /// - Parameter count: how many of the most likely ones.
    static func probabilities(
        of id: Int32, most count: Int, _ logits: UnsafeBufferPointer<Float>
    ) -> (own: TokenLikelihood, most: [TokenLikelihood]) {
        let top = logits.max() ?? 0
        let sum = logits.reduce(0.0) { $0 + exp(Double($1 - top)) }
        let offset = top + Float(log(sum))
        func probability(_ place: Int) -> TokenLikelihood {
            TokenLikelihood(id: Int32(place), logarithm: logits[place] - offset)
        }
        var most: [Int] = []
        for place in logits.indices where count > 0 {
            if most.count == count, logits[place] <= logits[most[count - 1]] { continue }
            let rank = most.firstIndex { logits[place] > logits[$0] } ?? most.count
            most.insert(place, at: rank)
            if most.count > count { most.removeLast() }
        }
        return (probability(Int(id)), most.map(probability))
    }
}
