// The heads of transformers' ...ForSequenceClassification: of a text's first token a layer with an activation, then a number for
// each label. What becomes of these is the pipeline's, or for pairs of texts the CrossEncoder's.

import Glibc
import JSON
import ModelErrors
import NeuronProgram

/// What is done to a text's logits.
package enum ScoreFunction: String, Sendable, CaseIterable {
    case softmax
    case sigmoid
    case none

    /// Scores of logits.
    package func callAsFunction(_ logits: [Float]) -> [Float] {
        switch self {
        case .none: return logits
        case .sigmoid: return logits.map { 1 / (1 + Glibc.expf(-$0)) }
        case .softmax:
            let largest = logits.max() ?? 0
            let powers = logits.map { Glibc.expf($0 - largest) }
            let sum = powers.reduce(0, +)
            return powers.map { $0 / sum }
        }
    }
}

/// What a classifier's logits mean.
package struct ClassifierSettings: Equatable, Sendable {
    /// One for each logit, at least one.
    package let labels: [String]
    /// What transformers' pipeline does to logits.
    package let function: ScoreFunction
    /// What sentence-transformers' CrossEncoder does to them.
    package let pairFunction: ScoreFunction

    /// Reads `config.json` of a transformer's directory.
    ///
    /// - Parameter activation: of config_sentence_transformers.json, which counts first.
    /// - Throws: `ModelError` that names the file, the key and the value.
    init(directory: String, activation: String?) throws(ModelError) {
        let config = try ModelSettings.required(directory)
        labels = try Self.labels(config)
        let one = labels.count == 1
        switch try config.string("problem_type") {
        case nil: function = one ? .sigmoid : .softmax
        case "regression": function = .none
        case "multi_label_classification": function = .sigmoid
        case "single_label_classification": function = one ? .sigmoid : .softmax
        default:
            throw config.refusal(
                of: "problem_type",
                "use a model of regression, single_label_classification or multi_label_classification")
        }
        var name = activation
        if name == nil { name = try config.object("sentence_transformers")?.string("activation_fn") }
        if name == nil { name = try config.string("sbert_ce_default_activation_function") }
        // Names have been torch.nn.modules.activation.Sigmoid and torch.nn.Sigmoid.
        switch name?.split(separator: ".").last {
        case nil: pairFunction = one ? .sigmoid : .none
        case "Sigmoid": pairFunction = .sigmoid
        case "Identity": pairFunction = .none
        default:
            throw ModelError(
                "\(directory)/config.json key sentence_transformers.activation_fn", "is \(name ?? "")",
                "use a model with Sigmoid or Identity")
        }
    }

    private static func labels(_ config: ModelSettings) throws(ModelError) -> [String] {
        guard let names = try config.object("id2label") else {
            let count = try config.int("num_labels", 1...65_536) ?? 2
            return (0..<count).map { "LABEL_\($0)" }
        }
        var labels: [String] = []
        for number in 0..<names.keys.count {
            guard let label = try names.string(String(number)) else {
                throw config.refusal(of: "id2label", "give each number from 0 on its label")
            }
            labels.append(label)
        }
        guard !labels.isEmpty, labels.count <= 65_536 else {
            throw config.refusal(of: "id2label", "give 1 to 65536 labels")
        }
        return labels
    }
}

/// Makes logits of a text's first token.
struct ClassificationHead: Sendable {
    let settings: ClassifierSettings
    private let layers: [DenseLayer]

    /// Reads the layers.
    ///
    /// - Throws: `ModelError` for a tensor that is missing.
    init(
        _ tensors: HeadTensors, _ family: EncoderFamily, hiddenSize: Int, _ settings: ClassifierSettings
    ) throws(ModelError) {
        self.settings = settings
        let names = family.classifier
        layers = [
            try tensors.layer(names.first, from: hiddenSize, to: hiddenSize, names.activation),
            try tensors.layer(names.second, from: hiddenSize, to: settings.labels.count),
        ]
    }

    /// A number for each label.
    ///
    /// - Parameter states: the vectors of a text's tokens.
    func apply(_ states: UnsafePointer<Float>) -> [Float] {
        let first = Array(UnsafeBufferPointer(start: states, count: layers[0].inputSize))
        return layers.reduce(first) { $1.apply($0) }
    }
}

extension EncoderFamily {
    /// The two layers of a classifier, and what is between.
    fileprivate var classifier: (first: String, second: String, activation: DenseLayer.Activation) {
        switch self {
        case .bert: ("pooler.dense", "classifier", .tanh)
        case .distilbert: ("pre_classifier", "classifier", .relu)
        case .electra: ("classifier.dense", "classifier.out_proj", .gelu)
        case .roberta, .mpnet: ("classifier.dense", "classifier.out_proj", .tanh)
        }
    }
}

/// Makes of each token two logits: that an answer begins with it, and that one ends.
struct QuestionHead: Sendable {
    private let layer: DenseLayer

    /// Reads `qa_outputs`.
    ///
    /// - Throws: `ModelError` where it is missing.
    init(_ tensors: HeadTensors, hiddenSize: Int) throws(ModelError) {
        layer = try tensors.layer("qa_outputs", from: hiddenSize, to: 2)
    }

    /// All logits of beginnings, then all of ends.
    func apply(_ states: UnsafePointer<Float>, rows: Int) -> [Float] {
        var starts: [Float] = []
        var ends: [Float] = []
        for row in 0..<rows {
            let width = layer.inputSize
            let both = layer.apply(Array(UnsafeBufferPointer(start: states + row * width, count: width)))
            starts.append(both[0])
            ends.append(both[1])
        }
        return starts + ends
    }
}
