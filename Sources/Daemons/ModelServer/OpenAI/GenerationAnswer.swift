// The answer of a language model, collected or piece by piece.

internal import SystemIO

/// Reads the pieces of an answer one by one, by whoever asks: an iterator may not change hands by itself.
actor PieceReader: LoopActor {
    nonisolated let loop: EventLoop
    private let iterator: AsyncThrowingStream<GenerationPiece, any Error>.AsyncIterator

    private var timer: GenerationTimer?

    /// - Parameter timer: is told of each piece.
    init(
        _ stream: AsyncThrowingStream<GenerationPiece, any Error>, timer: GenerationTimer? = nil,
        loop: EventLoop = .shared
    ) {
        self.loop = loop
        self.timer = timer
        iterator = stream.makeAsyncIterator()
    }

    /// The next piece; nil after the last.
    ///
    /// - Throws: why there is none, as the server says it to clients.
    func next() async throws(HTTPProblem) -> GenerationPiece? {
        // A copy is another handle of the same stream.
        var copy = iterator
        do {
            let piece = try await copy.next(isolation: self)
            if let piece { timer?.note(piece) }
            return piece
        } catch {
            throw HTTPProblem(generation: error)
        }
    }
}

/// A whole answer.
struct GenerationAnswer: Equatable, Sendable {
    var text = ""
    var finish = FinishReason.stop
    var promptTokens = 0
    var completionTokens = 0
    var cachedTokens = 0
    /// One for each token, where probabilities were asked for.
    var tokens: [(own: TokenProbability, others: [TokenProbability], offset: Int)] = []

    static func == (one: Self, other: Self) -> Bool {
        one.text == other.text && one.finish == other.finish && one.promptTokens == other.promptTokens
            && one.completionTokens == other.completionTokens
    }

    init() {}

    /// Asks, and waits for the last piece.
    ///
    /// - Throws: why there is no answer.
    init(
        _ generator: any TextGenerator, _ request: GenerationRequest, timer: GenerationTimer? = nil
    ) async throws(HTTPProblem) {
        try Self.check(generator, request)
        let reader = PieceReader(generator.generate(request), timer: timer)
        while let piece = try await reader.next() { add(piece) }
        guard !Task.isCancelled else {
            throw HTTPProblem(499, "the connection was closed before the answer's end")
        }
    }

    /// Adds a piece.
    mutating func add(_ piece: GenerationPiece) {
        if let own = piece.probability { tokens.append((own, piece.alternatives, text.count)) }
        text += piece.text
        promptTokens = max(promptTokens, piece.promptTokens)
        completionTokens = max(completionTokens, piece.completionTokens)
        cachedTokens = max(cachedTokens, piece.cachedTokens)
        if let reason = piece.finish { finish = reason }
    }

    /// - Throws: 400 for a prompt that the model has no room for, or no form.
    static func check(_ generator: any TextGenerator, _ request: GenerationRequest) throws(HTTPProblem) {
        let information = generator.information
        if case .messages = request.prompt, !information.hasChatTemplate {
            throw HTTPProblem(
                400, "the model has no chat template: use /v1/completions", parameter: "messages")
        }
        let count: Int
        do throws(GenerationError) {
            count = try generator.tokens(of: request.prompt).count
        } catch {
            throw HTTPProblem(generation: error)
        }
        let wanted = request.maximumTokens ?? 1
        guard count + wanted <= information.contextLength else {
            throw HTTPProblem(
                400,
                "This model's maximum context length is \(information.contextLength) tokens. However, you requested"
                    + " \(count + wanted) tokens (\(count) in the messages, \(wanted) in the completion).",
                parameter: "messages")
        }
    }
}

extension HTTPProblem {
    /// What a client is told of a generator's error.
    init(generation error: any Error) {
        switch error as? GenerationError {
        case .invalid(let sentence): self.init(400, sentence)
        case .full(let time):
            let seconds = String(min(60, max(1, time.components.seconds + 1)))
            self.init(
                503, "too many requests wait: come back in \(seconds) s", headers: ["retry-after": seconds])
        case .failed(let sentence): self.init(500, sentence)
        case nil where error is CancellationError:
            self.init(499, "the connection was closed before the answer's end")
        case nil: self.init(500, "\(error)")
        }
    }
}
