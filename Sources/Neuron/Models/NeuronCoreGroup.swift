// A group: consecutive cores that hold one copy of each model, cut into as many shards, and compute one batch at a
// time. It owns its cores for as long as it lives, and knows them through the runtime's seam only.

import ModelErrors
import NeuronKernels
import NeuronProgram
package import NeuronRuntime
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
        /// Batches before which the cores had executed another model.
        package var contextSwitches = 0
        /// Executions that failed, by status.
        package var failures: [NRTStatus: Int] = [:]
    }

    /// Device memory of one core in octets, as it is reserved on the chip.
    package typealias Memory = CoreMemory

    /// A batch's answer.
    package struct Output: Equatable, Sendable {
        /// One vector per text, in the order of the texts.
        package var embeddings: [[Float]]
        /// Ids per text, [CLS] and [SEP] included.
        package var tokens: [Int]
    }

    private struct State {
        var models: [String: LoadedEncoder] = [:]
        var memory: [Memory]
        var statistics = Statistics()
        var last: String?
        var failure: NRTError?
    }

    /// The kernels that this CPU runs: "avx2" or "baseline".
    package static var kernelName: String { KernelVariant.best.rawValue }

    /// The cores, as the container counts them.
    package let cores: Range<Int>

    /// What the cores are.
    package var instance: InstanceInformation { runtime.instance }

    private let runtime: any NeuronCores
    private let pool: ComputePool
    private let state: Lock<State>
    /// Had while a batch is computed: the tensors are one set.
    let turn = GroupTurn()

    /// A group of cores, with no model yet.
    ///
    /// - Parameter pool: cuts texts into ids and makes vectors of hidden states.
    package init(_ runtime: any NeuronCores, pool: ComputePool = .shared) {
        self.runtime = runtime
        self.pool = pool
        cores = runtime.cores
        state = Lock(State(memory: [Memory](repeating: Memory(), count: runtime.cores.count)))
    }

    /// Shards a model over the cores and reserves memory for it on their chips. This takes a while and blocks.
    ///
    /// - Throws: `ModelError` when the model is damaged or cannot be shared by so many cores, `NRTError` when it does not
    ///   fit; then nothing has changed.
    package func load(_ model: EmbeddingModel, as name: String) throws {
        try load(try compile(model), of: model, as: name)
    }

    /// What of a model comes onto the cores. This computes on the host, waits for no core, and may take minutes.
    ///
    /// - Throws: `ModelError` when the model is damaged or cannot be shared by so many cores.
    package func compile(_ model: EmbeddingModel) throws -> Program {
        try model.program(cores: cores.count, formats: runtime.formats)
    }

    /// Brings a compiled model onto the cores. This waits for them, and blocks.
    ///
    /// - Throws: `ModelError` when the program is not the model's, `NRTError` when it does not fit; then nothing has
    ///   changed.
    package func load(_ compilation: Program, of model: EmbeddingModel, as name: String) throws {
        let program = try runtime.load(compilation)
        let signature = try EncoderSignature(
            program.inputs, program.outputs, hidden: model.configuration.hiddenSize, subject: model.directory)
        try state.withLock { state in
            let known = state.models.values.first { $0.signature == signature }
            let tensors = try known?.tensors ?? EncoderTensors(runtime, signature)
            for (core, memory) in program.memory.enumerated() {
                state.memory[core].constants += memory.constants
                state.memory[core].tensors += memory.tensors
            }
            state.models[name] = LoadedEncoder(
                model: model, program: program, signature: signature, tensors: tensors)
        }
    }

    /// Takes a model off its cores, after what is being computed; nothing happens where it is not there.
    package func unload(_ name: String) async {
        await turn.begin()
        // A thread of its own, for a core that does not answer would keep one of everybody's.
        await ComputePool(threads: 1).run { [self] in remove(name) }
        turn.end()
    }

    private func remove(_ name: String) {
        let removed = state.withLock { state -> LoadedEncoder? in
            guard let encoder = state.models.removeValue(forKey: name) else { return nil }
            for (core, memory) in encoder.program.memory.enumerated() {
                state.memory[core].constants -= memory.constants
                state.memory[core].tensors -= memory.tensors
            }
            if state.last == name { state.last = nil }
            return encoder
        }
        // Its tensors go with the last model that shares them.
        try? removed?.program.unload()
    }

    /// What one execution of a model takes: texts, where it has rows for so many, and tokens of all of them.
    package func passLimit(of name: String) -> (texts: Int?, tokens: Int)? {
        switch state.withLock({ $0.models[name] })?.signature.layout {
        case .packed(let tokens): (nil, tokens)
        case .padded(let texts, let tokens): (texts, texts * tokens)
        case nil: nil
        }
    }

    /// Cuts texts into ids and embeds them. A second batch waits for the first.
    ///
    /// - Parameter progress: gets the next texts' vectors after each pass, and says whether to go on.
    /// - Returns: whether all texts have been embedded; false as well when no model of that name is loaded.
    package func embed(
        _ texts: [String], model name: String, progress: (Output) -> Bool
    ) async -> Bool {
        guard let loaded = state.withLock({ $0.models[name] }) else { return false }
        let tokenized = await pool.run { texts.map(loaded.model.tokenize) }
        var done = 0
        return await compute(tokenized, loaded, name) { embeddings in
            let own = done..<done + embeddings.count
            done = own.upperBound
            return progress(Output(embeddings: embeddings, tokens: tokenized[own].map(\.ids.count)))
        }
    }

    /// Embeds texts that have been cut already. No thread waits meanwhile.
    package func embed(_ texts: [TokenizedText], model name: String) async -> [[Float]]? {
        guard let loaded = state.withLock({ $0.models[name] }) else { return nil }
        var all: [[Float]] = []
        let isWhole = await compute(texts, loaded, name) { embeddings in
            all += embeddings
            return true
        }
        return isWhole || texts.isEmpty ? all : nil
    }

    private func compute(
        _ texts: [TokenizedText], _ encoder: LoadedEncoder, _ name: String, progress: ([[Float]]) -> Bool
    ) async -> Bool {
        await turn.begin()
        defer { turn.end() }
        noteModel(name)
        var done = 0
        while done < texts.count {
            let own = encoder.pass(of: texts, from: done)
            guard !own.isEmpty else { return false }
            let start = ContinuousClock.now
            let result = await encoder.embed(own, pool: pool)
            done += own.count
            guard let embeddings = note(result, of: own, isLast: done == texts.count, since: start) else {
                return false
            }
            guard progress(embeddings) || done == texts.count else { return false }
        }
        return !texts.isEmpty
    }

    private func noteModel(_ name: String) {
        state.withLock { state in
            if let last = state.last, last != name { state.statistics.contextSwitches += 1 }
            state.last = name
        }
    }

    /// Counts what has come of a pass, before it is told: who has the answer finds it in the metrics.
    ///
    /// - Returns: its vectors; nil where it has failed.
    private func note(
        _ result: Result<[[Float]], NRTError>, of texts: ArraySlice<TokenizedText>, isLast: Bool,
        since start: ContinuousClock.Instant
    ) -> [[Float]]? {
        let took = start.duration(to: .now)
        return state.withLock { state in
            state.statistics.busy += took
            switch result {
            case .success(let embeddings):
                if isLast { state.statistics.batches += 1 }
                state.statistics.texts += texts.count
                state.statistics.tokens += texts.reduce(0) { $0 + $1.ids.count }
                return embeddings
            case .failure(let error):
                state.statistics.failures[error.status, default: 0] += 1
                state.failure = error
                return nil
            }
        }
    }

    /// Why the last execution that failed did; nil when none has.
    package var failure: NRTError? { state.withLock { $0.failure } }

    /// The sizes of a loaded model.
    func configuration(of name: String) -> ModelConfiguration? {
        state.withLock { $0.models[name]?.model.configuration }
    }

    /// What has been done so far.
    package var statistics: Statistics { state.withLock { $0.statistics } }

    /// Octets that a model has reserved on all cores of the group; nil where it is not there.
    package func memory(of name: String) -> Int? {
        state.withLock { state in
            state.models[name].map { $0.program.memory.reduce(0) { $0 + $1.constants + $1.tensors } }
        }
    }

    /// What each core has reserved, by position in `cores`.
    package var memory: [Memory] { state.withLock { $0.memory } }
}
