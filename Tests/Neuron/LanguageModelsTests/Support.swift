import FakeRuntime
import Glibc
import KernelTemplates
import ModelErrors
import NeuronKernels
import NeuronProgram
import NeuronRuntime

@testable import LanguageModels
@testable import Tokenizers

/// Numbers that look random, the same each time.
struct Numbers {
    private var state: UInt64

    init(_ seed: Int) {
        state = UInt64(bitPattern: Int64(seed)) &* 2_862_933_555_777_941_757 &+ 3_037_000_493
    }

    mutating func next(below limit: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int(state >> 33) % limit
    }

    mutating func float() -> Float { Float(next(below: 20_001)) / 10_000 - 1 }
}

/// A model that means nothing, in memory.
struct SmallModel: DecoderTensors {
    struct Tensor {
        var rows: Int
        var columns: Int
        var floats: [Float]
        /// Of a quantised tensor: numbers, scales, least values, in groups of 32.
        var blocks: (numbers: [UInt8], scales: [Float], leasts: [Float])?
    }

    let path = "small.gguf"
    var sizes: DecoderConfiguration
    var tensors: [String: Tensor] = [:]

    var names: Set<String> { Set(tensors.keys) }

    func tensor(_ name: String) -> StoredTensor? {
        tensors[name].map {
            StoredTensor(columns: $0.columns, rows: $0.rows, quantised: $0.blocks == nil ? nil : (32, true))
        }
    }

    func read(_ name: String, rows: Range<Int>, into out: UnsafeMutablePointer<Float>) throws(ModelError) {
        guard let tensor = tensors[name] else { throw ModelError(path, "has no \(name)", "") }
        for place in 0..<rows.count * tensor.columns {
            out[place] = tensor.floats[rows.lowerBound * tensor.columns + place]
        }
    }

    func read(
        _ name: String, rows: Range<Int>, numbers: UnsafeMutablePointer<UInt8>,
        scales: UnsafeMutablePointer<Float>, leasts: UnsafeMutablePointer<Float>
    ) throws(ModelError) {
        guard let tensor = tensors[name], let blocks = tensor.blocks else {
            throw ModelError(path, "has no quantised \(name)", "")
        }
        let (count, groups) = (rows.count * tensor.columns, rows.count * tensor.columns / 32)
        for place in 0..<count { numbers[place] = blocks.numbers[rows.lowerBound * tensor.columns + place] }
        for group in 0..<groups {
            scales[group] = blocks.scales[rows.lowerBound * tensor.columns / 32 + group]
            leasts[group] = blocks.leasts[rows.lowerBound * tensor.columns / 32 + group]
        }
    }

    private mutating func add(
        _ name: String, _ rows: Int, _ columns: Int, _ random: inout Numbers, quantised: Bool
    ) {
        var tensor = Tensor(rows: rows, columns: columns, floats: [])
        let scale = 1.5 / Float(columns).squareRoot()
        if quantised {
            let groups = rows * columns / 32
            let numbers = (0..<rows * columns).map { _ in UInt8(random.next(below: 16)) }
            let scales = (0..<groups).map { _ in scale * (1 + random.float() / 4) / 8 }
            let leasts = scales.map { -7.5 * $0 }
            tensor.floats = numbers.indices.map { Float(numbers[$0]) * scales[$0 / 32] + leasts[$0 / 32] }
            tensor.blocks = (numbers, scales, leasts)
        } else {
            tensor.floats = (0..<rows * columns).map { _ in random.float() * scale }
        }
        tensors[name] = tensor
    }

    private mutating func addVector(_ name: String, _ count: Int, around: Float, _ random: inout Numbers) {
        tensors[name] = Tensor(
            rows: 1, columns: count, floats: (0..<count).map { _ in around + random.float() / 4 })
    }

    /// A model of some sizes, with llama.cpp's names.
    init(_ sizes: DecoderConfiguration, seed: Int = 1, isQuantised: Bool = false, hasBiases: Bool = false) {
        self.sizes = sizes
        var random = Numbers(seed)
        let (hidden, head) = (sizes.hiddenSize, sizes.headSize)
        let isLayerNorm = sizes.norm == .layer
        func norm(_ name: String, _ model: inout SmallModel) {
            model.addVector(name + ".weight", hidden, around: 1, &random)
            if isLayerNorm { model.addVector(name + ".bias", hidden, around: 0, &random) }
        }
        func matrix(_ name: String, _ rows: Int, _ columns: Int, bias: Bool, _ model: inout SmallModel) {
            model.add(name + ".weight", rows, columns, &random, quantised: isQuantised)
            if bias { model.addVector(name + ".bias", rows, around: 0, &random) }
        }
        add("token_embd.weight", sizes.vocabularySize, hidden, &random, quantised: isQuantised)
        if sizes.positions == .table {
            add("position_embd.weight", sizes.positionCount, hidden, &random, quantised: false)
        }
        if !sizes.isTied { add("output.weight", sizes.vocabularySize, hidden, &random, quantised: false) }
        norm("output_norm", &self)
        for layer in 0..<sizes.layerCount {
            let place = "blk.\(layer)."
            norm(place + "attn_norm", &self)
            norm(place + "ffn_norm", &self)
            let biases = hasBiases || isLayerNorm
            if isLayerNorm {
                matrix(place + "attn_qkv", 3 * hidden, hidden, bias: true, &self)
            } else {
                matrix(place + "attn_q", sizes.headCount * head, hidden, bias: biases, &self)
                matrix(place + "attn_k", sizes.keyValueHeadCount * head, hidden, bias: biases, &self)
                matrix(place + "attn_v", sizes.keyValueHeadCount * head, hidden, bias: biases, &self)
            }
            matrix(place + "attn_output", hidden, sizes.headCount * head, bias: isLayerNorm, &self)
            if sizes.isGated {
                matrix(place + "ffn_gate", sizes.intermediateSize, hidden, bias: false, &self)
            }
            matrix(place + "ffn_up", sizes.intermediateSize, hidden, bias: isLayerNorm, &self)
            matrix(place + "ffn_down", hidden, sizes.intermediateSize, bias: isLayerNorm, &self)
        }
    }

    var frequencies: [Float]? {
        sizes.isRotary ? Frequencies.of(base: 10_000, rotated: sizes.rotatedSize) : nil
    }

    /// Packed for some cores.
    func program(
        degree: Int = 1, precision: MatrixPrecision = .stored, tokens: Int = 64, sequences: Int = 4
    ) throws -> MemoryProgram {
        let packer = try DecoderPacker(self, .gguf, sizes, degree: degree, precision: precision)
        return MemoryProgram(
            try packer.weights(frequencies: frequencies, ignored: { _ in false }), tokens: tokens,
            sequences: sequences, path: path)
    }

    /// On chips that are made for it.
    func engine(
        degree: Int = 1, precision: MatrixPrecision = .stored, tokens: Int = 64, sequences: Int = 4,
        cacheTokens: Int? = nil, ends: [Int32] = [256]
    ) throws -> GenerationEngine {
        var tokenizer = try Self.tokenizer(sizes.vocabularySize)
        tokenizer.ends = ends
        return try GenerationEngine(
            try program(degree: degree, precision: precision, tokens: tokens, sequences: sequences),
            tokenizer: tokenizer,
            on: try NeuronDevices.temporary(cores: degree), cacheTokens: cacheTokens)
    }

    /// A token for each octet, and marks behind them.
    static func tokenizer(_ count: Int) throws -> LanguageTokenizer {
        let vocabulary = ByteAlphabet.scalars.enumerated().map {
            (token: Array(String($1).utf8), id: Int32($0))
        }
        let model = try BytePairModel(
            vocabulary: vocabulary, merges: [], options: BytePairModel.Options(), subject: "small")
        var tokenizer = LanguageTokenizer(
            tokenizer: Tokenizer(
                Tokenizer.Parts(
                    added: [AddedToken(id: 256, text: "<end>", isSpecial: true)],
                    splitters: [.words(.gpt2)], model: .bytePairs(model), decoders: [.byteLevel],
                    vocabulary: vocabulary)))
        tokenizer.ends = [256]
        return tokenizer
    }
}

extension DecoderConfiguration {
    /// A Llama of a few thousand numbers: heads that share keys.
    static var small: DecoderConfiguration {
        var sizes = DecoderConfiguration(
            hiddenSize: 96, layerCount: 2, headCount: 6, keyValueHeadCount: 3, headSize: 16,
            intermediateSize: 192, vocabularySize: 257, positionCount: 200, epsilon: 1e-5)
        sizes.positions = .rotaryPairs
        return sizes
    }

    /// With pairs half a head apart and logits of their own, as Qwen2 has them.
    static var halves: DecoderConfiguration {
        var sizes = small
        sizes.positions = .rotaryHalves
        sizes.isTied = false
        return sizes
    }

    /// As GPT-2.
    static var gpt2: DecoderConfiguration {
        var sizes = small
        sizes.keyValueHeadCount = 6
        sizes.positions = .table
        sizes.rotatedSize = 0
        sizes.norm = .layer
        sizes.activation = .gelu
        return sizes
    }
}

/// The same arithmetic in double precision, as plainly as it can be written.
struct PlainDecoder {
    let model: SmallModel
    private var keys: [[[Double]]]
    private var values: [[[Double]]]

    init(_ model: SmallModel) {
        self.model = model
        keys = [[[Double]]](repeating: [], count: model.sizes.layerCount)
        values = keys
    }

    private func vector(_ name: String) -> [Double]? { model.tensors[name]?.floats.map(Double.init) }

    private func product(_ x: [Double], _ name: String) -> [Double] {
        guard let tensor = model.tensors[name + ".weight"] else { return [] }
        let bias = vector(name + ".bias")
        return (0..<tensor.rows).map { row in
            var sum = bias?[row] ?? 0
            for column in 0..<tensor.columns {
                sum += Double(tensor.floats[row * tensor.columns + column]) * x[column]
            }
            return sum
        }
    }

    private func norm(_ x: [Double], _ name: String) -> [Double] {
        let scale = vector(name + ".weight") ?? []
        let count = Double(x.count)
        guard model.sizes.norm == .layer else {
            let square = x.reduce(0) { $0 + $1 * $1 } / count + Double(model.sizes.epsilon)
            return x.indices.map { x[$0] / square.squareRoot() * scale[$0] }
        }
        let mean = x.reduce(0, +) / count
        let square = x.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count + Double(model.sizes.epsilon)
        let shift = vector(name + ".bias") ?? []
        return x.indices.map { (x[$0] - mean) / square.squareRoot() * scale[$0] + shift[$0] }
    }

    private func turn(_ x: [Double], _ position: Int) -> [Double] {
        guard let frequencies = model.frequencies else { return x }
        let sizes = model.sizes
        var out = x
        for start in stride(from: 0, to: x.count, by: sizes.headSize) {
            for (pair, frequency) in frequencies.enumerated() {
                let angle = Double(position) * Double(frequency)
                let isPairs = sizes.positions == .rotaryPairs
                let first = start + (isPairs ? 2 * pair : pair)
                let second = isPairs ? first + 1 : first + sizes.rotatedSize / 2
                out[first] = x[first] * cos(angle) - x[second] * sin(angle)
                out[second] = x[first] * sin(angle) + x[second] * cos(angle)
            }
        }
        return out
    }

    /// The logits behind the next token.
    mutating func logits(_ id: Int32) -> [Double] {
        let sizes = model.sizes
        let (hidden, head) = (sizes.hiddenSize, sizes.headSize)
        let position = keys[0].count
        let words = model.tensors["token_embd.weight"]?.floats ?? []
        var x = words[Int(id) * hidden..<(Int(id) + 1) * hidden].map(Double.init)
        if let table = model.tensors["position_embd.weight"] {
            for place in 0..<hidden { x[place] += Double(table.floats[position * hidden + place]) }
        }
        for layer in 0..<sizes.layerCount {
            let place = "blk.\(layer)."
            let h = norm(x, place + "attn_norm")
            let fused = product(h, place + "attn_qkv")
            let q = fused.isEmpty ? product(h, place + "attn_q") : Array(fused[..<hidden])
            let k = fused.isEmpty ? product(h, place + "attn_k") : Array(fused[hidden..<2 * hidden])
            let v = fused.isEmpty ? product(h, place + "attn_v") : Array(fused[(2 * hidden)...])
            let turned = turn(q, position)
            keys[layer].append(turn(k, position))
            values[layer].append(v)
            var context: [Double] = []
            for own in 0..<sizes.headCount {
                let other = own / (sizes.headCount / sizes.keyValueHeadCount) * head
                let scores = keys[layer].map { key in
                    (0..<head).reduce(0) { $0 + turned[own * head + $1] * key[other + $1] }
                        / Double(head).squareRoot()
                }
                let top = scores.max() ?? 0
                let weights = scores.map { exp($0 - top) }
                let sum = weights.reduce(0, +)
                for column in 0..<head {
                    let all = weights.indices.reduce(0.0) { sum, row in
                        sum + weights[row] * values[layer][row][other + column]
                    }
                    context.append(all / sum)
                }
            }
            let attended = product(context, place + "attn_output")
            for column in 0..<hidden { x[column] += attended[column] }
            let m = norm(x, place + "ffn_norm")
            var middle = product(m, place + "ffn_up")
            if sizes.isGated {
                let gates = product(m, place + "ffn_gate")
                for column in middle.indices {
                    middle[column] *= gates[column] / (1 + exp(-gates[column]))
                }
            } else {
                for column in middle.indices {
                    let y = middle[column]
                    let twice = 2 * 0.797_884_560_802_865_4 * (y + 0.044715 * y * y * y)
                    middle[column] = y / (1 + exp(-twice))
                }
            }
            let down = product(middle, place + "ffn_down")
            for column in 0..<hidden { x[column] += down[column] }
        }
        let h = norm(x, "output_norm")
        return product(h, sizes.isTied ? "token_embd" : "output")
    }
}
