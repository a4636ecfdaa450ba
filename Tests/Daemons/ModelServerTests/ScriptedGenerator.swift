// A language model that says the same words to everybody, and does as it is told by the last message.

import JSON
import LanguageModels
import ModelServer

/// Says "one two three four five", a word a token.
struct ScriptedGenerator: TextGenerator {
    private static let words = ["one", " two", " three", " four", " five"]

    var information: TextGeneratorInformation {
        TextGeneratorInformation(contextLength: 1_000, cacheBlockTokens: 16, cacheBlocks: 64)
    }

    var load: TextGeneratorLoad { TextGeneratorLoad(running: 2, waiting: 1, cacheUse: 0.25) }

    /// A token for each word of a text, and for each message.
    func tokens(of prompt: GenerationRequest.Prompt) throws(GenerationError) -> [Int] {
        switch prompt {
        case .text(let text): return Array(text.split(separator: " ").indices).map { _ in 1 }
        case .tokens(let ids): return ids
        case .messages(let messages):
            if messages.last?.content == "refuse this" { throw .invalid("the template says no") }
            return messages.map { _ in 1 }
        }
    }

    func generate(_ request: GenerationRequest) -> AsyncThrowingStream<GenerationPiece, any Error> {
        var order = ""
        if case .messages(let messages) = request.prompt { order = messages.last?.content ?? "" }
        let count = (try? tokens(of: request.prompt).count) ?? 0
        return AsyncThrowingStream { continuation in
            switch order {
            case "be full":
                return continuation.finish(throwing: GenerationError.full(retryAfter: .seconds(3)))
            case "break": return continuation.finish(throwing: GenerationError.failed("the core is gone"))
            default: break
            }
            let words = Self.words.prefix(request.maximumTokens ?? Self.words.count)
            for (index, word) in words.enumerated() {
                if order == "break late", index == 2 {
                    return continuation.finish(throwing: GenerationError.failed("the core is gone"))
                }
                let own = TokenProbability(
                    token: index, text: word, octets: Array(word.utf8), logProbability: -0.5)
                let others = (0..<(request.logProbabilities ?? 0)).map { place in
                    TokenProbability(token: 10 + place, text: "w\(place)", octets: [119], logProbability: -1)
                }
                let isLast = index == words.count - 1
                continuation.yield(
                    GenerationPiece(
                        text: word, token: index, probability: request.logProbabilities == nil ? nil : own,
                        alternatives: others,
                        finish: isLast ? (words.count < Self.words.count ? .length : .stop) : nil,
                        promptTokens: count, completionTokens: index + 1))
            }
            continuation.finish()
        }
    }
}
