// The few values that an encoder's arithmetic depends on. They come out of a folder's config.json, and stand in a compiled
// program.

package import ModelErrors
internal import Text

/// Sizes and constants of a BERT encoder.
package struct ModelConfiguration: Hashable, Sendable {
    /// Width of a token's vector.
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
    /// Width of the rows of the tables; a matrix widens it to `hiddenSize` where it is less.
    package var embeddingSize: Int
    /// The id of padding, where positions begin behind its number: RoBERTa's rule, by which a padding within a text has that
    /// position and does not count. nil where positions begin at 0.
    package var paddingID: Int?
    /// Rows of the table of what attention gets for the distance of two tokens; 0 where there is none.
    package var distanceBuckets = 0
    /// Ids per text, [CLS] and [SEP] included; longer texts are cut off.
    package var maximumTokens: Int
    /// In what the matrices are.
    package var dataType = DataType.float32
    /// Tokens of one pass where an artifact says how many; else 512, or as many as the longest text has.
    package var passTokens: Int?

    /// Sizes without an artifact's: single precision, as many tokens as there are positions.
    package init(
        hiddenSize: Int, layerCount: Int, headCount: Int, intermediateSize: Int, vocabularySize: Int,
        positionCount: Int, typeCount: Int, epsilon: Float, embeddingSize: Int? = nil, paddingID: Int? = nil,
        distanceBuckets: Int = 0
    ) {
        self.hiddenSize = hiddenSize
        self.layerCount = layerCount
        self.headCount = headCount
        self.intermediateSize = intermediateSize
        self.vocabularySize = vocabularySize
        self.positionCount = positionCount
        self.typeCount = typeCount
        self.epsilon = epsilon
        self.embeddingSize = embeddingSize ?? hiddenSize
        self.paddingID = paddingID
        self.distanceBuckets = distanceBuckets
        maximumTokens = positionCount - (paddingID.map { $0 + 1 } ?? 0)
    }

    /// The first token's row of the position table.
    package var firstPosition: Int { paddingID.map { $0 + 1 } ?? 0 }
    /// Tokens of the longest text that there are positions for.
    package var longestText: Int { positionCount - firstPosition }

    /// Width of one head.
    package var headSize: Int { hiddenSize / headCount }

    /// The numbers of cores that can share this model evenly: each gets whole heads and whole columns.
    package var validDegrees: [Int] {
        (1...headCount).filter { headCount % $0 == 0 && intermediateSize % $0 == 0 }
    }

    /// What the weights depend on: texts of any length have the same ones.
    package var ofWeights: ModelConfiguration {
        var copy = self
        copy.maximumTokens = longestText
        copy.passTokens = nil
        return copy
    }
}

extension ModelConfiguration {
    /// - Throws: `ModelError` that names the valid numbers of cores unless `degree` is one.
    package func check(degree: Int, subject: String) throws(ModelError) {
        guard !validDegrees.contains(degree) else { return }
        throw ModelError(
            subject,
            "has \(headCount) attention heads and \(intermediateSize) feed-forward columns, which \(degree)"
                + " cores cannot share evenly",
            "set the tensor parallel degree to \(validDegrees.alternatives)")
    }
}

extension ModelConfiguration {
    /// Floating-point operations of the matrix products for one text.
    package func operations(tokens: Int) -> Double {
        let (hidden, length) = (Double(hiddenSize), Double(tokens))
        let dense = 4 * hidden * hidden + 2 * hidden * Double(intermediateSize)
        return 2 * Double(layerCount) * length * (dense + 2 * length * hidden)
    }
}
