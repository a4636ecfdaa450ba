// A language model as the server knows it: one engine for each of its groups of cores, of which the least busy one takes the
// next request.

internal import LanguageModels
internal import Models
internal import NeuronRuntime
internal import SystemIO
internal import Text

/// A loaded language model.
struct LanguageModelGenerator: TextGenerator {
    let information: TextGeneratorInformation

    private let model: LanguageModel
    let engines: [GenerationEngine]

    /// Opens a model where the URI is one of a language model. Groups that do not answer are left out.
    ///
    /// - Returns: nil where it is none.
    /// - Throws: `ModelError` or `NRTError`; `GenerationError.failed` where no group answers.
    static func open(
        _ specification: ModelSpecification, on cores: GeneratorCores, pool: ComputePool
    ) async throws -> LanguageModelGenerator? {
        guard let path = LanguageModel.path(of: specification.uri) else { return nil }
        let degree = cores.groups.first?.cores.count ?? 1
        // Cut and packed once, used by all groups.
        let (model, program) = try await pool.run {
            Result {
                let model = try LanguageModel(path: path)
                var options = ProgramOptions()
                options.cores = degree
                options.positions = specification.positions
                if let sequences = specification.sequences { options.sequences = sequences }
                return (model, try model.program(options))
            }
        }.get()
        var engines: [GenerationEngine] = []
        var loss: String?
        for group in cores.groups {
            // A thread of its own, for a core that does not answer would keep one of everybody's.
            let thread = ComputePool(threads: 1)
            let engine = await cores.waits.wait(for: group.cores.lowerBound, cores.loadLimit) {
                await thread.run {
                    Result {
                        try GenerationEngine(
                            program, tokenizer: model.tokenizer, on: group, name: specification.key,
                            stepLimit: cores.stepLimit)
                    }
                }
            }
            if let engine = try engine?.get() {
                await engine.onLoss { cores.lose(group.cores, $0) }
                engines.append(engine)
            } else {
                let sentence =
                    "cores \(group.cores.spanText) load model \(specification.key) for more than"
                    + " \(cores.loadLimit.inSeconds) s"
                cores.lose(group.cores, sentence)
                loss = sentence
            }
        }
        guard !engines.isEmpty else {
            throw GenerationError.failed("no group of cores answers" + (loss.map { ": \($0)" } ?? ""))
        }
        return LanguageModelGenerator(model, engines)
    }

    private init(_ model: LanguageModel, _ engines: [GenerationEngine]) {
        let statistics = engines.map(\.recentStatistics)
        self.model = model
        self.engines = engines
        information = TextGeneratorInformation(
            contextLength: engines.map(\.longest).min() ?? 0, hasChatTemplate: model.template != nil,
            cacheBlockTokens: statistics.first?.pageTokens ?? 0,
            cacheBlocks: statistics.reduce(0) { $0 + $1.pages })
    }

    func warmUp(_ text: String) async throws {
        var parameters = SamplingParameters()
        parameters.maximumTokens = 1
        for engine in engines where engine.loss == nil {
            let prompt = Array(model.prompt(text).prefix(engine.longest - 1))
            guard !prompt.isEmpty else { return }
            do {
                for try await _ in try await engine.generate(prompt, parameters) {}
            } catch EngineError.lost {
                // Others may answer.
                continue
            }
        }
        if let loss = engines.first?.loss, engines.allSatisfy({ $0.loss != nil }) {
            throw GenerationError.failed("no group of cores answers: \(loss)")
        }
    }

    func lose(_ group: Int, _ sentence: String) async {
        for engine in engines where engine.cores.lowerBound == group { await engine.lose(sentence) }
    }

    func close() async {
        for engine in engines { await engine.close() }
    }

    var load: TextGeneratorLoad {
        let all = engines.map(\.recentStatistics)
        let pages = all.reduce(0) { $0 + $1.pages }
        return TextGeneratorLoad(
            running: all.reduce(0) { $0 + $1.running }, waiting: all.reduce(0) { $0 + $1.waiting },
            cacheUse: pages == 0 ? 0 : Double(all.reduce(0) { $0 + $1.usedPages }) / Double(pages))
    }

    func tokens(of prompt: GenerationRequest.Prompt) throws(GenerationError) -> [Int] {
        try ids(of: prompt).map(Int.init)
    }

    private func ids(of prompt: GenerationRequest.Prompt) throws(GenerationError) -> [Int32] {
        switch prompt {
        case .text(let text): return model.prompt(text)
        case .tokens(let ids): return ids.map { Int32(clamping: $0) }
        case .messages(let messages):
            do {
                return try model.prompt(
                    messages.map {
                        ConversationMessage(role: $0.role, content: $0.content, name: $0.name)
                    })
            } catch {
                throw .invalid("\(error)")
            }
        }
    }

    func generate(_ request: GenerationRequest) -> AsyncThrowingStream<GenerationPiece, any Error> {
        let (stream, continuation) = AsyncThrowingStream<GenerationPiece, any Error>.makeStream()
        let task = Task {
            do {
                try await write(request, to: continuation)
                continuation.finish()
            } catch {
                continuation.finish(throwing: Self.told(error))
            }
        }
        continuation.onTermination = { _ in task.cancel() }
        return stream
    }

    private static func told(_ error: any Error) -> any Error {
        switch error as? EngineError {
        case .parameter, .length: GenerationError.invalid("\(error)")
        case .notANumber, .runtime, .lost, .closed: GenerationError.failed("\(error)")
        case nil: error
        }
    }

    private func write(
        _ request: GenerationRequest,
        to continuation: AsyncThrowingStream<GenerationPiece, any Error>.Continuation
    ) async throws {
        let prompt = try ids(of: request.prompt)
        let first = try leastBusy()
        var hasBegun = false
        do {
            try await write(request, prompt, by: first, to: continuation) { hasBegun = true }
        } catch EngineError.lost where !hasBegun {
            // It may be what hangs engines: not a third one.
            let second = try leastBusy()
            try await write(request, prompt, by: second, to: continuation) {}
        }
    }

    /// - Throws: `GenerationError.failed` where none computes any more.
    private func leastBusy() throws -> GenerationEngine {
        let engine = engines.filter { $0.loss == nil }.min { one, other in
            let (left, right) = (one.recentStatistics, other.recentStatistics)
            return left.running + left.waiting < right.running + right.waiting
        }
        if let engine { return engine }
        throw GenerationError.failed(engines.first?.loss ?? "the model has no cores")
    }

    private func write(
        _ request: GenerationRequest, _ prompt: [Int32], by engine: GenerationEngine,
        to continuation: AsyncThrowingStream<GenerationPiece, any Error>.Continuation, begin: () -> Void
    ) async throws {
        var written = 0
        for try await piece in try await engine.generate(
            prompt, parameters(request, room: engine.longest - prompt.count))
        {
            begin()
            if piece.token != nil { written += 1 }
            continuation.yield(
                GenerationPiece(
                    text: piece.text, token: piece.token.map(Int.init),
                    probability: piece.probability.map(told),
                    alternatives: piece.most.map(told),
                    finish: piece.end.map { $0 == .stop ? .stop : .length },
                    promptTokens: prompt.count, completionTokens: written, cachedTokens: piece.reused))
        }
    }

    private func told(_ probability: TokenLikelihood) -> TokenProbability {
        let octets = model.octets(of: probability.id)
        return TokenProbability(
            token: Int(probability.id), text: String(decoding: octets, as: UTF8.self), octets: octets,
            logProbability: Double(probability.logarithm))
    }

    private func parameters(_ request: GenerationRequest, room: Int) -> SamplingParameters {
        var parameters = request.sampling
        parameters.maximumTokens = request.maximumTokens ?? max(1, room)
        return parameters
    }
}
