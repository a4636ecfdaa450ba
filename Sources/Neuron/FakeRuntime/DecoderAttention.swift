// Keys and values of all tokens so far lie in pages, packed as right-hand sides of products: in a page the keys of a head
// are a matrix with a column for each token, its values one with a row for each. So scores and sums are the kernels' own
// products, page by page. All scores of a row are over whole pages, those of tokens that it must not see at minus
// infinity, so that a row's sums are of one order however many rows are computed with it.

import KernelTemplates
import NeuronProgram

extension DecoderThread {
    private var head: Int { configuration.headSize }
    private var keyHeads: Int { configuration.keyValueHeads(degree: weights.degree) }
    private var queryHeads: Int { configuration.headCount / weights.degree }
    /// Heads of queries that share keys.
    private var group: Int { queryHeads / keyHeads }

    /// A head's keys and values in a page.
    private func page(
        _ number: Int, layer: Int, head: Int
    ) -> (keys: UnsafeMutablePointer<Float>, values: UnsafeMutablePointer<Float>) {
        let counts = DecoderProgram.pageCounts(configuration, kernels: kernels)
        let place = (number * configuration.layerCount + layer) * keyHeads + head
        let start = batch.caches[core] + place * (counts.keys + counts.values)
        return (start, start + counts.keys)
    }

    /// Makes zeros of the values of pages that begin: what nobody has written yet is multiplied by nothing, but has to be a
    /// number. Before `storeKeys`, in which other threads write other tokens of such a page.
    func clearPages(layer: Int) {
        let count = DecoderProgram.pageCounts(configuration, kernels: kernels).values
        for token in batch.tokens[coreRows] where token.position % DecoderProgram.pageTokens == 0 {
            let number = batch.sequences[token.sequence].pages[token.position / DecoderProgram.pageTokens]
            for own in 0..<keyHeads {
                page(number, layer: layer, head: own).values.update(repeating: 0, count: count)
            }
        }
    }

    /// Adds the biases, turns queries and keys by their places, and puts keys and values into their pages.
    func storeKeys(layer: Int, bias: FloatBuffer?) {
        let (queries, keys) = (queryHeads * head, keyHeads * head)
        for row in coreRows {
            let query = memory.queries.pointer + row * queries
            let key = memory.keys.pointer + row * keys
            let value = memory.values.pointer + row * keys
            if let bias = bias?.pointer {
                kernels.addBias(query, rows: 1, columns: queries, stride: queries, bias: bias)
                kernels.addBias(key, rows: 1, columns: keys, stride: keys, bias: bias + queries)
                kernels.addBias(value, rows: 1, columns: keys, stride: keys, bias: bias + queries + keys)
            }
            let token = batch.tokens[row]
            turn(query, queryHeads, token.position)
            turn(key, keyHeads, token.position)
            store(key, value, token, layer: layer)
        }
    }

    private func turn(_ heads: UnsafeMutablePointer<Float>, _ count: Int, _ position: Int) {
        guard let angles = decoder.angles else { return }
        let half = configuration.rotatedSize / 2
        kernels.rotate(
            heads, count: count, size: head, rotated: configuration.rotatedSize,
            isInterleaved: configuration.positions == .rotaryPairs,
            cosines: angles.pointer + position * 2 * half, sines: angles.pointer + (position * 2 + 1) * half)
    }

    private func store(
        _ key: UnsafePointer<Float>, _ value: UnsafePointer<Float>, _ token: DecoderBatch.Token, layer: Int
    ) {
        let tokens = DecoderProgram.pageTokens
        let number = batch.sequences[token.sequence].pages[token.position / tokens]
        let slot = token.position % tokens
        for own in 0..<keyHeads {
            let place = page(number, layer: layer, head: own)
            kernels.storeColumn(key + own * head, slot, columns: tokens, depth: head, into: place.keys)
            kernels.storeRow(value + own * head, slot, columns: head, depth: tokens, into: place.values)
        }
    }

    /// Softmax(Q K^T / sqrt(head size)) V for this thread's share of sequences, heads and blocks of tokens.
    func attend(layer: Int) {
        var task = 0
        let block = DecoderWorkspace.blockTokens
        for sequence in batch.sequences {
            for first in stride(from: sequence.tokens.lowerBound, to: sequence.tokens.upperBound, by: block) {
                let rows = first..<min(first + block, sequence.tokens.upperBound)
                for head in 0..<keyHeads {
                    if task % decoder.threads == place { attend(rows, sequence, layer: layer, head: head) }
                    task += 1
                }
            }
        }
    }

    private func attend(_ tokens: Range<Int>, _ sequence: DecoderBatch.Sequence, layer: Int, head own: Int) {
        let pageTokens = DecoderProgram.pageTokens
        let width = queryHeads * head
        let chunk = group * head
        let queries = self.own.queries.pointer
        for (place, row) in tokens.enumerated() {
            (queries + place * chunk).update(
                from: memory.queries.pointer + (row * width + own * chunk), count: chunk)
        }
        let rows = tokens.count * group
        let last = sequence.context + tokens.upperBound - 1 - sequence.tokens.lowerBound
        let pages = sequence.pages.prefix(last / pageTokens + 1)
        let columns = pages.count * pageTokens
        let (scores, context) = (self.own.scores.pointer, self.own.context.pointer)
        for (place, number) in pages.enumerated() {
            kernels.multiply(
                queries, rows: rows, depth: head, aStride: head,
                packed: page(number, layer: layer, head: own).keys, columns: pageTokens,
                into: scores + place * pageTokens, cStride: columns, finish: .none)
        }
        for row in 0..<rows {
            let seen = last - (tokens.count - 1) + row / group + 1
            (scores + (row * columns + seen)).update(repeating: -.infinity, count: columns - seen)
        }
        kernels.softmax(
            scores, rows: rows, columns: columns, stride: columns, scale: 1 / Float(head).squareRoot())
        for (place, number) in pages.enumerated() {
            kernels.multiply(
                scores + place * pageTokens, rows: rows, depth: pageTokens, aStride: columns,
                packed: page(number, layer: layer, head: own).values, columns: head, into: context,
                cStride: head, adds: place > 0, finish: .none)
        }
        for (place, row) in tokens.enumerated() {
            (memory.context.pointer + (row * width + own * chunk)).update(
                from: context + place * chunk, count: chunk)
        }
    }
}
