// The activations of a decoder. All of it is written by one execution at a time.

package import KernelTemplates

/// Memory that one pass through a decoder writes.
package final class DecoderWorkspace: Sendable {
    /// Tokens of a sequence whose attention is computed at a time: so many that their scores stay in cache.
    package static let blockTokens = 16

    /// Tokens up to which every thread computes sums and norms of all rows for itself: to wait for others' rows takes longer.
    package static let fewTokens = 16

    /// The residual stream: a row for each token, where there are more than few.
    package let states: FloatBuffer
    /// The same, normalised for the product that follows.
    package let normed: FloatBuffer
    /// By core.
    package let cores: [Core]
    /// By thread, those of a core beside each other.
    package let threads: [Thread]

    /// Room for a pass.
    ///
    /// - Parameters:
    ///   - tokens: new tokens of a pass.
    ///   - sequences: that they are of.
    ///   - threads: of each core.
    package init(
        _ configuration: DecoderConfiguration, tokens: Int, sequences: Int, degree: Int, threads: Int,
        kernels: any Kernels
    ) {
        states = FloatBuffer(count: tokens * configuration.hiddenSize)
        normed = FloatBuffer(count: tokens * configuration.hiddenSize)
        cores = (0..<degree).map { Core(configuration, tokens: tokens, core: $0, degree: degree) }
        self.threads = (0..<degree * threads).map { _ in
            Thread(
                configuration, tokens: tokens, sequences: sequences, degree: degree, kernels: kernels)
        }
    }

    /// Octets of device memory per core; each of them holds the residual stream.
    package var bytesPerCore: Int {
        let own = threads.count / cores.count * threads[0].count
        return (states.count + normed.count + (cores.map(\.count).max() ?? 0) + own)
            * MemoryLayout<Float>.stride
    }

    /// What one core writes.
    package struct Core: Sendable {
        /// A row for each token.
        package let queries: FloatBuffer
        package let keys: FloatBuffer
        package let values: FloatBuffer
        /// What the heads give.
        package let context: FloatBuffer
        /// The middle of a layer's second half, and its gate.
        package let gate: FloatBuffer
        package let middle: FloatBuffer
        /// This core's part of what is summed over the cores.
        package let partial: FloatBuffer

        fileprivate init(_ configuration: DecoderConfiguration, tokens: Int, core: Int, degree: Int) {
            let queries = configuration.headCount / degree * configuration.headSize
            let keys = configuration.keyValueHeads(degree: degree) * configuration.headSize
            let middle = configuration.intermediates(core: core, degree: degree).count
            self.queries = FloatBuffer(count: tokens * queries)
            self.keys = FloatBuffer(count: tokens * keys)
            values = FloatBuffer(count: tokens * keys)
            context = FloatBuffer(count: tokens * queries)
            gate = FloatBuffer(count: configuration.isGated ? tokens * middle : 0)
            self.middle = FloatBuffer(count: tokens * middle)
            partial = FloatBuffer(count: tokens * configuration.hiddenSize)
        }

        fileprivate var count: Int {
            queries.count + keys.count + values.count + context.count + gate.count + middle.count
                + partial.count
        }
    }

    /// What one thread of a core writes.
    package struct Thread: Sendable {
        /// The queries of some tokens and of all heads that share keys, one behind the other.
        package let queries: FloatBuffer
        /// Their scores, over whole pages.
        package let scores: FloatBuffer
        /// What comes of them.
        package let context: FloatBuffer
        /// For the kernels' products.
        package let scratch: FloatBuffer
        /// The residual stream and its norm, of few tokens.
        package let states: FloatBuffer
        package let normed: FloatBuffer
        /// The last rows of sequences whose logits are wanted.
        package let last: FloatBuffer

        fileprivate init(
            _ configuration: DecoderConfiguration, tokens: Int, sequences: Int, degree: Int,
            kernels: any Kernels
        ) {
            let few = min(tokens, DecoderWorkspace.fewTokens) * configuration.hiddenSize
            states = FloatBuffer(count: few)
            normed = FloatBuffer(count: few)
            last = FloatBuffer(count: sequences * configuration.hiddenSize)
            let heads = configuration.headCount / degree / configuration.keyValueHeads(degree: degree)
            let rows = min(tokens, DecoderWorkspace.blockTokens) * max(1, heads)
            let page = DecoderProgram.pageTokens
            let columns = (configuration.positionCount + page - 1) / page * page
            queries = FloatBuffer(count: rows * configuration.headSize)
            scores = FloatBuffer(count: rows * columns)
            context = FloatBuffer(count: rows * configuration.headSize)
            let deepest = max(
                configuration.hiddenSize, configuration.intermediateSize,
                configuration.headCount * configuration.headSize)
            let needs = MatrixFormat.allCases.map {
                kernels.scratchCount($0, rows: tokens, depth: deepest)
            }
            scratch = FloatBuffer(count: needs.max() ?? 0)
        }

        fileprivate var count: Int {
            queries.count + scores.count + context.count + scratch.count + states.count + normed.count
                + last.count
        }
    }
}
