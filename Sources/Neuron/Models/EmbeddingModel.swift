// A model as it lies on disk: configuration, tokenizer, weights and what comes after them. Groups of one process that use the
// same weights share them in host memory, while every group's device memory counts them: that is what separate chips would
// hold.

package import ModelErrors
import NeuronArtifact
package import NeuronProgram
package import NeuronRuntime
import SystemIO
import Tokenizers

/// A text cut into ids that the model's tables have rows for.
package struct TokenizedText: Sendable {
    /// From [CLS] to [SEP].
    package let ids: [Int32]
    /// The token type of each; none where all are 0.
    let types: [Int32]
    /// Tokens at the beginning that are a prompt's, the mark before it included.
    let promptTokens: Int

    /// Ids that somebody else has cut. The caller has checked that the model has rows for all of them.
    package init(ids: [Int32]) { self.init(ids: ids, types: []) }

    init(ids: [Int32], types: [Int32], promptTokens: Int = 0) {
        self.ids = ids
        self.types = types
        self.promptTokens = promptTokens
    }

    /// The token type of each id.
    var allTypes: [Int32] { types.isEmpty ? [Int32](repeating: 0, count: ids.count) : types }
}

/// A BERT-family model: it turns a text into a vector, as sentence-transformers does, or into what its head makes of it.
package final class EmbeddingModel: Sendable {
    /// Where it came from.
    package let directory: String
    /// The sizes of its encoder.
    package let configuration: ModelConfiguration
    /// What it makes of texts.
    package let task: EncoderTask
    /// Numbers of its vectors, or labels.
    package var dimension: Int {
        switch head {
        case .embedding(let head): head.dimension
        case .classification(let head): head.settings.labels.count
        case .answers: 2
        }
    }
    /// What a classifier's numbers mean; nil for other models.
    package var classifier: ClassifierSettings? {
        if case .classification(let head) = head { head.settings } else { nil }
    }
    /// Whether it has been compiled: its weights are mapped as they are used.
    package var isCompiled: Bool {
        if case .artifact = origin { true } else { false }
    }

    let head: ModelHead
    private let tokenizer: Tokenizer
    /// In front of every text.
    private let prompt: String
    /// What may stand in front of a text instead, by name.
    private let prompts: [String: String]
    private let origin: Origin
    /// What neuronx-cc has made of the folder's model; nil where it is not there.
    private let neff: String?
    /// The file of its weights or their index, or its artifact.
    let weightsPath: String
    /// All files of weights, the index among them; the artifact alone.
    let weightsPaths: [String]
    /// Where its encoder's files are.
    let transformer: String
    /// Where its weights have what names.
    let family: EncoderFamily

    /// Where its weights come from.
    private enum Origin {
        case file(WeightsFile)
        /// Only what neuronx-cc has compiled: a folder without weights.
        case none
        case artifact(Artifact, EncoderProgram)
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
        try ModelArchive.reading(artifact) { () throws(ModelError) in
            try EmbeddingModel(directory: artifact.path, weights: WeightsStore(), artifact: artifact)
        }
    }

    convenience init(directory: String, weights: WeightsStore) throws(ModelError) {
        try self.init(directory: directory, weights: weights, artifact: nil)
    }

    private init(
        directory: String, weights: WeightsStore, artifact: Artifact?
    ) throws(ModelError) {
        let modules = try SentenceModules(directory: directory)
        self.transformer = modules.transformer
        let task = try modules.isPoolingListed ? .embedding : EncoderTask(directory: modules.transformer)
        self.task = task
        family = try EncoderFamily(directory: modules.transformer)
        try refuseAdapter(directory: modules.transformer)
        var configuration = try ModelConfiguration(directory: modules.transformer)
        let settingsOfTransformer = try TransformerSettings.read(directory: modules.transformer, for: task)
        let settings = try TokenizerSettings(directory: modules.transformer)
        tokenizer = try settings.tokenizer(lowercases: settingsOfTransformer.lowercase)
        guard tokenizer.vocabularyCount <= configuration.vocabularySize else {
            throw ModelError(
                settings.file.subject,
                "has \(tokenizer.vocabularyCount) tokens, where config.json says \(configuration.vocabularySize)",
                "use the vocabulary that belongs to the model")
        }
        let longest =
            settingsOfTransformer.maximumTokens ?? settings.maximumTokens ?? configuration.longestText
        configuration.maximumTokens = min(longest, configuration.longestText)
        let marks = tokenizer.template.prefix.count + tokenizer.template.suffix.count
        // A text of no words has to have a token, and one of many room for some.
        guard (1...configuration.maximumTokens).contains(marks) else {
            throw ModelError(
                "\(settings.file.subject) key post_processor",
                "puts \(marks) tokens around a text of at most \(configuration.maximumTokens)",
                "use a model with a token before or behind a text, such as [CLS] and [SEP]")
        }
        let sentences = try SentenceSettings(directory: directory)
        prompt = sentences.prompt
        prompts = sentences.prompts
        guard prompt.isEmpty || task == .embedding else {
            throw ModelError(
                directory + "/config_sentence_transformers.json key default_prompt_name",
                "is of a model that compares texts", "use a model without it")
        }
        let compiled = directory + "/model.neff"
        let hasCompiled = artifact == nil ? try isPresent(compiled) : false
        neff = hasCompiled ? compiled : nil
        if let artifact {
            let own = try EncoderProgram(artifact)
            let (ours, theirs) = (own.configuration, configuration)
            configuration = ours
            configuration.maximumTokens = min(ours.maximumTokens, theirs.maximumTokens)
            guard ours.hasSizes(of: theirs) else {
                throw ModelError(
                    artifact.path, "has a program of other sizes than its config.json",
                    "compile the model again")
            }
            origin = .artifact(artifact, own)
            weightsPath = artifact.path
            weightsPaths = [artifact.path]
        } else {
            let paths = try TensorFiles.paths(directory: modules.transformer)
            weightsPath = paths?[0] ?? modules.transformer + "/model.safetensors"
            weightsPaths = paths ?? []
            origin = paths != nil || neff == nil ? .file(try weights.file(at: modules.transformer)) : .none
        }
        head = try Self.head(
            task, modules, sentences, configuration, Self.headTensors(origin, family, weightsPath), family)
        self.directory = directory
        self.configuration = configuration
    }

    /// Where a head's tensors are.
    private static func headTensors(
        _ origin: Origin, _ family: EncoderFamily, _ path: String
    ) -> HeadTensors {
        HeadTensors { name, shape throws(ModelError) in
            switch origin {
            case .file(let file): return try file.tensors.floats(name, of: family, shape: shape)
            case .none: throw ModelError(path, "is missing, which has the model's head", "copy it as well")
            case .artifact(let artifact, _):
                let count = shape.reduce(1, *)
                guard let octets = artifact.section(headSection + name), octets.count == count * 4 else {
                    throw ModelError(artifact.path, "has no \(headSection)\(name)", "compile the model again")
                }
                return (0..<count).map { octets.loadUnaligned(fromByteOffset: $0 * 4, as: Float.self) }
            }
        }
    }

    /// What an artifact calls the tensors of a head, before their names.
    static let headSection = "head/"

    private static func head(
        _ task: EncoderTask, _ modules: SentenceModules, _ sentences: SentenceSettings,
        _ configuration: ModelConfiguration, _ tensors: HeadTensors, _ family: EncoderFamily
    ) throws(ModelError) -> ModelHead {
        let tensors = HeadTensors { name, shape throws(ModelError) in
            let floats = try tensors.floats(name, shape)
            HeadRecord.current?.add(name, floats)
            return floats
        }
        switch task {
        case .embedding:
            return .embedding(
                try EmbeddingHead(
                    modules, hiddenSize: configuration.hiddenSize, keptNumbers: sentences.keptNumbers))
        case .classification:
            let settings = try ClassifierSettings(
                directory: modules.transformer, activation: sentences.activation)
            return .classification(
                try ClassificationHead(tensors, family, hiddenSize: configuration.hiddenSize, settings))
        case .questionAnswering:
            return .answers(try QuestionHead(tensors, hiddenSize: configuration.hiddenSize))
        }
    }

    /// Cuts a text into ids; what is beyond `configuration.maximumTokens` is left out.
    package func tokenize(_ text: String) -> TokenizedText { tokenize(text, behind: prompt) }

    /// Cuts a text into ids behind a prompt that the model's folder has by a name, whatever its default prompt is.
    ///
    /// - Throws: `ModelError` for a name that the folder does not have.
    package func tokenize(_ text: String, promptName: String) throws(ModelError) -> TokenizedText {
        guard let prompt = prompts[promptName] else {
            throw ModelError(
                directory + "/config_sentence_transformers.json key prompts",
                "has no \(promptName)",
                prompts.isEmpty
                    ? "leave the name out" : "name one of \(prompts.keys.sorted().joined(separator: ", "))")
        }
        return tokenize(text, behind: prompt)
    }

    private func tokenize(_ text: String, behind prompt: String) -> TokenizedText {
        let ids = tokenizer.encodeWithMarks(prompt + text, count: configuration.maximumTokens)
        guard !prompt.isEmpty else { return TokenizedText(ids: ids) }
        // As sentence-transformers reckons: what the prompt alone comes to, without the mark behind it.
        let own = tokenizer.encodeWithMarks(prompt, count: configuration.maximumTokens).count
        return TokenizedText(
            ids: ids, types: [], promptTokens: own - min(1, tokenizer.template.suffix.count))
    }

    /// Cuts two texts that belong together; of the longer the end is left out where both are too long.
    package func tokenize(_ text: String, pairedWith other: String) -> TokenizedText {
        let pair = tokenizer.encodePair(text, other, count: configuration.maximumTokens)
        return TokenizedText(ids: pair.ids, types: configuration.typeCount > 1 ? pair.types : [])
    }

    /// Cuts a question and a text that may have the answer.
    ///
    /// - Throws: `ModelError` when the question leaves no room for a text.
    package func ask(
        _ question: String, of context: String, options: AnswerOptions = AnswerOptions()
    ) throws(ModelError) -> Question {
        try Question(
            question, context, tokenizer, limit: configuration.maximumTokens,
            hasTypes: configuration.typeCount > 1, options: options)
    }

    /// What a runtime loads onto a group of so many cores. A folder is compiled at the first call.
    ///
    /// - Parameter formats: what the runtime takes.
    /// - Throws: `ModelError` when so many cores cannot share the model, or its weights are not those of config.json.
    package func program(cores: Int, formats: [ProgramFormat]) throws(ModelError) -> Program {
        if let neff, formats.contains(.neff) { return .neff(path: neff) }
        switch origin {
        case .none:
            throw ModelError(
                weightsPath, "is missing, and the model.neff beside it runs on NeuronCores only",
                "copy the weights as well, or serve the folder on a machine with NeuronCores")
        case .file:
            return .artifact(
                MemoryProgram(try weights(degree: cores), configuration, path: directory))
        case .artifact(let artifact, let program):
            guard cores == program.cores else {
                throw ModelError(
                    artifact.path, "was compiled for \(program.cores) cores, and its group has \(cores)",
                    "set the tensor parallel degree to \(program.cores), or compile with --cores \(cores)")
            }
            return .artifact(artifact)
        }
    }

    /// The weights cut for `degree` cores, read at the first call.
    func weights(degree: Int) throws(ModelError) -> ModelWeights {
        switch origin {
        case .file(let file):
            // Names this model's file, whoever has opened it first.
            try configuration.check(degree: degree, subject: weightsPath)
            return try file.weights(family, configuration.ofWeights, degree: degree)
        case .none:
            throw ModelError(weightsPath, "is missing", "download it")
        case .artifact(_, let program):
            _ = try self.program(cores: degree, formats: [.artifact])
            return try program.weights()
        }
    }
}

extension ModelConfiguration {
    /// Whether the weights of both have the same shapes and meaning.
    func hasSizes(of other: ModelConfiguration) -> Bool {
        var (one, two) = (ofWeights, other.ofWeights)
        one.dataType = .float32
        two.dataType = .float32
        return one == two
    }
}
