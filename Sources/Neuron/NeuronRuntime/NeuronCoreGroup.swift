// A group: consecutive cores that hold one copy of each model, cut into as many shards, and compute one batch at a
// time. It owns its cores on the device for as long as it lives.

import NeuronKernels
import SystemIO

/// Cores that work together.
package final class NeuronCoreGroup: Sendable {
    /// What a group has done since it began.
    package struct Statistics: Equatable, Sendable {
        /// Batches computed to their end.
        package var batches = 0
        /// Texts in them.
        package var texts = 0
        /// Their tokens.
        package var tokens = 0
        /// Time spent computing.
        package var busy = Duration.zero
    }

    /// Device memory of one core in octets, as it is reserved on the chip.
    package struct Memory: Equatable, Sendable {
        /// Octets of weights.
        package var constants = 0
        /// Octets of activations.
        package var tensors = 0
    }

    /// A batch's answer.
    package struct Output: Equatable, Sendable {
        /// One vector per text, in the order of the texts.
        package var embeddings: [[Float]]
        /// Ids per text, [CLS] and [SEP] included.
        package var tokens: [Int]
    }

    private struct Loaded {
        let model: EmbeddingModel
        let encoder: Encoder
    }

    private struct State {
        var models: [String: Loaded] = [:]
        var workspaces: [ModelConfiguration: Workspace] = [:]
        var memory: [Memory]
        var statistics = Statistics()
    }

    /// The kernels that this CPU runs: "avx2" or "baseline".
    package static var kernelName: String { KernelVariant.best.rawValue }

    /// The cores, as the container counts them.
    package let cores: Range<Int>

    private let claim: CoreClaim
    private let pool: ComputePool
    private let state: Lock<State>
    /// Held while a batch is computed: the workspace is one.
    private let turn = Lock<Void>(())

    /// A group of the claimed cores, with no model yet.
    package init(_ claim: CoreClaim, pool: ComputePool = .shared) {
        self.claim = claim
        self.pool = pool
        cores = claim.cores
        state = Lock(State(memory: [Memory](repeating: Memory(), count: claim.cores.count)))
    }

    /// Shards a model over the cores and reserves memory for it on their chips. This takes a while and blocks.
    ///
    /// - Throws: `ModelError` when the model is damaged or cannot be shared by so many cores, `DeviceError.outOfMemory`
    ///   when it does not fit; then nothing has changed.
    package func load(_ model: EmbeddingModel, as name: String) throws {
        let weights = try model.weights(degree: cores.count)
        try state.withLock { state in
            let known = state.workspaces[model.configuration]
            let workspace =
                known ?? Workspace(model.configuration, degree: cores.count, kernels: weights.kernels)
            let constants = cores.indices.map { weights.byteCount(core: $0 - cores.lowerBound) }
            let tensors = known == nil ? workspace.bytesPerCore : 0
            try claim.reserve(constants.map { $0 + tensors })
            for core in state.memory.indices {
                state.memory[core].constants += constants[core]
                state.memory[core].tensors += tensors
            }
            state.workspaces[model.configuration] = workspace
            state.models[name] = Loaded(
                model: model,
                encoder: Encoder(weights: weights, head: model.head, workspace: workspace, pool: pool))
        }
    }

    /// Cuts texts into ids and embeds them. The calling executor is free meanwhile. A second batch waits for the first.
    ///
    /// - Parameter progress: gets the next texts' vectors after each pass, on a thread that computes, and says whether to go
    ///   on.
    /// - Returns: whether all texts have been embedded; false as well when no model of that name is loaded.
    package func embed(
        _ texts: [String], model name: String, progress: @escaping @Sendable (Output) -> Bool
    ) async -> Bool {
        guard let loaded = state.withLock({ $0.models[name] }) else { return false }
        return await pool.run { [self] in
            let tokenized = texts.map(loaded.model.tokenize)
            var done = 0
            return compute(tokenized, loaded.encoder) { embeddings in
                let own = done..<done + embeddings.count
                done = own.upperBound
                return progress(Output(embeddings: embeddings, tokens: tokenized[own].map(\.ids.count)))
            }
        }
    }

    /// Embeds texts that have been cut already.
    package func embed(_ texts: [TokenizedText], model name: String) async -> [[Float]]? {
        guard let loaded = state.withLock({ $0.models[name] }) else { return nil }
        return await pool.run { [self] in
            var all: [[Float]] = []
            _ = compute(texts, loaded.encoder) { embeddings in
                all += embeddings
                return true
            }
            return all
        }
    }

    private func compute(
        _ texts: [TokenizedText], _ encoder: Encoder, progress: ([[Float]]) -> Bool
    ) -> Bool {
        turn.withLock { _ in
            let clock = ContinuousClock()
            var start = clock.now
            var done = 0
            return encoder.embed(texts.map(\.ids)) { embeddings in
                let own = done..<done + embeddings.count
                done = own.upperBound
                let now = clock.now
                // Counted before it is told: who has the answer finds it in the metrics.
                state.withLock { state in
                    if done == texts.count { state.statistics.batches += 1 }
                    state.statistics.texts += own.count
                    state.statistics.tokens += texts[own].reduce(0) { $0 + $1.ids.count }
                    state.statistics.busy += now - start
                }
                start = now
                return progress(embeddings)
            }
        }
    }

    /// The sizes of a loaded model.
    func configuration(of name: String) -> ModelConfiguration? {
        state.withLock { $0.models[name]?.model.configuration }
    }

    /// What has been done so far.
    package var statistics: Statistics { state.withLock { $0.statistics } }

    /// What each core has reserved, by position in `cores`.
    package var memory: [Memory] { state.withLock { $0.memory } }
}
