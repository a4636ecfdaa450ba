// A language model that others have taken the memory of: what it was is still told, and nobody can ask it.

/// What is left of a language model that is on no cores.
struct UnloadedGenerator: TextGenerator {
    let information: TextGeneratorInformation

    var load: TextGeneratorLoad { TextGeneratorLoad() }

    func tokens(of prompt: GenerationRequest.Prompt) throws(GenerationError) -> [Int] { throw Self.refusal }

    func generate(_ request: GenerationRequest) -> AsyncThrowingStream<GenerationPiece, any Error> {
        AsyncThrowingStream { $0.finish(throwing: Self.refusal) }
    }

    private static let refusal = GenerationError.failed("the model is not on its cores: ask again")
}
