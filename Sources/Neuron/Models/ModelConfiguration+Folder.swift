// The values of a BERT model's config.json that its arithmetic depends on. What the encoder does not do (another activation,
// relative positions) is refused.

import JSON
package import ModelErrors
package import NeuronProgram

extension ModelConfiguration {
    /// Reads `config.json` of a transformer's directory. Texts may have as many tokens as there are positions.
    ///
    /// - Throws: `ModelError` that names the file, the key and the value.
    package init(directory: String) throws(ModelError) {
        let path = directory + "/config.json"
        guard let config = try ModelSettings(path: path) else {
            throw ModelError(path, "is missing", "name the directory of a BERT model")
        }
        func number(_ key: String, upTo limit: Int) throws(ModelError) -> Int {
            guard let value = try config.int(key, 1...limit) else {
                throw config.refusal(of: key, "give a number from 1 to \(limit)")
            }
            return value
        }
        try config.require("model_type", in: ["bert"])
        try config.require("hidden_act", in: ["gelu"])
        try config.require("position_embedding_type", in: ["absolute"])
        for key in ["is_decoder", "add_cross_attention", "is_encoder_decoder"] {
            try config.require(key, in: [false])
        }
        // Code of the model's own, heads that were taken out, numbers that are packed.
        try config.requireEmpty(["auto_map", "pruned_heads", "quantization_config"])
        let hiddenSize = try number("hidden_size", upTo: 16_384)
        let layerCount = try number("num_hidden_layers", upTo: 256)
        let headCount = try number("num_attention_heads", upTo: 256)
        let intermediateSize = try number("intermediate_size", upTo: 65_536)
        let vocabularySize = try number("vocab_size", upTo: 4_000_000)
        let positionCount = try number("max_position_embeddings", upTo: 65_536)
        let typeCount = try number("type_vocab_size", upTo: 1_024)
        let epsilon = try config.double("layer_norm_eps") ?? 1e-12
        guard (0...1).contains(epsilon) else {
            throw config.refusal(of: "layer_norm_eps", "give a number from 0 to 1")
        }
        guard hiddenSize % headCount == 0 else {
            throw ModelError(
                "\(path) key num_attention_heads",
                "is \(headCount), which does not divide hidden_size \(hiddenSize)",
                "use the config.json that belongs to the model")
        }
        guard positionCount >= 2 else {
            throw ModelError("\(path) key max_position_embeddings", "is \(positionCount)", "give at least 2")
        }
        self.init(
            hiddenSize: hiddenSize, layerCount: layerCount, headCount: headCount,
            intermediateSize: intermediateSize, vocabularySize: vocabularySize, positionCount: positionCount,
            typeCount: typeCount, epsilon: Float(epsilon))
    }
}
