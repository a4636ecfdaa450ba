// What comes of a request to a language model: pieces of text, or why there are none, and what an engine counts.

internal import NeuronProgram
package import NeuronRuntime

/// What a client gets, token by token.
package struct GeneratedPiece: Sendable {
    /// Why the text has ended.
    package enum End: String, Sendable {
        /// By a mark of the model, or a text at which to stop.
        case stop
        /// By the number of tokens.
        case length
    }

    /// The text that is whole with this token; empty where it waits for the next.
    package var text: String
    /// The token; nil for text that was held back at the end.
    package var token: Int32?
    /// Its probability, where that was asked for.
    package var probability: TokenLikelihood?
    /// The most likely tokens in its place, where they were asked for.
    package var most: [TokenLikelihood] = []
    /// Why the text ends here; nil where it goes on.
    package var end: End?
    /// Tokens of the prompt that were in the cache already.
    package var reused = 0
}

/// Why there is no text.
package enum EngineError: Error, CustomStringConvertible {
    /// A parameter is out of range.
    case parameter(String)
    /// The prompt has no token, or too many.
    case length(prompt: Int, limit: Int)
    /// The model has given what is no number.
    case notANumber
    /// The cores have failed.
    case runtime(NRTError)
    /// The cores compute no more; the sentence says why.
    case lost(String)
    /// The model has been taken off the cores.
    case closed

    package var description: String {
        switch self {
        case .parameter(let problem): problem
        case .length(let prompt, let limit):
            prompt == 0
                ? "the prompt is empty: send at least one token"
                : "the prompt has \(prompt) tokens, where \(limit) are the most: shorten it"
        case .notANumber: "the model has computed values that are no numbers: check its weights"
        case .runtime(let error): error.description
        case .lost(let sentence): sentence
        case .closed: "the model is not on its cores any more: ask again"
        }
    }
}

/// What an engine has done and does.
package struct GenerationStatistics: Equatable, Sendable {
    /// Sequences whose tokens are computed.
    package var running = 0
    /// Sequences that wait for a place or for memory.
    package var waiting = 0
    /// Pages in use, and all of them.
    package var usedPages = 0
    package var pages = 0
    /// Tokens of a page.
    package var pageTokens = DecoderProgram.pageTokens
    /// Tokens of prompts that were computed.
    package var promptTokens = 0
    /// Tokens of prompts whose keys and values were there already.
    package var reusedTokens = 0
    /// Tokens that were written.
    package var writtenTokens = 0
    /// Executions.
    package var steps = 0
}
