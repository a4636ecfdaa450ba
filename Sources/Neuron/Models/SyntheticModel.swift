// A model for where the real one cannot be had: right in form and small, with weights from a seeded generator. Texts
// with words in common come out alike, since the word table dominates, but it has learned nothing.

import JSON
package import NeuronProgram
import SystemIO

/// Writes tiny models of the BERT family.
package struct SyntheticModel: Sendable {
    /// Sizes of what is written. The vocabulary's size is fixed by the words.
    package var configuration: ModelConfiguration
    /// Equal seeds give equal files.
    package var seed: UInt64

    /// A model of some 200 KB that 1, 2, 3, 4, 6 or 12 cores can share.
    ///
    /// - Parameters:
    ///   - hiddenSize: a multiple of `headCount`.
    ///   - headCount: heads per layer.
    package init(
        hiddenSize: Int = 48, layerCount: Int = 2, headCount: Int = 12, intermediateSize: Int = 96,
        seed: UInt64 = 1
    ) {
        configuration = ModelConfiguration(
            hiddenSize: hiddenSize, layerCount: layerCount, headCount: headCount,
            intermediateSize: intermediateSize, vocabularySize: Self.vocabulary.count, positionCount: 128,
            typeCount: 2, epsilon: 1e-12)
        self.seed = seed
    }

    /// Writes `config.json`, `vocab.txt` and `model.safetensors` with the default sizes.
    package static func write(to directory: String) throws { try SyntheticModel().write(to: directory) }

    /// Writes `config.json`, `vocab.txt` and `model.safetensors`; the directory is made if it is not there.
    ///
    /// - Throws: `SystemError` when a file cannot be written.
    package func write(to directory: String) throws {
        try Files.makeDirectory(directory)
        let config: JSON = [
            "model_type": "bert", "hidden_act": "gelu", "position_embedding_type": "absolute",
            "hidden_size": JSON(configuration.hiddenSize),
            "num_hidden_layers": JSON(configuration.layerCount),
            "num_attention_heads": JSON(configuration.headCount),
            "intermediate_size": JSON(configuration.intermediateSize),
            "vocab_size": JSON(configuration.vocabularySize),
            "max_position_embeddings": JSON(configuration.positionCount),
            "type_vocab_size": JSON(configuration.typeCount), "layer_norm_eps": .double(1e-12),
        ]
        try Files.write(directory + "/config.json", config.serialized(pretty: true))
        try Files.write(
            directory + "/vocab.txt", Array((Self.vocabulary.joined(separator: "\n") + "\n").utf8))
        try Files.write(directory + "/model.safetensors", tensors())
    }

    /// Special tokens, frequent words, then every printable ASCII character alone and as a continuation, so that any
    /// ASCII text has tokens.
    static let vocabulary: [String] = {
        let special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
        let words = """
            the of and to in a is that it was for on are with as at be this have from or by one had not but what all \
            were we when your can there use an each which she do how their if will up other about out many then them \
            neuron core cores chip group model server pod node cluster schedule memory device plugin text vector work
            """.split(whereSeparator: { $0 == " " || $0 == "\n" }).map(String.init)
        let characters = (33...126).filter { !(65...90 ~= $0) }.map {
            String(Character(Unicode.Scalar(UInt8($0))))
        }
        return special + words.filter { $0.count > 1 } + characters + characters.map { "##" + $0 }
            + ["##s", "##ing", "##ed", "##er", "##ly"].filter { $0.count > 3 }
    }()

    /// The file's bytes.
    private func tensors() -> [UInt8] {
        let sizes = configuration
        let hidden = sizes.hiddenSize
        var writer = TensorWriter(state: seed &* 0x9e37_79b9_7f4a_7c15 | 1)
        writer.add("embeddings.word_embeddings.weight", [sizes.vocabularySize, hidden], spread: 1)
        writer.add("embeddings.position_embeddings.weight", [sizes.positionCount, hidden], spread: 0.05)
        writer.add("embeddings.token_type_embeddings.weight", [sizes.typeCount, hidden], spread: 0.05)
        writer.addNorm("embeddings.LayerNorm", hidden)
        for layer in 0..<sizes.layerCount {
            let name = "encoder.layer.\(layer)."
            for part in ["self.query", "self.key", "self.value", "output.dense"] {
                writer.addDense(name + "attention." + part, from: hidden, to: hidden)
            }
            writer.addNorm(name + "attention.output.LayerNorm", hidden)
            writer.addDense(name + "intermediate.dense", from: hidden, to: sizes.intermediateSize)
            writer.addDense(name + "output.dense", from: sizes.intermediateSize, to: hidden)
            writer.addNorm(name + "output.LayerNorm", hidden)
        }
        return writer.file()
    }
}

/// Collects tensors in the safetensors format.
struct TensorWriter {
    /// Of a linear congruential generator (Knuth's MMIX constants).
    var state: UInt64
    var header: [String: JSON] = [:]
    var data: [UInt8] = []

    /// Uniform numbers of standard deviation `spread` around `middle`.
    mutating func add(_ name: String, _ shape: [Int], spread: Float, middle: Float = 0) {
        let start = data.count
        for _ in 0..<shape.reduce(1, *) {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let unit = Float(state >> 40) / Float(1 << 23) - 1
            withUnsafeBytes(of: (middle + unit * spread * 1.732).bitPattern.littleEndian) { data += $0 }
        }
        header[name] = [
            "dtype": "F32", "shape": .array(shape.map { JSON($0) }),
            "data_offsets": [JSON(start), JSON(data.count)],
        ]
    }

    mutating func addDense(_ name: String, from input: Int, to output: Int) {
        add(name + ".weight", [output, input], spread: 0.5 / Float(input).squareRoot())
        add(name + ".bias", [output], spread: 0.02)
    }

    mutating func addNorm(_ name: String, _ size: Int) {
        add(name + ".weight", [size], spread: 0.05, middle: 1)
        add(name + ".bias", [size], spread: 0.05)
    }

    func file() -> [UInt8] {
        var text = JSON.object(header).serialized()
        while text.count % 8 != 0 { text.append(32) }
        return withUnsafeBytes(of: UInt64(text.count).littleEndian) { Array($0) } + text + data
    }
}
