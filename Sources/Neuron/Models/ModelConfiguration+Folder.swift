// The values of an encoder's config.json that its arithmetic depends on. What the encoder does not do (another activation,
// relative positions) is refused.

import JSON
package import ModelErrors
package import NeuronProgram

extension ModelConfiguration {
    /// Reads `config.json` of a transformer's directory. Texts may have as many tokens as there are positions.
    ///
    /// - Throws: `ModelError` that names the file, the key and the value.
    package init(directory: String) throws(ModelError) {
        let family = try EncoderFamily(directory: directory)
        let path = directory + "/config.json"
        guard let config = try ModelSettings(path: path) else {
            throw ModelError(path, "is missing", "name the directory of an encoder such as BERT")
        }
        func number(_ name: String, upTo limit: Int) throws(ModelError) -> Int {
            let key = family.key(name)
            guard let value = try config.int(key, 1...limit) else {
                throw config.refusal(of: key, "give a number from 1 to \(limit)")
            }
            return value
        }
        try Self.check(config, family)
        let hiddenSize = try number("hidden_size", upTo: 16_384)
        let layerCount = try number("num_hidden_layers", upTo: 256)
        let headCount = try number("num_attention_heads", upTo: 256)
        let intermediateSize = try number("intermediate_size", upTo: 65_536)
        let vocabularySize = try number("vocab_size", upTo: 4_000_000)
        let positionCount = try number("max_position_embeddings", upTo: 65_536)
        let typeCount = family.hasTypes ? try number("type_vocab_size", upTo: 1_024) : 1
        // DistilBERT has it in its code.
        let epsilon = family == .distilbert ? 1e-12 : try config.double("layer_norm_eps") ?? 1e-12
        guard (0...1).contains(epsilon) else {
            throw config.refusal(of: "layer_norm_eps", "give a number from 0 to 1")
        }
        guard hiddenSize % headCount == 0 else {
            throw ModelError(
                "\(path) key \(family.key("num_attention_heads"))",
                "is \(headCount), which does not divide \(family.key("hidden_size")) \(hiddenSize)",
                "use the config.json that belongs to the model")
        }
        let embeddingSize =
            family == .electra ? try config.int("embedding_size", 1...16_384) ?? 128 : hiddenSize
        guard embeddingSize <= hiddenSize else {
            throw config.refusal(of: "embedding_size", "use a model with at most hidden_size \(hiddenSize)")
        }
        let padding = try Self.padding(config, family, vocabularySize)
        guard positionCount >= 2 + (padding.map { $0 + 1 } ?? 0) else {
            throw ModelError("\(path) key max_position_embeddings", "is \(positionCount)", "give at least 2")
        }
        self.init(
            hiddenSize: hiddenSize, layerCount: layerCount, headCount: headCount,
            intermediateSize: intermediateSize, vocabularySize: vocabularySize, positionCount: positionCount,
            typeCount: typeCount, epsilon: Float(epsilon), embeddingSize: embeddingSize, paddingID: padding,
            distanceBuckets: family == .mpnet ? DistanceBuckets.counts.lowerBound : 0)
    }

    private static func check(_ config: ModelSettings, _ family: EncoderFamily) throws(ModelError) {
        try config.require(family.key("hidden_act"), in: ["gelu"])
        try config.require("position_embedding_type", in: ["absolute"])
        for key in ["is_decoder", "add_cross_attention", "is_encoder_decoder"] {
            try config.require(key, in: [false])
        }
        // Code of the model's own, heads that were taken out, numbers that are packed.
        try config.requireEmpty(["auto_map", "pruned_heads", "quantization_config"])
        if family == .mpnet {
            try config.require(
                "relative_attention_num_buckets", in: [JSON(DistanceBuckets.counts.lowerBound)])
        }
    }

    /// The id behind whose number positions begin.
    private static func padding(
        _ config: ModelSettings, _ family: EncoderFamily, _ vocabularySize: Int
    ) throws(ModelError) -> Int? {
        switch family {
        case .bert, .electra, .distilbert: return nil
        case .mpnet: return 1  // in its code
        case .roberta: return try config.int("pad_token_id", 0...vocabularySize - 1) ?? 1
        }
    }
}
