// The activations of a group. Models of equal sizes share them, since a group computes one thing at a time; so a group
// with many models needs room for one pass, not for one per model.

import KernelTemplates
import NeuronKernels

/// Memory that one pass through an encoder writes.
final class Workspace: Sendable {
    /// Tokens that one pass takes, unless a single text may be longer.
    private static let passTokens = 512
    /// The most rows of attention scores or of the feed-forward's middle that are alive at a time, so that they stay in
    /// cache.
    private static let blockRows = 264

    /// Tokens of a pass for so many texts: no more than the caches do well with, unless one text has more.
    static func passTokens(batch: Int, longest: Int) -> Int {
        min(longest * batch, max(passTokens, longest))
    }

    /// Rows of a block, where so many are divided into blocks of one size: each block reads the weights from memory
    /// again, which would be a waste for a last one of few rows.
    static func blockRows(of rows: Int) -> Int {
        let blocks = max(1, (rows + blockRows - 1) / blockRows)
        return max(1, (rows + blocks - 1) / blocks)
    }

    /// Tokens that one pass takes.
    let capacity: Int
    /// The residual stream: a row per token.
    let states: FloatBuffer
    /// By core.
    let cores: [Core]

    init(_ configuration: ModelConfiguration, degree: Int, kernels: any Kernels) {
        let capacity = max(configuration.passTokens ?? Self.passTokens, configuration.maximumTokens)
        self.capacity = capacity
        states = FloatBuffer(count: capacity * configuration.hiddenSize)
        cores = (0..<degree).map { _ in
            Core(configuration, degree: degree, capacity: capacity, kernels: kernels)
        }
    }

    /// Octets of device memory per core; each of them holds the residual stream.
    var bytesPerCore: Int { (states.count + cores[0].count) * MemoryLayout<Float>.stride }

    /// What one core writes; no other core touches it between two joins.
    struct Core: Sendable {
        let qkv: FloatBuffer
        let keys: FloatBuffer
        let values: FloatBuffer
        let scores: FloatBuffer
        let context: FloatBuffer
        let middle: FloatBuffer
        let partial: FloatBuffer
        /// Activations rounded to BF16; of a model in single precision there are none.
        let rounded: FloatBuffer

        fileprivate init(
            _ configuration: ModelConfiguration, degree: Int, capacity: Int, kernels: any Kernels
        ) {
            let hidden = configuration.hiddenSize
            let head = configuration.headSize
            let longest = configuration.maximumTokens
            qkv = FloatBuffer(count: capacity * 3 * hidden / degree)
            keys = FloatBuffer(count: kernels.packedCount(columns: longest, depth: head))
            values = FloatBuffer(count: kernels.packedCount(columns: head, depth: longest))
            scores = FloatBuffer(count: Workspace.blockRows * longest)
            context = FloatBuffer(count: capacity * hidden / degree)
            middle = FloatBuffer(count: Workspace.blockRows * configuration.intermediateSize / degree)
            partial = FloatBuffer(count: capacity * hidden)
            let inputs = kernels.pairsScratchCount(rows: capacity, depth: hidden)
            let middles = kernels.pairsScratchCount(
                rows: min(capacity, Workspace.blockRows), depth: configuration.intermediateSize / degree)
            rounded = FloatBuffer(count: configuration.dataType == .bfloat16 ? max(inputs, middles) : 0)
        }

        fileprivate var count: Int {
            qkv.count + keys.count + values.count + scores.count + context.count + middle.count
                + partial.count + rounded.count
        }
    }
}
