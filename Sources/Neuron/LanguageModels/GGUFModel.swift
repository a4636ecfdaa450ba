// A model in a file of llama.cpp's. Its keys are named after its architecture (ggml/docs/gguf.md).

import GGUF
import Glibc
import ModelErrors
import NeuronProgram

extension GGUFFile: DecoderTensors {
    var names: Set<String> { Set(tensors.keys) }

    func tensor(_ name: String) -> StoredTensor? {
        tensors[name].map { tensor in
            StoredTensor(
                columns: tensor.columns, rows: tensor.rows,
                quantised: tensor.type.groupCount.map { ($0, tensor.type.hasNibbles) })
        }
    }

    func read(
        _ name: String, rows: Range<Int>, into out: UnsafeMutablePointer<Float>
    ) throws(ModelError) {
        guard let tensor = tensors[name] else {
            throw ModelError(path, "has no tensor \(name)", "convert it anew")
        }
        try read(
            tensor, rows: rows,
            into: UnsafeMutableBufferPointer(start: out, count: rows.count * tensor.columns))
    }

    func read(
        _ name: String, rows: Range<Int>, numbers: UnsafeMutablePointer<UInt8>,
        scales: UnsafeMutablePointer<Float>, leasts: UnsafeMutablePointer<Float>
    ) throws(ModelError) {
        guard let tensor = tensors[name] else {
            throw ModelError(path, "has no tensor \(name)", "convert it anew")
        }
        try read(tensor, rows: rows, numbers: numbers, scales: scales, leasts: leasts)
    }
}

/// What a GGUF file says of its decoder.
struct GGUFModel {
    let file: GGUFFile
    let configuration: DecoderConfiguration
    let frequencies: [Float]?

    private static let architectures: [String: DecoderConfiguration.Positions] = [
        "llama": .rotaryPairs, "qwen2": .rotaryHalves, "gpt2": .table,
    ]

    /// Reads the sizes.
    ///
    /// - Throws: `ModelError` that names the key and its value.
    init(_ file: GGUFFile) throws(ModelError) {
        self.file = file
        let architecture = file.metadata["general.architecture"]?.string ?? "missing"
        guard let positions = Self.architectures[architecture] else {
            throw ModelError(
                "\(file.path): general.architecture", "is \(architecture)",
                "take a model of \(Self.architectures.keys.sorted().joined(separator: ", "))")
        }
        let keys = GGUFKeys(file: file, prefix: architecture + ".")
        guard let words = file.tensors["token_embd.weight"] else {
            throw ModelError(file.path, "has no tensor token_embd.weight", "convert the model anew")
        }
        let hidden = try keys.number("embedding_length", 1...65_536)
        let heads = try keys.number("attention.head_count", 1...1_024)
        let isGPT2 = positions == .table
        let head = try keys.number("attention.key_length", 1...1_024, otherwise: hidden / heads)
        let values = try keys.number("attention.value_length", 1...1_024, otherwise: head)
        guard values == head else {
            throw keys.error("attention.value_length", "is \(values), where keys have \(head)")
        }
        for key in ["expert_count", "attention.sliding_window"] {
            guard let value = file.metadata[keys.prefix + key]?.int, value > 0 else { continue }
            throw keys.error(key, "is \(value), which is not computed")
        }
        if let value = file.metadata[keys.prefix + "attention.causal"], value.bool != true {
            throw keys.error("attention.causal", "is \(value), which is not computed")
        }
        if let count = file.metadata["split.count"]?.int, count > 1 {
            throw ModelError(
                "\(file.path): split.count", "is \(count), of which this is one part",
                "join the parts (llama-gguf-split --merge)")
        }
        var sizes = DecoderConfiguration(
            hiddenSize: hidden, layerCount: try keys.number("block_count", 1...512), headCount: heads,
            keyValueHeadCount: try keys.number("attention.head_count_kv", 1...heads, otherwise: heads),
            headSize: head, intermediateSize: try keys.number("feed_forward_length", 1...1 << 20),
            vocabularySize: words.rows, positionCount: try keys.number("context_length", 1...1 << 24),
            epsilon: try keys.epsilon(
                isGPT2 ? "attention.layer_norm_epsilon" : "attention.layer_norm_rms_epsilon"))
        guard heads % sizes.keyValueHeadCount == 0 else {
            throw keys.error(
                "attention.head_count_kv", "is \(sizes.keyValueHeadCount), which does not divide \(heads)")
        }
        sizes.positions = positions
        sizes.isTied = file.tensors["output.weight"] == nil
        if isGPT2 {
            sizes.norm = .layer
            sizes.activation = .gelu
            sizes.rotatedSize = 0
            frequencies = nil
        } else {
            sizes.rotatedSize = try keys.number("rope.dimension_count", 2...head, otherwise: head)
            guard sizes.rotatedSize % 2 == 0 else {
                throw keys.error("rope.dimension_count", "is \(sizes.rotatedSize), an odd number")
            }
            frequencies = try keys.frequencies(rotated: sizes.rotatedSize)
        }
        configuration = sizes
        try Self.checkBiases(file, architecture, layers: sizes.layerCount)
    }

    /// Matrices that always have a bias in an architecture.
    private static let biased: [String: [String]] = [
        "qwen2": ["attn_q", "attn_k", "attn_v"], "gpt2": ["attn_qkv", "attn_output", "ffn_up", "ffn_down"],
    ]

    private static func checkBiases(
        _ file: GGUFFile, _ architecture: String, layers: Int
    ) throws(ModelError) {
        for layer in 0..<layers {
            let place = "blk.\(layer)."
            for name in biased[architecture] ?? [] where file.tensors[place + name + ".weight"] != nil {
                guard file.tensors[place + name + ".bias"] == nil else { continue }
                throw ModelError(
                    "\(file.path) tensor \(place)\(name).bias", "is missing", "convert the model anew")
            }
        }
    }
}

/// Keys of one architecture.
private struct GGUFKeys {
    let file: GGUFFile
    let prefix: String

    func error(_ key: String, _ problem: String) -> ModelError {
        ModelError("\(file.path): \(prefix + key)", problem, "take another model, or convert it anew")
    }

    func number(
        _ key: String, _ range: ClosedRange<Int>, otherwise fallback: Int? = nil
    ) throws(ModelError) -> Int {
        guard let value = file.metadata[prefix + key] else {
            guard let fallback else { throw error(key, "is missing") }
            return fallback
        }
        guard let number = value.int, range.contains(number) else {
            throw error(key, "is \(value), where \(range.lowerBound) to \(range.upperBound) can be")
        }
        return number
    }

    func epsilon(_ key: String) throws(ModelError) -> Float {
        guard let value = file.metadata[prefix + key]?.double, (0...1).contains(value) else {
            throw error(key, "is missing or not from 0 to 1")
        }
        return Float(value)
    }

    /// An angle for each pair at position 1.
    func frequencies(rotated: Int) throws(ModelError) -> [Float] {
        let base = file.metadata[prefix + "rope.freq_base"]?.double ?? 10_000
        guard base > 0, base.isFinite else { throw error("rope.freq_base", "is \(base)") }
        var factors = [Float](repeating: 1, count: rotated / 2)
        // As llama.cpp has it: linear where nothing is said, and a factor under its old name where the new one is missing.
        let scaling = file.metadata[prefix + "rope.scaling.type"]?.string
        switch scaling ?? "linear" {
        case "none": break
        case "linear":
            let key = ["rope.scaling.factor", "rope.scale_linear"].first { file.metadata[prefix + $0] != nil }
            guard let key else {
                guard scaling == nil else { throw error("rope.scaling.factor", "is missing") }
                break
            }
            guard let factor = file.metadata[prefix + key]?.double, factor > 0 else {
                throw error(key, "is not a number above 0")
            }
            factors = factors.map { $0 * Float(factor) }
        case let other: throw error("rope.scaling.type", "is \(other), which is not computed")
        }
        if let tensor = file.tensors["rope_freqs.weight"] {
            guard tensor.columns == factors.count, tensor.rows == 1 else {
                throw ModelError(
                    "\(file.path) tensor rope_freqs.weight", "has \(tensor.columns) numbers",
                    "convert the model anew")
            }
            let read = FloatBuffer(count: factors.count)
            try file.read("rope_freqs.weight", rows: 0..<1, into: read.pointer)
            for place in factors.indices { factors[place] *= read.pointer[place] }
        }
        return Frequencies.of(base: base, rotated: rotated).enumerated().map { $1 / factors[$0] }
    }
}

/// Angles of rotary positions.
enum Frequencies {
    /// Those of a base: base^(-2 i / rotated) for each pair i.
    static func of(base: Double, rotated: Int) -> [Float] {
        (0..<rotated / 2).map { Float(pow(base, -2 * Double($0) / Double(rotated))) }
    }
}
