// What a model is for, by the class that its config.json names: transformers' classes end with the head that they have.

import JSON
package import ModelErrors

/// What a model makes of a text.
package enum EncoderTask: String, Sendable {
    /// A vector.
    case embedding
    /// A number for each label, or one alone.
    case classification
    /// Where in a text the answer to a question stands.
    case questionAnswering

    /// The ends of the classes that have a head of these kinds.
    private static let heads: [(suffix: String, task: EncoderTask)] = [
        ("ForSequenceClassification", .classification), ("ForQuestionAnswering", .questionAnswering),
    ]
    /// Heads that are not computed: of such a model, the mean of the tokens is no answer.
    private static let unknown = ["ForTokenClassification", "ForMultipleChoice", "ForNextSentencePrediction"]

    /// Reads the task of a transformer's directory.
    ///
    /// - Throws: `ModelError` that names a head that is not computed.
    init(directory: String) throws(ModelError) {
        self = .embedding
        guard let config = try ModelSettings(path: directory + "/config.json") else { return }
        let classes = (config["architectures"]?.array ?? []).compactMap(\.string)
        // Heads that guess words are of no use but in training; what they stand on makes the vectors.
        guard !classes.contains(where: { name in Self.unknown.contains { name.hasSuffix($0) } }) else {
            throw config.refusal(
                of: "architectures",
                "use a model that makes vectors of texts, classifies them or answers questions, or save this one with "
                    + "sentence-transformers, whose modules.json says how")
        }
        if let head = Self.heads.first(where: { head in classes.contains { $0.hasSuffix(head.suffix) } }) {
            self = head.task
        }
    }
}

/// What comes after the encoder.
enum ModelHead: Sendable {
    case embedding(EmbeddingHead)
    case classification(ClassificationHead)
    case answers(QuestionHead)

    /// Whether it takes the first token's vector of each text and no other.
    var usesFirstRowOnly: Bool {
        switch self {
        case .embedding(let head): head.usesFirstRowOnly
        case .classification: true
        case .answers: false
        }
    }
}

/// Tensors of a head by name: of a folder's weights, or out of an artifact.
struct HeadTensors {
    /// A tensor of that name and shape.
    ///
    /// - Throws: `ModelError` where it is not there.
    let floats: (_ name: String, _ shape: [Int]) throws(ModelError) -> [Float]

    /// Two tensors, weight and bias, as a layer.
    func layer(
        _ name: String, from input: Int, to output: Int, _ activation: DenseLayer.Activation = .identity
    ) throws(ModelError) -> DenseLayer {
        DenseLayer(
            weights: try floats(name + ".weight", [output, input]),
            bias: try floats(name + ".bias", [output]),
            inputSize: input, activation: activation)
    }
}

extension EmbeddingModel {
    /// Refuses a model whose numbers are no vectors of texts.
    ///
    /// - Throws: `ModelError` that says what the model is for.
    package func requireVectors() throws(ModelError) {
        let what: String
        switch task {
        case .embedding: return
        case .classification: what = "classifies texts (its config.json names a ...ForSequenceClassification)"
        case .questionAnswering: what = "answers questions (its config.json names a ...ForQuestionAnswering)"
        }
        throw ModelError(
            directory, what,
            "serve it with ganglion-model-server, or name a model that makes vectors of texts")
    }
}
