// Answers to questions out of texts, as transformers' question-answering pipeline gives them, and as tensors.

internal import HTTP
internal import HTTP1
internal import JSON
internal import Models

extension AnswerOptions {
    /// The pipeline's parameters.
    ///
    /// - Throws: 400 for what would do nothing.
    fileprivate init(_ parameters: [String: JSON]) throws(HTTPProblem) {
        self.init()
        var fields = OpenAIFields(parameters)
        count = try fields.int("top_k", 1...1_000) ?? count
        overlap = try fields.int("doc_stride", 0...65_536)
        window = try fields.int("max_seq_len", 8...65_536)
        longestAnswer = try fields.int("max_answer_len", 1...65_536) ?? longestAnswer
        allowsNone = try fields.bool("handle_impossible_answer") ?? allowsNone
        takesWholeWords = try fields.bool("align_to_words") ?? takesWholeWords
        try fields.refuseOthers()
    }
}

extension Answer {
    fileprivate var json: JSON {
        [
            "score": .double(score), "start": JSON(place.lowerBound), "end": JSON(place.upperBound),
            "answer": .string(text),
        ]
    }
}

extension InferenceServer {
    /// The answers to one question.
    private func answers(
        _ model: HostedModel, _ encoder: EmbeddingModel, _ question: String, _ context: String,
        _ options: AnswerOptions, priority: Int? = nil, timeout: Duration? = nil
    ) async throws(HTTPProblem) -> [Answer] {
        guard !question.isEmpty, !context.isEmpty else {
            throw HTTPProblem(400, "a question and its context have to be texts that are not empty")
        }
        let asked = await textWork(octets: question.utf8.count + context.utf8.count) {
            Result { try encoder.ask(question, of: context, options: options) }
        }
        let windows: Question
        switch asked {
        case .success(let question): windows = question
        case .failure(let error): throw HTTPProblem(400, "\(error)")
        }
        guard windows.windows.count <= 8 * limits.texts else {
            throw HTTPProblem(
                413,
                "the context has \(windows.windows.count) windows: send a shorter one, of at most \(8 * limits.texts)"
            )
        }
        let prediction = try await embed(model, windows.windows, priority: priority, timeout: timeout)
        return windows.answers(prediction.embeddings)
    }

    func answer(
        _ model: HostedModel, _ encoder: EmbeddingModel, _ asked: PredictionRequest
    ) async throws(HTTPProblem) -> HTTPResponse {
        let options = try AnswerOptions(asked.parameters)
        var replies: [JSON] = []
        for input in asked.inputs {
            guard case .question(let question, context: let context) = input else {
                throw HTTPProblem(
                    400,
                    "model \(model.name) answers questions: send {\"inputs\": {\"question\": ..., \"context\": ...}}"
                )
            }
            let found = try await answers(model, encoder, question, context, options)
            // One answer stands alone, as in the pipeline.
            replies.append(found.count == 1 ? found[0].json : .array(found.map(\.json)))
        }
        if asked.usesInstances { return .json(200, ["predictions": .array(replies)]) }
        return .json(200, asked.isList ? .array(replies) : replies[0])
    }

    /// The likeliest answer to each question.
    func answer(
        _ model: HostedModel, _ encoder: EmbeddingModel, _ request: InferRequest
    ) async throws(HTTPProblem) -> [InferTensor] {
        func texts(_ name: String) throws(HTTPProblem) -> [String] {
            guard let input = request.inputs.first(where: { $0.name == name }), request.inputs.count == 2
            else {
                throw HTTPProblem(400, "model '\(model.name)' expects the inputs 'question' and 'context'")
            }
            let texts = try input.texts()
            try limits.check(texts)
            return texts
        }
        let (questions, contexts) = (try texts("question"), try texts("context"))
        guard questions.count == contexts.count else {
            throw HTTPProblem(
                400, "input 'question' has \(questions.count) texts, and 'context' has \(contexts.count)")
        }
        let (priority, timeout) = (try request.priority(), try request.timeout())
        var found: [Answer] = []
        for (question, context) in zip(questions, contexts) {
            let all = try await answers(
                model, encoder, question, context, AnswerOptions(), priority: priority, timeout: timeout)
            found.append(all.first ?? Answer(score: 0, place: 0..<0, text: ""))
        }
        func numbers(_ name: String, _ value: (Answer) -> Int) -> InferTensor {
            var content: [UInt8] = []
            for answer in found {
                InferTensor.append(Int32(truncatingIfNeeded: value(answer)), to: &content)
            }
            return InferTensor(name, .int32, [found.count], content)
        }
        return [
            InferTensor("answer", .bytes, [found.count], InferTensor.content(of: found.map(\.text.utf8))),
            InferTensor(
                "score", .float32, [found.count], InferTensor.content(of: [found.map { Float($0.score) }])),
            numbers("start") { $0.place.lowerBound }, numbers("end") { $0.place.upperBound },
        ]
    }
}
