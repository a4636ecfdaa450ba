// The activations of a group. Models of equal sizes share them, since a group computes one thing at a time; so a group
// with many models needs room for one pass, not for one per model.

package import KernelTemplates

/// Memory that one pass through an encoder writes.
package final class Workspace: Sendable {
    /// Tokens that one pass takes, unless a single text may be longer.
    private static let passTokens = 512
    /// The most rows of a half layer's end that are alive at a time, so that they stay in the cache.
    private static let blockRows = 136

    /// Tokens of a pass for so many texts: no more than the caches do well with, unless one text has more.
    package static func passTokens(batch: Int, longest: Int) -> Int {
        min(longest * batch, max(passTokens, longest))
    }

    /// Tokens that one pass of a model takes.
    package static func capacity(_ configuration: ModelConfiguration) -> Int {
        max(configuration.passTokens ?? passTokens, configuration.maximumTokens)
    }

    /// Rows of a block, where so many are divided into blocks of one size: each block reads the weights from memory
    /// again, which would be a waste for a last one of few rows.
    package static func blockRows(of rows: Int) -> Int {
        let blocks = max(1, (rows + blockRows - 1) / blockRows)
        return max(1, (rows + blocks - 1) / blocks)
    }

    /// Octets of attention scores that stay in the caches beside the keys and values that they are of.
    private static let scoreOctets = 64 << 10

    /// Rows of attention scores that are alive at a time, for a text of so many tokens.
    package static func scoreRows(of tokens: Int) -> Int {
        let rows = scoreOctets / (tokens * MemoryLayout<Float>.stride)
        return min(max(rows / 8 * 8, 8), blockRows)
    }

    /// Room for the scores of any text: of a short one all rows are alive, of a long one a few.
    fileprivate static func scoreCount(longest: Int) -> Int {
        max(scoreOctets / MemoryLayout<Float>.stride, 8 * longest)
    }

    /// Tokens that one pass takes.
    package let capacity: Int
    /// The residual stream: a row per token.
    package let states: FloatBuffer
    /// By core.
    package let cores: [Core]

    /// Room for a pass of so many cores.
    package init(_ configuration: ModelConfiguration, degree: Int, kernels: any Kernels) {
        let capacity = max(configuration.passTokens ?? Self.passTokens, configuration.maximumTokens)
        self.capacity = capacity
        states = FloatBuffer(count: capacity * configuration.hiddenSize)
        cores = (0..<degree).map { _ in
            Core(configuration, degree: degree, capacity: capacity, kernels: kernels)
        }
    }

    /// Octets of device memory per core; each of them holds the residual stream.
    package var bytesPerCore: Int { (states.count + cores[0].count) * MemoryLayout<Float>.stride }

    /// What one core writes; no other core touches it between two joins.
    package struct Core: Sendable {
        /// Queries, keys and values side by side.
        package let qkv: FloatBuffer
        /// A text's keys of one head, packed.
        package let keys: FloatBuffer
        /// A text's values of one head, packed.
        package let values: FloatBuffer
        /// Scores of some rows.
        package let scores: FloatBuffer
        /// What the heads give, side by side.
        package let context: FloatBuffer
        /// Some rows of the feed-forward's middle.
        package let middle: FloatBuffer
        /// This core's part of what is summed over the cores.
        package let partial: FloatBuffer
        /// Activations rounded to the weights' type; of a model in single precision there are none.
        package let rounded: FloatBuffer

        fileprivate init(
            _ configuration: ModelConfiguration, degree: Int, capacity: Int, kernels: any Kernels
        ) {
            let hidden = configuration.hiddenSize
            let head = configuration.headSize
            let longest = configuration.maximumTokens
            qkv = FloatBuffer(count: capacity * 3 * hidden / degree)
            keys = FloatBuffer(count: kernels.packedCount(columns: longest, depth: head))
            values = FloatBuffer(count: kernels.packedCount(columns: head, depth: longest))
            scores = FloatBuffer(count: Workspace.scoreCount(longest: longest))
            context = FloatBuffer(count: capacity * hidden / degree)
            middle = FloatBuffer(count: Workspace.blockRows * configuration.intermediateSize / degree)
            partial = FloatBuffer(count: capacity * hidden)
            let format = configuration.dataType.format
            let inputs = kernels.scratchCount(format, rows: capacity, depth: hidden)
            let middles = kernels.scratchCount(
                format, rows: min(capacity, Workspace.blockRows),
                depth: configuration.intermediateSize / degree)
            rounded = FloatBuffer(count: max(inputs, middles))
        }

        fileprivate var count: Int {
            qkv.count + keys.count + values.count + scores.count + context.count + middle.count
                + partial.count + rounded.count
        }
    }
}
