// The few values that a decoder's arithmetic depends on: those of the Llama family, and those of GPT-2.

package import ModelErrors
internal import Text

/// Sizes and constants of a decoder.
package struct DecoderConfiguration: Hashable, Sendable {
    /// What is done to a token's vector before each half of a layer.
    package enum Norm: String, CaseIterable, Sendable {
        /// By the root of the mean square, without a mean (Llama).
        case rootMeanSquare = "rms"
        /// With a mean and a shift (GPT-2).
        case layer
    }

    /// How a token knows its place.
    package enum Positions: String, CaseIterable, Sendable {
        /// Its query and key are turned, pairs of numbers half a head apart (as Hugging Face stores them).
        case rotaryHalves = "rotary-halves"
        /// The same for pairs beside each other (as llama.cpp stores Llama's).
        case rotaryPairs = "rotary-pairs"
        /// A row of a table is added to its vector (GPT-2).
        case table
    }

    /// The middle of a layer's second half.
    package enum Activation: String, CaseIterable, Sendable {
        /// silu(gate) * up (SwiGLU).
        case gatedSiLU = "silu-gated"
        /// GELU by the hyperbolic tangent.
        case gelu = "gelu-tanh"
    }

    /// Width of a token's vector.
    package var hiddenSize: Int
    /// Number of layers.
    package var layerCount: Int
    /// Heads of queries in a layer.
    package var headCount: Int
    /// Heads of keys and values in a layer; they divide `headCount`.
    package var keyValueHeadCount: Int
    /// Width of a head.
    package var headSize: Int
    /// Numbers of a head that are turned; an even number.
    package var rotatedSize: Int
    /// Columns of the second half's middle.
    package var intermediateSize: Int
    /// Rows of the word table, and columns of the logits.
    package var vocabularySize: Int
    /// The most tokens of a sequence.
    package var positionCount: Int
    /// Added to mean squares or variances.
    package var epsilon: Float
    /// What is done before each half of a layer.
    package var norm = Norm.rootMeanSquare
    /// How a token knows its place.
    package var positions = Positions.rotaryHalves
    /// The middle of a layer's second half.
    package var activation = Activation.gatedSiLU
    /// Whether the logits are products with the word table.
    package var isTied = true

    /// The sizes of a Llama-like decoder.
    package init(
        hiddenSize: Int, layerCount: Int, headCount: Int, keyValueHeadCount: Int, headSize: Int,
        intermediateSize: Int, vocabularySize: Int, positionCount: Int, epsilon: Float
    ) {
        self.hiddenSize = hiddenSize
        self.layerCount = layerCount
        self.headCount = headCount
        self.keyValueHeadCount = keyValueHeadCount
        self.headSize = headSize
        rotatedSize = headSize
        self.intermediateSize = intermediateSize
        self.vocabularySize = vocabularySize
        self.positionCount = positionCount
        self.epsilon = epsilon
    }

    /// Whether queries and keys are turned.
    package var isRotary: Bool { positions != .table }
    /// Whether the middle has a gate.
    package var isGated: Bool { activation == .gatedSiLU }

    /// The numbers of cores that can share this model: each gets whole heads of queries, and either whole heads of keys and
    /// values or, where there are more cores than those, a copy of one.
    package var validDegrees: [Int] {
        (1...headCount).filter { degree in
            headCount % degree == 0
                && (keyValueHeadCount % degree == 0 || degree % keyValueHeadCount == 0)
                && intermediateSize >= degree && vocabularySize >= degree
        }
    }

    /// Heads of keys and values on each of so many cores.
    package func keyValueHeads(degree: Int) -> Int { max(1, keyValueHeadCount / degree) }

    /// Which heads of keys and values a core has.
    package func keyValueHeads(core: Int, degree: Int) -> Range<Int> {
        let first = core * headCount / degree * keyValueHeadCount / headCount
        return first..<first + keyValueHeads(degree: degree)
    }

    /// Which columns of the middle a core has: whole groups of 32 where they can be.
    package func intermediates(core: Int, degree: Int) -> Range<Int> {
        Self.share(of: intermediateSize, core: core, degree: degree)
    }

    /// Which rows of the word table, and logits, a core has.
    package func words(core: Int, degree: Int) -> Range<Int> {
        Self.share(of: vocabularySize, core: core, degree: degree)
    }

    private static func share(of count: Int, core: Int, degree: Int) -> Range<Int> {
        let unit = count % 32 == 0 && count / 32 >= degree ? 32 : 1
        let units = count / unit
        return core * units / degree * unit..<(core + 1) * units / degree * unit
    }

    /// - Throws: `ModelError` that names the valid numbers of cores unless `degree` is one.
    package func check(degree: Int, subject: String) throws(ModelError) {
        guard !validDegrees.contains(degree) else { return }
        throw ModelError(
            subject,
            "has \(headCount) attention heads and \(keyValueHeadCount) of keys and values, which \(degree) cores"
                + " cannot share evenly",
            "set the tensor parallel degree to \(validDegrees.alternatives)")
    }

    /// Floating-point operations of the products for one token.
    ///
    /// - Parameters:
    ///   - context: tokens that it attends to.
    ///   - hasLogits: whether its logits are computed.
    package func operations(context: Int, hasLogits: Bool) -> Double {
        let (hidden, head) = (Double(hiddenSize), Double(headSize))
        let attention = hidden * head * Double(2 * headCount + 2 * keyValueHeadCount)
        let middle = Double(isGated ? 3 : 2) * hidden * Double(intermediateSize)
        let scores = 2 * Double(context) * head * Double(headCount)
        return 2
            * (Double(layerCount) * (attention + middle + scores)
                + (hasLogits ? hidden * Double(vocabularySize) : 0))
    }
}
