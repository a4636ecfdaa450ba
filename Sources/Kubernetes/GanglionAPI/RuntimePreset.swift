// The servers that a ModelServer can run. What is known of each stands with the operator (`ServerProfile`).

/// A server: `spec.runtime.preset`.
package enum RuntimePreset: String, CaseIterable, Codable, Sendable {
    /// The project's own model server.
    case ganglion
    /// vLLM on Neuron, OpenAI's protocol.
    case vllm
    /// DJL Serving as AWS's Large Model Inference container.
    case djlLMI = "djl-lmi"
    /// NVIDIA's Triton with its Python backend on Neuron.
    case triton
    /// TorchServe with torch-neuronx.
    case torchserve
    /// Any other server: it gets the documented environment and nothing else.
    case custom
}
