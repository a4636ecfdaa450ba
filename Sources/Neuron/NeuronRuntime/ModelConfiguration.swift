// The few values of a BERT model's JSON files that its arithmetic depends on. What this encoder does not do (another
// activation, relative positions, another pooling) is refused: a plausible vector that is wrong is worse than none.

import JSON

/// Sizes and constants of a BERT encoder.
package struct ModelConfiguration: Hashable, Sendable {
    /// Width of a token's vector, and of the embedding.
    package var hiddenSize: Int
    /// Number of encoder layers.
    package var layerCount: Int
    /// Attention heads per layer; they divide `hiddenSize`.
    package var headCount: Int
    /// Columns of the feed-forward's middle.
    package var intermediateSize: Int
    /// Rows of the word table.
    package var vocabularySize: Int
    /// Rows of the position table.
    package var positionCount: Int
    /// Rows of the token type table.
    package var typeCount: Int
    /// Added to variances.
    package var epsilon: Float
    /// Ids per text, [CLS] and [SEP] included; longer texts are cut off.
    package var maximumTokens: Int
    /// Whether the tokenizer lower-cases.
    package var lowercase: Bool

    /// Width of one head.
    package var headSize: Int { hiddenSize / headCount }

    /// The numbers of cores that can share this model evenly: each gets whole heads and whole columns.
    package var validDegrees: [Int] {
        (1...headCount).filter { headCount % $0 == 0 && intermediateSize % $0 == 0 }
    }
}

extension ModelConfiguration {
    /// Reads `config.json` and, where they exist, `sentence_bert_config.json` (`max_seq_length`),
    /// `tokenizer_config.json` (`do_lower_case`) and `1_Pooling/config.json` of a model's directory.
    ///
    /// - Throws: `ModelError` that names the file, the key and the value.
    package init(directory: String) throws(ModelError) {
        let path = directory + "/config.json"
        guard let config = try readJSON(path) else {
            throw ModelError(path, "is missing", "name the directory of a BERT model")
        }
        func number(_ key: String, upTo limit: Int) throws(ModelError) -> Int {
            guard let value = config[key]?.int, 1...limit ~= value else {
                let found = config[key].map { $0.text() } ?? "missing"
                throw ModelError("\(path) key \(key)", "is \(found)", "give a number from 1 to \(limit)")
            }
            return value
        }
        func mustBe(_ key: String, _ expected: String) throws(ModelError) {
            if let value = config[key]?.string, value != expected {
                throw ModelError("\(path) key \(key)", "is \"\(value)\"", "use a model with \"\(expected)\"")
            }
        }
        try mustBe("model_type", "bert")
        try mustBe("hidden_act", "gelu")
        try mustBe("position_embedding_type", "absolute")
        hiddenSize = try number("hidden_size", upTo: 16_384)
        layerCount = try number("num_hidden_layers", upTo: 256)
        headCount = try number("num_attention_heads", upTo: 256)
        intermediateSize = try number("intermediate_size", upTo: 65_536)
        vocabularySize = try number("vocab_size", upTo: 4_000_000)
        positionCount = try number("max_position_embeddings", upTo: 65_536)
        typeCount = try number("type_vocab_size", upTo: 1_024)
        epsilon = Float(config["layer_norm_eps"]?.double ?? 1e-12)
        guard hiddenSize % headCount == 0 else {
            throw ModelError(
                "\(path) key num_attention_heads",
                "is \(headCount), which does not divide hidden_size \(hiddenSize)",
                "use the config.json that belongs to the model")
        }
        guard positionCount >= 2 else {
            throw ModelError("\(path) key max_position_embeddings", "is \(positionCount)", "give at least 2")
        }
        let sentence = try readJSON(directory + "/sentence_bert_config.json")
        let longest = sentence?["max_seq_length"]?.int ?? 512
        maximumTokens = min(positionCount, max(2, longest))
        lowercase = try readJSON(directory + "/tokenizer_config.json")?["do_lower_case"]?.bool ?? true
        if let pooling = try readJSON(directory + "/1_Pooling/config.json"),
            pooling["pooling_mode_mean_tokens"]?.bool == false
        {
            throw ModelError(
                "\(directory)/1_Pooling/config.json key pooling_mode_mean_tokens", "is false",
                "use a model that takes the mean over tokens")
        }
    }
}

/// A JSON file of at most a megabyte, nil when there is none.
private func readJSON(_ path: String) throws(ModelError) -> JSON? {
    guard let bytes = try readFile(path, limit: 1 << 20) else { return nil }
    do {
        return try JSON(parsing: bytes)
    } catch {
        throw ModelError(path, "cannot be read (\(error))", "download the file again")
    }
}
