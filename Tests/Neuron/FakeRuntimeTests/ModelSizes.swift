import NeuronProgram

/// Sizes of known models.
enum ModelSizes {
    static let bertLarge = ModelConfiguration(
        hiddenSize: 1_024, layerCount: 24, headCount: 16, intermediateSize: 4_096, vocabularySize: 30_522,
        positionCount: 512, typeCount: 2, epsilon: 1e-12)
}
