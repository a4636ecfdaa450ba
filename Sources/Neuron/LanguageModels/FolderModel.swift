// A decoder in a folder as transformers saves it: config.json, its tensors in safetensors, its tokenizer. What config.json says
// is computed, or refused with its key and value.

import Glibc
import JSON
import ModelErrors
import Models
import NeuronProgram

/// What a folder says of its decoder.
struct FolderModel {
    let tensors: TensorFiles
    let names: DecoderNames
    let configuration: DecoderConfiguration
    let frequencies: [Float]?

    /// The values of `model_type`.
    static let types = ModelTypes.languageModels

    /// Whether a folder has a decoder that is computed, going by its config.json's `model_type`.
    static func isOne(_ directory: String) -> Bool {
        guard let config = try? ModelSettings(path: directory + "/config.json"),
            let type = try? config.string("model_type")
        else { return false }
        return types.contains(type)
    }

    /// Reads the sizes, and the heads of the files of tensors.
    ///
    /// - Throws: `ModelError` that names the file, the key and the value.
    init(directory: String) throws(ModelError) {
        let path = directory + "/config.json"
        guard let config = try ModelSettings(path: path) else {
            throw ModelError(path, "is missing", "name the folder of a language model")
        }
        guard let type = try config.string("model_type"), Self.types.contains(type) else {
            throw config.refusal(of: "model_type", "take a model of \(Self.types.joined(separator: ", "))")
        }
        try config.requireEmpty(["quantization_config", "auto_map", "pruned_heads"])
        try refuseAdapter(directory: directory)
        let keys = FolderKeys(config: config)
        tensors = try TensorFiles(directory: directory)
        configuration = type == "gpt2" ? try keys.gpt2() : try keys.llama(type)
        frequencies = type == "gpt2" ? nil : try keys.frequencies(rotated: configuration.rotatedSize)
        names = try Self.names(type, tensors, config, isTied: configuration.isTied)
        try checkBiases(type, config)
    }

    /// Which matrices have biases follows from config.json alone: others in the files belong to another model, and transformers
    /// would not compute them.
    private func checkBiases(_ type: String, _ config: ModelSettings) throws(ModelError) {
        var key = "model_type"
        let wanted: [String]
        switch type {
        case "gpt2": wanted = [names.fused ?? "", names.output, names.up, names.down]
        case "qwen2": wanted = [names.query, names.key, names.value]
        case "llama":
            key = "attention_bias"
            wanted =
                try config.bool(key) ?? false ? [names.query, names.key, names.value, names.output] : []
        default: wanted = []
        }
        let all = wanted + [names.query, names.key, names.value, names.output, names.up, names.down]
        for layer in 0..<configuration.layerCount {
            for name in all where !name.isEmpty {
                let tensor = "\(names.prefix)\(names.layers).\(layer).\(name).bias"
                guard tensors.has(tensor) != wanted.contains(name) else { continue }
                throw ModelError(
                    "\(tensors.path) tensor \(tensor)", tensors.has(tensor) ? "is there" : "is missing",
                    "use the files of one model: by config.json, key \(key), a layer has "
                        + (wanted.isEmpty ? "no biases" : "the biases of \(wanted.joined(separator: ", "))"))
            }
        }
    }

    /// The names with what stands before them: a model that was saved without its head has none of it.
    private static func names(
        _ type: String, _ tensors: TensorFiles, _ config: ModelSettings, isTied: Bool
    ) throws(ModelError) -> DecoderNames {
        if type == "gpt2" {
            var names = DecoderNames.gpt2
            if tensors.has("transformer.wte.weight") { names.prefix = "transformer." }
            guard isTied || names.prefix.isEmpty else {
                throw config.refusal(of: "tie_word_embeddings", "take a GPT-2 whose logits are of its words")
            }
            return names
        }
        return tensors.has("model.embed_tokens.weight") ? .llama : .llamaWithoutHead
    }

    /// Tensors that mean nothing: masks and angles that older versions have saved, and a copy of the words.
    static func isIgnored(_ name: String, isTied: Bool) -> Bool {
        name.hasSuffix(".attn.bias") || name.hasSuffix(".attn.masked_bias")
            || name.hasSuffix(".rotary_emb.inv_freq") || isTied && name == "lm_head.weight"
    }
}

extension DecoderNames {
    /// As Hugging Face has those of the Llama family where the model was saved without what makes logits.
    static let llamaWithoutHead: DecoderNames = {
        var names = DecoderNames.llama
        names.words = "embed_tokens"
        names.finalNorm = "norm"
        names.layers = "layers"
        return names
    }()
}

/// Keys of config.json.
private struct FolderKeys {
    let config: ModelSettings

    func number(
        _ key: String, _ range: ClosedRange<Int>, otherwise fallback: Int? = nil
    ) throws(ModelError) -> Int {
        guard let value = try config.int(key, range) ?? fallback else {
            throw config.refusal(
                of: key, "give a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    func epsilon(_ key: String, otherwise fallback: Double) throws(ModelError) -> Float {
        let value = try config.double(key) ?? fallback
        guard (0...1).contains(value) else { throw config.refusal(of: key, "give a number from 0 to 1") }
        return Float(value)
    }

    func gpt2() throws(ModelError) -> DecoderConfiguration {
        try config.require("activation_function", in: ["gelu_new", "gelu_pytorch_tanh"])
        try config.require("scale_attn_weights", in: [true])
        try config.require("scale_attn_by_inverse_layer_idx", in: [false])
        try config.require("add_cross_attention", in: [false])
        let hidden = try number("n_embd", 1...65_536)
        let heads = try number("n_head", 1...1_024)
        guard hidden % heads == 0 else { throw config.refusal(of: "n_head", "give a divisor of n_embd") }
        var sizes = DecoderConfiguration(
            hiddenSize: hidden, layerCount: try number("n_layer", 1...512), headCount: heads,
            keyValueHeadCount: heads, headSize: hidden / heads,
            intermediateSize: try number("n_inner", 1...1 << 20, otherwise: 4 * hidden),
            vocabularySize: try number("vocab_size", 1...4_000_000),
            positionCount: try number("n_positions", 1...1 << 24),
            epsilon: try epsilon("layer_norm_epsilon", otherwise: 1e-5))
        sizes.positions = .table
        sizes.norm = .layer
        sizes.activation = .gelu
        sizes.rotatedSize = 0
        sizes.isTied = try config.bool("tie_word_embeddings") ?? true
        return sizes
    }

    func llama(_ type: String) throws(ModelError) -> DecoderConfiguration {
        try config.require("hidden_act", in: ["silu"])
        try config.require("partial_rotary_factor", in: [1, 1.0], "take a model with 1")
        try config.require("use_sliding_window", in: [false])
        try config.require("mlp_bias", in: [false])
        let kinds = config["layer_types"]?.array ?? []
        guard kinds.allSatisfy({ $0.string == "full_attention" }) else {
            throw config.refusal(of: "layer_types", "take a model with full_attention in all layers")
        }
        let hidden = try number("hidden_size", 1...65_536)
        let heads = try number("num_attention_heads", 1...1_024)
        let head = try number("head_dim", 1...1_024, otherwise: max(1, hidden / heads))
        let keyHeads = try number("num_key_value_heads", 1...heads, otherwise: heads)
        guard heads % keyHeads == 0 else {
            throw config.refusal(of: "num_key_value_heads", "give a divisor of num_attention_heads")
        }
        guard head % 2 == 0 else { throw config.refusal(of: "head_dim", "give an even number") }
        var sizes = DecoderConfiguration(
            hiddenSize: hidden, layerCount: try number("num_hidden_layers", 1...512), headCount: heads,
            keyValueHeadCount: keyHeads, headSize: head,
            intermediateSize: try number("intermediate_size", 1...1 << 20),
            vocabularySize: try number("vocab_size", 1...4_000_000),
            positionCount: try number("max_position_embeddings", 1...1 << 24),
            epsilon: try epsilon("rms_norm_eps", otherwise: 1e-6))
        sizes.positions = .rotaryHalves
        sizes.isTied = try config.bool("tie_word_embeddings") ?? false
        if type == "mistral" { try checkWindow(positions: sizes.positionCount) }
        return sizes
    }

    /// A window as long as the longest text is none. A file that does not say has one of 4096, one with null has none.
    private func checkWindow(positions: Int) throws(ModelError) {
        let given = try config.int("sliding_window", 1...1 << 24)
        guard let window = given ?? (config.isNull("sliding_window") ? nil : 4_096), window < positions else {
            return
        }
        throw config.refusal(
            of: "sliding_window",
            "take a model with null there: without a word it is 4096, and max_position_embeddings is \(positions)"
        )
    }

    /// An angle for each pair at position 1. Version 5 of transformers has base and scaling in `rope_parameters`.
    func frequencies(rotated: Int) throws(ModelError) -> [Float] {
        let parameters = try config.object("rope_parameters")
        var given = try parameters?.double("rope_theta")
        if given == nil { given = try config.double("rope_theta") }
        let base = given ?? 10_000
        guard base > 0, base.isFinite else { throw config.refusal(of: "rope_theta", "give a number above 0") }
        let plain = Frequencies.of(base: base, rotated: rotated)
        let older = try config.object("rope_scaling")
        guard parameters == nil || older == nil else {
            throw config.refusal(of: "rope_scaling", "say it in rope_parameters alone")
        }
        guard let scaling = parameters ?? older else { return plain }
        func number(_ key: String) throws(ModelError) -> Double {
            guard let value = try scaling.double(key), value > 0, value.isFinite else {
                throw scaling.refusal(of: key, "give a number above 0")
            }
            return value
        }
        let key = scaling["rope_type"] == nil ? "type" : "rope_type"
        let type = try scaling.string(key) ?? "default"
        guard ["default", "linear", "llama3"].contains(type) else {
            throw scaling.refusal(of: key, "take a model with default, linear or llama3")
        }
        try scaling.requireKnown([
            "rope_type", "type", "rope_theta", "factor", "original_max_position_embeddings",
            "low_freq_factor", "high_freq_factor", "partial_rotary_factor",
        ])
        try scaling.require("partial_rotary_factor", in: [1, 1.0], "take a model with 1")
        switch type {
        case "linear":
            let factor = try number("factor")
            return plain.map { Float(Double($0) / factor) }
        case "llama3":
            let original = try number("original_max_position_embeddings")
            let (factor, low, high) = (
                try number("factor"), try number("low_freq_factor"), try number("high_freq_factor")
            )
            guard high > low else {
                throw scaling.refusal(of: "high_freq_factor", "give more than low_freq_factor")
            }
            return plain.map { frequency in
                let turns = original * Double(frequency) / (2 * Double.pi)
                // Slow pairs are slowed down, fast ones stay, and what is between is mixed.
                let share = min(1, max(0, (turns - low) / (high - low)))
                return Float(Double(frequency) * ((1 - share) / factor + share))
            }
        default: return plain
        }
    }
}
