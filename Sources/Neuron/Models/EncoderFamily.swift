// The families of encoders that are computed: where each has its sizes in config.json, and what its tensors are called. Arithmetic
// that is another's (another activation, other positions) is refused.

import JSON
import ModelErrors
import NeuronProgram
import SystemIO

/// The values of `model_type` in config.json that are no encoders'.
package enum ModelTypes {
    /// Those of models that write text.
    package static let languageModels = ["gpt2", "llama", "mistral", "qwen2"]
}

/// A family of encoders.
enum EncoderFamily: String, CaseIterable, Sendable {
    /// MiniLM is one of these.
    case bert
    case electra
    case distilbert
    /// XLM-R and CamemBERT are the same but for their tokenizers.
    case roberta
    case mpnet

    /// The values of `model_type`.
    static let types: [String: EncoderFamily] = [
        "bert": .bert, "electra": .electra, "distilbert": .distilbert, "roberta": .roberta,
        "xlm-roberta": .roberta, "camembert": .roberta, "mpnet": .mpnet,
    ]

    /// The keys of config.json that are called otherwise than BERT's.
    private var keys: [String: String] {
        switch self {
        case .distilbert:
            [
                "hidden_size": "dim", "num_hidden_layers": "n_layers", "num_attention_heads": "n_heads",
                "intermediate_size": "hidden_dim", "hidden_act": "activation",
            ]
        default: [:]
        }
    }

    /// What config.json calls a setting of BERT's.
    func key(_ name: String) -> String { keys[name] ?? name }

    /// What may stand before the names of tensors, the empty text included.
    var prefixes: [String] {
        switch self {
        case .bert: ["", "bert."]
        case .electra: ["", "electra."]
        case .distilbert: ["", "distilbert."]
        case .roberta: ["", "roberta."]
        case .mpnet: ["", "mpnet."]
        }
    }

    /// Whether there is a table of token types.
    var hasTypes: Bool { self != .distilbert && self != .mpnet }

    /// The tensors of a layer, without `.weight` and `.bias`.
    struct LayerNames {
        var query: String
        var key: String
        var value: String
        var output: String
        var attentionNorm: String
        var expand: String
        var contract: String
        var outputNorm: String
    }

    /// What the tensors of a layer are called.
    func names(layer: Int) -> LayerNames {
        switch self {
        case .bert, .electra, .roberta:
            let name = "encoder.layer.\(layer)."
            return LayerNames(
                query: name + "attention.self.query", key: name + "attention.self.key",
                value: name + "attention.self.value", output: name + "attention.output.dense",
                attentionNorm: name + "attention.output.LayerNorm", expand: name + "intermediate.dense",
                contract: name + "output.dense", outputNorm: name + "output.LayerNorm")
        case .distilbert:
            let name = "transformer.layer.\(layer)."
            return LayerNames(
                query: name + "attention.q_lin", key: name + "attention.k_lin",
                value: name + "attention.v_lin", output: name + "attention.out_lin",
                attentionNorm: name + "sa_layer_norm", expand: name + "ffn.lin1",
                contract: name + "ffn.lin2", outputNorm: name + "output_layer_norm")
        case .mpnet:
            let name = "encoder.layer.\(layer)."
            return LayerNames(
                query: name + "attention.attn.q", key: name + "attention.attn.k",
                value: name + "attention.attn.v", output: name + "attention.attn.o",
                attentionNorm: name + "attention.LayerNorm", expand: name + "intermediate.dense",
                contract: name + "output.dense", outputNorm: name + "output.LayerNorm")
        }
    }
}

extension EncoderFamily {
    /// The family that a transformer's directory names.
    ///
    /// - Throws: `ModelError` that names the file, the key and the value.
    init(directory: String) throws(ModelError) {
        let path = directory + "/config.json"
        guard let config = try ModelSettings(path: path) else {
            guard Files.kind(directory, following: true) != .file else {
                throw ModelError(
                    directory, "is a file that \"ganglion compile\" has not made of an encoder",
                    "name a model's folder; a file of GGUF is for text, and may be damaged where it is not taken"
                )
            }
            throw ModelError(path, "is missing", "name the directory of an encoder such as BERT")
        }
        // Files of before 2019 say nothing, and are BERT's.
        let name = try config.string("model_type") ?? "bert"
        guard let family = Self.types[name] else {
            throw config.refusal(
                of: "model_type",
                "use a model of \(Self.types.keys.sorted().joined(separator: ", ")), or one that writes text of "
                    + ModelTypes.languageModels.joined(separator: ", "))
        }
        self = family
    }
}
