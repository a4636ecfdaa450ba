// sentence-transformers' Dense: a linear layer behind the pooling, with an activation.

import Glibc
import JSON
import ModelErrors
import NeuronProgram

/// A linear layer.
struct DenseLayer: Sendable {
    /// What is applied to each number: torch's modules of these names.
    enum Activation: String, CaseIterable, Sendable {
        case tanh = "torch.nn.modules.activation.Tanh"
        case identity = "torch.nn.modules.linear.Identity"
        case relu = "torch.nn.modules.activation.ReLU"
        case gelu = "torch.nn.modules.activation.GELU"

        func callAsFunction(_ value: Float) -> Float {
            switch self {
            case .tanh: Glibc.tanhf(value)
            case .identity: value
            case .relu: max(0, value)
            case .gelu: value / 2 * (1 + Glibc.erff(value / Float(2).squareRoot()))
            }
        }
    }

    let inputSize: Int
    let outputSize: Int
    private let activation: Activation
    /// `outputSize` rows of `inputSize`.
    private let weights: [Float]
    private let bias: [Float]

    /// Reads config.json and model.safetensors of a Dense's directory.
    ///
    /// - Throws: `ModelError` that names what cannot be obeyed.
    init(directory: String, inputSize: Int) throws(ModelError) {
        let config = try ModelSettings.required(directory)
        try config.requireKnown([
            "in_features", "out_features", "bias", "activation_function", "module_input_name",
            "module_output_name",
            "use_residual",
        ])
        try config.requireSentenceEmbedding()
        try config.require("use_residual", in: [false])
        guard config["in_features"]?.int == inputSize else {
            throw config.refusal(of: "in_features", "give the width of what comes in, \(inputSize)")
        }
        guard let size = try config.int("out_features", 1...65_536) else {
            throw config.refusal(of: "out_features", "give a number from 1 to 65536")
        }
        let name = try config.string("activation_function") ?? Activation.tanh.rawValue
        guard let activation = Activation(rawValue: name) else {
            let known = Activation.allCases.map(\.rawValue).joined(separator: ", ")
            throw config.refusal(of: "activation_function", "use a model with one of \(known)")
        }
        let file = try SafeTensors(directory: directory)
        weights = try file.floats("linear.weight", shape: [size, inputSize])
        bias =
            try config.bool("bias") ?? true
            ? try file.floats("linear.bias", shape: [size]) : [Float](repeating: 0, count: size)
        self.inputSize = inputSize
        outputSize = size
        self.activation = activation
    }

    /// A layer of a model's head.
    ///
    /// - Parameter weights: `outputSize` rows of `inputSize`.
    init(weights: [Float], bias: [Float], inputSize: Int, activation: Activation) {
        self.weights = weights
        self.bias = bias
        self.inputSize = inputSize
        self.activation = activation
        outputSize = bias.count
    }

    /// The layer's output for a vector of `inputSize` numbers.
    func apply(_ vector: [Float]) -> [Float] {
        weights.withUnsafeBufferPointer { weights in
            vector.withUnsafeBufferPointer { vector in
                (0..<outputSize).map { row in
                    var sum = bias[row]
                    for column in 0..<inputSize { sum += weights[row * inputSize + column] * vector[column] }
                    return activation(sum)
                }
            }
        }
    }
}
