// A language model as the server knows it: one engine for each of its groups of cores, of which the least busy one takes the
// next request.

internal import LanguageModels
internal import Models
internal import NeuronRuntime
internal import SystemIO

/// A loaded language model.
struct LanguageModelGenerator: TextGenerator {
    let information: TextGeneratorInformation

    private let model: LanguageModel
    private let engines: [GenerationEngine]

    /// Opens a model where the URI is one of a language model.
    ///
    /// - Returns: nil where it is none.
    /// - Throws: `ModelError` or `NRTError`.
    static func open(
        _ specification: ModelSpecification, on groups: [any NeuronCores], pool: ComputePool
    ) async throws -> LanguageModelGenerator? {
        guard let path = LanguageModel.path(of: specification.uri) else { return nil }
        return try await pool.run {
            Result { try LanguageModelGenerator(path: path, specification, on: groups) }
        }.get()
    }

    private init(
        path: String, _ specification: ModelSpecification, on groups: [any NeuronCores]
    ) throws {
        let model = try LanguageModel(path: path)
        var options = ProgramOptions()
        options.cores = groups.first?.cores.count ?? 1
        options.positions = specification.positions
        if let sequences = specification.sequences { options.sequences = sequences }
        // Cut and packed once, used by all groups.
        let program = try model.program(options)
        let engines = try groups.map { try GenerationEngine(program, tokenizer: model.tokenizer, on: $0) }
        let statistics = engines.map(\.recentStatistics)
        self.model = model
        self.engines = engines
        information = TextGeneratorInformation(
            contextLength: engines.map(\.longest).min() ?? 0, hasChatTemplate: model.template != nil,
            cacheBlockTokens: statistics.first?.pageTokens ?? 0,
            cacheBlocks: statistics.reduce(0) { $0 + $1.pages })
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
                    messages.map { ConversationMessage(role: $0.role, content: $0.content) })
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
        case .notANumber, .runtime: GenerationError.failed("\(error)")
        case nil: error
        }
    }

    private func write(
        _ request: GenerationRequest,
        to continuation: AsyncThrowingStream<GenerationPiece, any Error>.Continuation
    ) async throws {
        let prompt = try ids(of: request.prompt)
        let engine = engines.min { one, other in
            let (left, right) = (one.recentStatistics, other.recentStatistics)
            return left.running + left.waiting < right.running + right.waiting
        }
        guard let engine else { return }
        var written = 0
        for try await piece in try await engine.generate(
            prompt, parameters(request, room: engine.longest - prompt.count))
        {
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
