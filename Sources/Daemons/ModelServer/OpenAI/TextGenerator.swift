// What a language model is to the server: a request goes in, pieces of text come out as they are made. How they are made,
// by continuous batching on NeuronCores or from a script in a test, the server does not know.

package import LanguageModels
package import NeuronRuntime

/// A language model that is loaded, and answers any number of requests at a time.
package protocol TextGenerator: Sendable {
    /// What is told of the model before it is asked.
    var information: TextGeneratorInformation { get }

    /// How busy it is now, for metrics and for the Inference Gateway.
    var load: TextGeneratorLoad { get }

    /// Ids of the prompt, as `generate` would make them: what a client pays for, and what is refused when it is too long.
    ///
    /// - Throws: `GenerationError.invalid` for messages that the model's chat template refuses.
    func tokens(of prompt: GenerationRequest.Prompt) throws(GenerationError) -> [Int]

    /// Begins to answer. Returns at once; the pieces come as they are made, the last with a reason. Ending the iteration, or
    /// cancelling the task that iterates, ends the request, and its place is another's.
    ///
    /// - Throws: through the stream, `GenerationError`.
    func generate(_ request: GenerationRequest) -> AsyncThrowingStream<GenerationPiece, any Error>

    /// Computes once behind a text on all of its groups, before anybody asks.
    ///
    /// - Throws: why it cannot be used.
    func warmUp(_ text: String) async throws

    /// Some of its cores do not answer somebody else: it asks them nothing more.
    ///
    /// - Parameter group: the first of the cores.
    func lose(_ group: Int, _ sentence: String) async

    /// Gives back the memory of its cores. Nobody is being answered then, and nobody will be.
    func close() async
}

extension TextGenerator {
    /// Nothing: what is no model of cores has nothing to warm up.
    package func warmUp(_ text: String) async throws {}
    /// Nothing: nor has it any cores to lose.
    package func lose(_ group: Int, _ sentence: String) async {}
    /// Nothing: nor has it any memory.
    package func close() async {}
}

/// The cores that a language model gets, and how long they may take.
package struct GeneratorCores: Sendable {
    /// The groups, each of which gets a copy.
    package var groups: [any NeuronCores]
    /// How long one step may take until the group is taken for lost.
    package var stepLimit: Duration
    /// How long a group may take to take the model, until it is taken for lost.
    package var loadLimit: Duration
    /// By which the loading is waited for.
    package var waits: GroupWaits
    /// Told which cores do not answer, and why that is thought.
    package var lose: @Sendable (_ cores: Range<Int>, _ sentence: String) -> Void

    package init(
        groups: [any NeuronCores], stepLimit: Duration, loadLimit: Duration, waits: GroupWaits,
        lose: @escaping @Sendable (_ cores: Range<Int>, _ sentence: String) -> Void
    ) {
        self.groups = groups
        self.stepLimit = stepLimit
        self.loadLimit = loadLimit
        self.waits = waits
        self.lose = lose
    }
}

/// What does not change while a model is loaded.
package struct TextGeneratorInformation: Equatable, Sendable {
    /// Tokens of prompt and answer together.
    package var contextLength: Int
    /// Whether it has a chat template.
    package var hasChatTemplate: Bool
    /// Tokens of one block of its cache, and blocks in all; 0 where it has none.
    package var cacheBlockTokens: Int
    package var cacheBlocks: Int

    package init(
        contextLength: Int, hasChatTemplate: Bool = true, cacheBlockTokens: Int = 0, cacheBlocks: Int = 0
    ) {
        self.contextLength = contextLength
        self.hasChatTemplate = hasChatTemplate
        self.cacheBlockTokens = cacheBlockTokens
        self.cacheBlocks = cacheBlocks
    }
}

/// How busy a language model is.
package struct TextGeneratorLoad: Equatable, Sendable {
    /// Requests that are being answered.
    package var running: Int
    /// Requests that wait for room.
    package var waiting: Int
    /// Share of the cache that is in use, 0 to 1.
    package var cacheUse: Double

    package init(running: Int = 0, waiting: Int = 0, cacheUse: Double = 0) {
        self.running = running
        self.waiting = waiting
        self.cacheUse = cacheUse
    }
}

/// One message of a conversation.
package struct ChatMessage: Equatable, Sendable {
    /// `system`, `user`, `assistant` or what else the model's template knows.
    package var role: String
    /// Its text; of a list of parts, the texts one after the other.
    package var content: String
    /// Who says it, where several have the same role; nil for nobody.
    package var name: String?

    package init(role: String, content: String, name: String? = nil) {
        self.role = role
        self.content = content
        self.name = name
    }
}

/// What a language model is asked. Ranges are those of OpenAI's API and vLLM's; the server has checked them.
@dynamicMemberLookup
package struct GenerationRequest: Equatable, Sendable {
    /// What the answer follows.
    package enum Prompt: Equatable, Sendable {
        /// Text as it is, with the special tokens that the model puts in front of any text.
        case text(String)
        /// Ids as they are.
        case tokens([Int])
        /// A conversation, by the model's chat template, with the start of the assistant's turn.
        case messages([ChatMessage])
    }

    package var prompt: Prompt
    /// Tokens of the answer, at least 1; nil for as many as the context has room for.
    package var maximumTokens: Int?
    /// How tokens are chosen and where the answer ends, but for its length.
    package var sampling = SamplingParameters()

    /// A member of `sampling`.
    package subscript<Value>(dynamicMember member: WritableKeyPath<SamplingParameters, Value>) -> Value {
        get { sampling[keyPath: member] }
        set { sampling[keyPath: member] = newValue }
    }

    package init(prompt: Prompt) { self.prompt = prompt }
}

/// The logarithm of a token's probability.
package struct TokenProbability: Equatable, Sendable {
    package var token: Int
    /// The token's text; with U+FFFD for a part of a character.
    package var text: String
    /// Its octets, which tell parts of a character apart.
    package var octets: [UInt8]
    /// Natural logarithm, at most 0.
    package var logProbability: Double

    package init(token: Int, text: String, octets: [UInt8], logProbability: Double) {
        self.token = token
        self.text = text
        self.octets = octets
        self.logProbability = logProbability
    }
}

/// Why an answer ends.
package enum FinishReason: String, Equatable, Sendable {
    /// The model has said so, or a stop string has come.
    case stop
    /// It is as long as it may be.
    case length
}

/// The next piece of an answer.
package struct GenerationPiece: Equatable, Sendable {
    /// Whole characters; empty while a character or what may be a stop string is not complete.
    package var text: String
    /// The token that it comes from; nil in a piece that only ends the answer.
    package var token: Int?
    /// Asked for by `logProbabilities`: the token itself, and the most likely ones, the most likely first.
    package var probability: TokenProbability?
    package var alternatives: [TokenProbability]
    /// In the last piece only.
    package var finish: FinishReason?
    /// Tokens so far.
    package var promptTokens: Int
    package var completionTokens: Int
    /// Tokens of the prompt that were in the cache already.
    package var cachedTokens: Int

    package init(
        text: String, token: Int? = nil, probability: TokenProbability? = nil,
        alternatives: [TokenProbability] = [], finish: FinishReason? = nil, promptTokens: Int = 0,
        completionTokens: Int = 0, cachedTokens: Int = 0
    ) {
        self.text = text
        self.token = token
        self.probability = probability
        self.alternatives = alternatives
        self.finish = finish
        self.promptTokens = promptTokens
        self.completionTokens = completionTokens
        self.cachedTokens = cachedTokens
    }
}

/// Why there is no answer.
package enum GenerationError: Error, Equatable, Sendable {
    /// The request cannot be answered by this model; the sentence says why.
    case invalid(String)
    /// Too many wait; when to come back.
    case full(retryAfter: Duration)
    /// The model cannot compute; the sentence says why.
    case failed(String)
}

extension GenerationError {
    /// In one sentence.
    var sentence: String {
        switch self {
        case .invalid(let sentence), .failed(let sentence): sentence
        case .full: "too many requests wait"
        }
    }
}
