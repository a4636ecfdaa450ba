// A model as it lies on disk: configuration, tokenizer, weights and what comes after them. Groups of one process that use the
// same weights share them in host memory, while every group's device memory counts them: that is what separate chips would
// hold.

import NeuronArtifact
import SystemIO

/// A text cut into ids that the model's tables have rows for.
package struct TokenizedText: Sendable {
    /// From [CLS] to [SEP].
    package let ids: [Int32]
}

/// A BERT-family model that turns a text into a vector, as sentence-transformers does.
package final class EmbeddingModel: Sendable {
    /// Where it came from.
    package let directory: String
    /// The sizes of its encoder.
    package let configuration: ModelConfiguration
    /// Numbers of its vectors.
    package var dimension: Int { head.dimension }
    /// Whether it has been compiled: its weights are mapped as they are used.
    package var isCompiled: Bool {
        if case .artifact = origin { true } else { false }
    }

    let head: EmbeddingHead
    private let tokenizer: WordPieceTokenizer
    /// In front of every text.
    private let prompt: String
    private let origin: Origin
    /// The file of its weights, or its artifact.
    let weightsPath: String

    /// Where its weights come from.
    private enum Origin {
        case file(WeightsFile)
        case artifact(ArtifactWeights)
    }

    /// Reads everything but the weights, of which it checks the header.
    ///
    /// - Parameters:
    ///   - directory: as sentence-transformers saves it; at least `config.json`, `model.safetensors`, and `tokenizer.json` or
    ///     `vocab.txt`.
    ///   - weights: files that have been read already.
    /// - Throws: `ModelError` that names the file, the value and the mend.
    package convenience init(directory: String) throws(ModelError) {
        try self.init(directory: directory, weights: WeightsStore())
    }

    /// Reads all but the weights out of an artifact.
    ///
    /// - Throws: `ModelError` when a part of it is missing, or contradicts another.
    static func compiled(_ artifact: Artifact) throws(ModelError) -> EmbeddingModel {
        let archive = ModelArchive(artifact: artifact)
        let result = ModelArchive.$current.withValue(archive) {
            Result { () throws(ModelError) in
                try EmbeddingModel(directory: artifact.path, weights: WeightsStore(), artifact: artifact)
            }
        }
        return try result.get()
    }

    convenience init(directory: String, weights: WeightsStore) throws(ModelError) {
        try self.init(directory: directory, weights: weights, artifact: nil)
    }

    private init(
        directory: String, weights: WeightsStore, artifact: Artifact?
    ) throws(ModelError) {
        let modules = try SentenceModules(directory: directory)
        var configuration = try ModelConfiguration(directory: modules.transformer)
        let transformer = try TransformerSettings.read(directory: modules.transformer)
        var settings = try TokenizerSettings(directory: modules.transformer)
        settings.lowercasesFirst = transformer.lowercase && !settings.normalizer.lowercase
        tokenizer = try WordPieceTokenizer(settings)
        guard tokenizer.vocabularyCount <= configuration.vocabularySize else {
            throw ModelError(
                settings.subject,
                "has \(tokenizer.vocabularyCount) tokens, where config.json says \(configuration.vocabularySize)",
                "use the vocabulary that belongs to the model")
        }
        let longest = transformer.maximumTokens ?? settings.maximumTokens ?? configuration.positionCount
        configuration.maximumTokens = min(longest, configuration.positionCount)
        let sentences = try SentenceSettings(directory: directory)
        head = try EmbeddingHead(
            modules, hiddenSize: configuration.hiddenSize, keptNumbers: sentences.keptNumbers)
        prompt = sentences.prompt
        guard prompt.isEmpty || head.pooling.includesPrompt else {
            throw ModelError(
                "\(modules.pooling)/config.json key include_prompt",
                "is false, and the model has a default prompt",
                "use a model without one of the two")
        }
        if let artifact {
            let own = try ArtifactWeights(artifact, configuration)
            configuration = own.configuration
            origin = .artifact(own)
            weightsPath = artifact.path
        } else {
            origin = .file(try weights.file(at: modules.transformer))
            weightsPath = modules.transformer + "/model.safetensors"
        }
        self.directory = directory
        self.configuration = configuration
    }

    /// Cuts a text into ids; what is beyond `configuration.maximumTokens` is left out.
    package func tokenize(_ text: String) -> TokenizedText {
        TokenizedText(ids: tokenizer.encode(prompt + text, limit: configuration.maximumTokens))
    }

    /// The weights cut for `degree` cores, read at the first call.
    func weights(degree: Int) throws(ModelError) -> ModelWeights {
        // Names this model's file, whoever has opened it first.
        try configuration.check(degree: degree, subject: weightsPath)
        switch origin {
        case .file(let file): return try file.weights(configuration.ofWeights, degree: degree)
        case .artifact(let artifact): return try artifact.weights(degree: degree)
        }
    }
}
