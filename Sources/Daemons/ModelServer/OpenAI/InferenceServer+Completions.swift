// Completions: a language model is asked, and answers whole or as it goes on.

internal import HTTP
internal import HTTP1
internal import JSON
internal import LanguageModels

extension InferenceServer {
    /// Answers `/v1/completions` or `/v1/chat/completions`.
    func completions(
        _ call: EndpointCall, _ kind: CompletionWriter.Kind
    ) async throws(HTTPProblem) -> HTTPResponse {
        let document = try call.json()
        let asked =
            switch kind {
            case .chat: try CompletionRequest(chat: document)
            case .plain: try CompletionRequest(completion: document)
            }
        return try await counted { () throws(HTTPProblem) in
            try model(asked.model)
        } answer: { (model) throws(HTTPProblem) in
            guard case .generation = try content(model) else {
                throw HTTPProblem(
                    400, "model \(model.name) makes no text: it is \(try content(model).platform)",
                    parameter: "model")
            }
            let writer = CompletionWriter(kind, model: model.name)
            let (generator, use) = try await use(model)
            for request in asked.requests { try GenerationAnswer.check(generator, request) }
            if asked.isStream { return try await streamed(model, asked, generator, writer, use) }
            defer { use.end() }
            return try await whole(model, asked, generator, writer)
        }
    }

    private func whole(
        _ model: HostedModel, _ asked: CompletionRequest, _ generator: any TextGenerator,
        _ writer: CompletionWriter
    ) async throws(HTTPProblem) -> HTTPResponse {
        // All at once: the model batches them.
        let results = await withTaskGroup(of: (Int, Result<GenerationAnswer, HTTPProblem>).self) { group in
            for (index, request) in asked.requests.enumerated() {
                let timer = metrics.generation.timer(model)
                group.addTask {
                    // Not within the tuple: what stands before an `await` there is lost in an optimised build
                    // (scripts/check-sources).
                    let answer: Result<GenerationAnswer, HTTPProblem>
                    do throws(HTTPProblem) {
                        answer = .success(try await GenerationAnswer(generator, request, timer: timer))
                    } catch {
                        answer = .failure(error)
                    }
                    return (index, answer)
                }
            }
            return await group.reduce(into: [Int: Result<GenerationAnswer, HTTPProblem>]()) {
                $0[$1.0] = $1.1
            }
        }
        var answers: [GenerationAnswer] = []
        for index in asked.requests.indices {
            guard let result = results[index] else { throw HTTPProblem(500, "prompt \(index) has no answer") }
            answers.append(try result.get())
        }
        let hasProbabilities = asked.requests[0].logProbabilities != nil
        return .json(200, writer.whole(answers, hasProbabilities: hasProbabilities))
    }

    /// The response begins with the first piece: until then an error still has a status.
    private func streamed(
        _ model: HostedModel, _ asked: CompletionRequest, _ generator: any TextGenerator,
        _ writer: CompletionWriter, _ use: ModelUse
    ) async throws(HTTPProblem) -> HTTPResponse {
        let metrics = metrics.generation
        let first = PieceReader(generator.generate(asked.requests[0]), timer: metrics.timer(model))
        let firstPiece = try await first.next()
        return HTTPResponse(
            200,
            headers: [
                "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache",
                "x-accel-buffering": "no",
            ],
            body: .stream { body in
                // Where the body is never asked for, the use goes with it.
                defer { use.end() }
                do throws(HTTPProblem) {
                    try await Self.write(asked, generator, writer, first, firstPiece, to: body) {
                        metrics.timer(model)
                    }
                } catch {
                    // The status has left long ago; OpenAI's clients look for this object.
                    try await body.write(CompletionWriter.event(error.body(.openAI)))
                }
                try await body.write(CompletionWriter.end)
            })
    }

    private static func write(
        _ asked: CompletionRequest, _ generator: any TextGenerator, _ writer: CompletionWriter,
        _ first: PieceReader, _ firstPiece: GenerationPiece?, to body: HTTPBodyWriter,
        timer: () -> GenerationTimer
    ) async throws(HTTPProblem) {
        var answers: [GenerationAnswer] = []
        if writer.kind == .chat {
            var nothing = GenerationAnswer()
            nothing.promptTokens = firstPiece?.promptTokens ?? 0
            nothing.cachedTokens = firstPiece?.cachedTokens ?? 0
            try await send(writer.opening(usage: asked.usage.counts([nothing])), body)
        }
        for (index, request) in asked.requests.enumerated() {
            let reader = index == 0 ? first : PieceReader(generator.generate(request), timer: timer())
            var next = index == 0 ? firstPiece : try await reader.next()
            var answer = GenerationAnswer()
            while let piece = next {
                let offset = answer.text.count
                answer.add(piece)
                // Half a character, or what may be the start of a stop string, is no piece yet.
                if !piece.text.isEmpty || piece.finish != nil || piece.probability != nil {
                    let document = writer.piece(
                        piece, index: index, offset: offset,
                        hasProbabilities: request.logProbabilities != nil,
                        usage: asked.usage.counts(answers + [answer]))
                    try await send(document, body)
                }
                next = try await reader.next()
            }
            answers.append(answer)
        }
        if asked.usage != .never { try await send(writer.closing(answers), body) }
    }

    private static func send(_ document: JSON, _ body: HTTPBodyWriter) async throws(HTTPProblem) {
        do throws(HTTPError) {
            try await body.write(CompletionWriter.event(document))
        } catch {
            throw HTTPProblem(499, error.description)
        }
    }
}
