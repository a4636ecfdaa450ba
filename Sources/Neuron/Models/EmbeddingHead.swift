// What comes after the encoder: pooling, then the modules behind it. It is small beside the encoder, so it is computed as it
// stands, by the thread that has the text.

import JSON
import KernelTemplates
import ModelErrors
import NeuronProgram

/// Makes a text's vector of its tokens' vectors.
struct EmbeddingHead: Sendable {
    /// What happens to a vector.
    enum Stage: Sendable {
        /// Scaled to length 1.
        case normalize
        case dense(DenseLayer)
        case layerNorm(scale: [Float], shift: [Float])
    }

    let pooling: Pooling
    let stages: [Stage]
    /// Numbers of the result.
    let dimension: Int

    /// Reads the modules' files.
    ///
    /// - Parameter keptNumbers: how many numbers of the last module's vector are given; nil for all.
    /// - Throws: `ModelError` that names the file, the key or tensor, and the value.
    init(
        _ modules: SentenceModules, hiddenSize: Int, keptNumbers: Int? = nil
    ) throws(ModelError) {
        pooling = try Pooling(
            directory: modules.pooling, hiddenSize: hiddenSize, isRequired: modules.isPoolingListed)
        var width = hiddenSize * pooling.modes.count
        var stages: [Stage] = []
        for step in modules.steps {
            switch step.kind {
            case .dropout: break
            case .normalize:
                let config = try ModelSettings(path: step.directory + "/config.json")
                try config.map { config throws(ModelError) in try config.requireSentenceEmbedding() }
                stages.append(.normalize)
            case .dense:
                let layer = try DenseLayer(directory: step.directory, inputSize: width)
                width = layer.outputSize
                stages.append(.dense(layer))
            case .layerNorm:
                let config = try ModelSettings.required(step.directory)
                try config.requireKnown(["dimension"])
                guard config["dimension"]?.int == width else {
                    throw config.refusal(of: "dimension", "give the width of what comes in, \(width)")
                }
                let file = try SafeTensors(directory: step.directory)
                stages.append(
                    .layerNorm(
                        scale: try file.floats("norm.weight", shape: [width]),
                        shift: try file.floats("norm.bias", shape: [width])))
            }
        }
        self.stages = stages
        dimension = min(width, keptNumbers ?? width)
    }

    /// Whether only the first token's vector counts.
    ///
    /// It is the first behind a prompt that does not count, so one of any place.
    var usesFirstRowOnly: Bool { pooling.modes == [.cls] && pooling.includesPrompt }

    /// The vector of one text.
    ///
    /// - Parameters:
    ///   - values: `rows` (at least 1) x `columns`, row-major without gaps.
    ///   - prompt: the first rows that are a prompt's.
    func apply(
        _ values: UnsafePointer<Float>, rows: Int, prompt: Int = 0, columns: Int, kernels: any Kernels
    ) -> [Float] {
        let skipped = pooling.includesPrompt ? 0 : prompt
        var rest = stages[...]
        var vector: [Float]
        if skipped == 0, pooling.modes == [.mean], case .normalize = rest.first {
            // What nearly all models do has a kernel.
            rest.removeFirst()
            vector = [Float](unsafeUninitializedCapacity: columns) { buffer, count in
                guard let base = buffer.baseAddress else { return }
                kernels.meanAndScaleToUnit(values, rows: rows, columns: columns, into: base)
                count = columns
            }
        } else {
            vector = [Float](repeating: 0, count: columns * pooling.modes.count)
            vector.withUnsafeMutableBufferPointer { buffer in
                guard let base = buffer.baseAddress else { return }
                pooling.apply(values, rows: rows, skipped: skipped, columns: columns, into: base)
            }
        }
        for stage in rest {
            switch stage {
            case .normalize: scaleToUnit(&vector)
            case .dense(let layer): vector = layer.apply(vector)
            case .layerNorm(let scale, let shift): normalize(&vector, scale: scale, shift: shift)
            }
        }
        if vector.count > dimension { vector.removeLast(vector.count - dimension) }
        return vector
    }

    /// As torch.nn.functional.normalize: a vector shorter than 1e-12 is divided by that.
    private func scaleToUnit(_ vector: inout [Float]) {
        let length = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
        let divisor = Swift.max(length, 1e-12)
        for index in vector.indices { vector[index] /= divisor }
    }

    /// As torch.nn.LayerNorm with its default of 1e-5.
    private func normalize(_ vector: inout [Float], scale: [Float], shift: [Float]) {
        let count = Float(vector.count)
        let mean = vector.reduce(0, +) / count
        let variance = vector.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count
        let inverse = 1 / (variance + 1e-5).squareRoot()
        for index in vector.indices {
            vector[index] = (vector[index] - mean) * inverse * scale[index] + shift[index]
        }
    }
}

extension ModelSettings {
    /// The config.json of a module that cannot do without.
    static func required(_ directory: String) throws(ModelError) -> ModelSettings {
        let path = directory + "/config.json"
        guard let config = try ModelSettings(path: path) else {
            throw ModelError(path, "is missing", "download it")
        }
        return config
    }

    /// Refuses a module that reads or writes something else than the text's vector.
    func requireSentenceEmbedding() throws(ModelError) {
        for key in ["module_input_name", "module_output_name"] {
            try require(key, in: ["sentence_embedding"])
        }
    }
}
