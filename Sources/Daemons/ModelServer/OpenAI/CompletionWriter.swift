// Completions as OpenAI's API writes them: whole, and piece by piece as server-sent events.

internal import JSON
internal import SystemIO

/// Writes the documents of one answer to one request.
struct CompletionWriter: Sendable {
    enum Kind: Sendable {
        case chat
        case plain
    }

    let kind: Kind
    let model: String
    let id: String
    let created: Int

    init(_ kind: Kind, model: String) {
        self.kind = kind
        self.model = model
        var random = SystemRandomNumberGenerator()
        let digits = String(random.next(), radix: 16) + String(random.next(), radix: 16)
        id = (kind == .chat ? "chatcmpl-" : "cmpl-") + digits
        created = Int(WallClock.now / 1_000_000_000)
    }

    private func document(_ object: String, _ choices: [JSON]) -> JSON {
        [
            "id": .string(id), "object": .string(object), "created": JSON(created), "model": .string(model),
            "choices": .array(choices),
        ]
    }

    /// The counts of all answers.
    static func usage(_ answers: [GenerationAnswer]) -> JSON {
        let prompt = answers.reduce(0) { $0 + $1.promptTokens }
        let completion = answers.reduce(0) { $0 + $1.completionTokens }
        return [
            "prompt_tokens": JSON(prompt), "completion_tokens": JSON(completion),
            "total_tokens": JSON(prompt + completion),
            "prompt_tokens_details": ["cached_tokens": JSON(answers.reduce(0) { $0 + $1.cachedTokens })],
        ]
    }

    // MARK: Whole

    /// The reply with all answers.
    func whole(_ answers: [GenerationAnswer], hasProbabilities: Bool) -> JSON {
        let choices = answers.enumerated().map { index, answer -> JSON in
            let probabilities = hasProbabilities ? self.probabilities(answer.tokens) : .null
            var choice: JSON = [
                "index": JSON(index), "finish_reason": .string(answer.finish.rawValue),
                "logprobs": probabilities,
            ]
            switch kind {
            case .chat:
                choice["message"] = [
                    "role": "assistant", "content": .string(answer.text), "refusal": .null,
                ]
            case .plain: choice["text"] = .string(answer.text)
            }
            return choice
        }
        var document = document(kind == .chat ? "chat.completion" : "text_completion", choices)
        document["usage"] = Self.usage(answers)
        return document
    }

    // MARK: Pieces

    /// The first piece of a chat's stream, which says who speaks.
    ///
    /// - Parameter usage: what its field says; nil for none.
    func opening(usage: JSON?) -> JSON {
        piece(["role": "assistant", "content": ""], index: 0, finish: nil, nil, usage)
    }

    /// A piece of an answer.
    ///
    /// - Parameter usage: what its field says; nil for none.
    func piece(
        _ piece: GenerationPiece, index: Int, offset: Int, hasProbabilities: Bool, usage: JSON?
    ) -> JSON {
        let probabilities =
            hasProbabilities
            ? piece.probability.map { self.probabilities([($0, piece.alternatives, offset)]) } : nil
        return self.piece(
            piece.text.isEmpty && piece.finish != nil ? [:] : ["content": .string(piece.text)],
            index: index, finish: piece.finish, probabilities, usage, text: piece.text)
    }

    private func piece(
        _ delta: JSON, index: Int, finish: FinishReason?, _ probabilities: JSON?, _ usage: JSON?,
        text: String = ""
    ) -> JSON {
        var choice: JSON = [
            "index": JSON(index), "finish_reason": JSON(finish?.rawValue), "logprobs": probabilities ?? .null,
        ]
        switch kind {
        case .chat: choice["delta"] = delta
        case .plain: choice["text"] = .string(text)
        }
        var document = document(kind == .chat ? "chat.completion.chunk" : "text_completion", [choice])
        if let usage { document["usage"] = usage }
        return document
    }

    /// The piece behind the last one, with the counts.
    func closing(_ answers: [GenerationAnswer]) -> JSON {
        var document = document(kind == .chat ? "chat.completion.chunk" : "text_completion", [])
        document["usage"] = Self.usage(answers)
        return document
    }

    /// A server-sent event.
    static func event(_ document: JSON) -> [UInt8] {
        Array("data: ".utf8) + document.serialized() + Array("\n\n".utf8)
    }

    /// What ends a stream.
    static let end = Array("data: [DONE]\n\n".utf8)

    // MARK: Probabilities

    private func probabilities(
        _ tokens: [(own: TokenProbability, others: [TokenProbability], offset: Int)]
    ) -> JSON {
        func described(_ token: TokenProbability) -> JSON {
            [
                "token": .string(token.text), "logprob": .double(token.logProbability),
                "bytes": .array(token.octets.map { JSON(Int($0)) }),
            ]
        }
        switch kind {
        case .chat:
            let content = tokens.map { token -> JSON in
                var one = described(token.own)
                one["top_logprobs"] = .array(token.others.map(described))
                return one
            }
            return ["content": .array(content), "refusal": .null]
        case .plain:
            let others = tokens.map { token -> JSON in
                var all: [String: JSON] = [:]
                for other in token.others + [token.own] { all[other.text] = .double(other.logProbability) }
                return .object(all)
            }
            return [
                "tokens": JSON(tokens.map(\.own.text)),
                "token_logprobs": .array(tokens.map { .double($0.own.logProbability) }),
                "top_logprobs": .array(others), "text_offset": .array(tokens.map { JSON($0.offset) }),
            ]
        }
    }
}

extension StreamedUsage {
    /// What the field of a piece says that is not the last one; nil where pieces have none.
    func counts(_ answers: @autoclosure () -> [GenerationAnswer]) -> JSON? {
        switch self {
        case .never: nil
        case .atTheEnd: .null
        case .always: CompletionWriter.usage(answers())
        }
    }
}
