// A model on a group: its program, the tensors between host and cores, and what the host does with the hidden states.

import KernelTemplates
import NeuronKernels
import NeuronProgram
import NeuronRuntime

/// Tensors of one signature, shared by a group's models of equal sizes, since the group executes one batch at a time.
final class EncoderTensors: @unchecked Sendable {
    // @unchecked: the group's turn guards it.
    let inputs: any NeuronTensorSet
    let outputs: any NeuronTensorSet
    /// Hidden states as they are read back.
    let states: FloatBuffer

    init(_ cores: any NeuronCores, _ signature: EncoderSignature) throws(NRTError) {
        func tensors(_ all: [TensorInformation?]) throws(NRTError) -> any NeuronTensorSet {
            var named: [String: any NeuronTensor] = [:]
            for tensor in all.compactMap({ $0 }) {
                named[tensor.name] = try cores.allocate(
                    tensor.name, size: tensor.size, placement: .host, core: 0)
            }
            return try cores.makeTensorSet(named)
        }
        inputs = try tensors([signature.ids, signature.lengths, signature.types])
        outputs = try tensors([signature.states])
        states = FloatBuffer(count: signature.states.shape.reduce(1, *))
    }
}

/// An encoder that is loaded.
struct LoadedEncoder: Sendable {
    let model: EmbeddingModel
    let program: any LoadedProgram
    let signature: EncoderSignature
    let tensors: EncoderTensors

    /// The texts of the next execution: as many of those from `start` on as the program takes, none where the first of them is
    /// longer than it takes.
    func pass(of texts: [TokenizedText], from start: Int) -> ArraySlice<TokenizedText> {
        let rest = texts[start...]
        return rest.prefix(signature.fitting(rest))
    }

    /// Embeds texts that fit one execution. No thread waits for it; what the host does then is done by the thread that tells
    /// of the end where it is little, and else by one of the pool's.
    func embed(
        _ texts: ArraySlice<TokenizedText>, pool: ComputePool
    ) async -> Result<[[Float]], NRTError> {
        await withCheckedContinuation { continuation in
            submit(texts, pool: pool) { continuation.resume(returning: $0) }
        }
    }

    private func submit(
        _ texts: ArraySlice<TokenizedText>, pool: ComputePool,
        _ tell: @escaping @Sendable (Result<[[Float]], NRTError>) -> Void
    ) {
        do throws(NRTError) {
            for (name, octets) in signature.octets(texts) { try tensors.inputs[name]?.write(octets) }
            try program.submit(tensors.inputs, tensors.outputs) { error in
                if let error { return tell(.failure(error)) }
                if hostWork(texts) <= Self.smallWork { return tell(vectors(of: texts)) }
                pool.add { tell(vectors(of: texts)) }
            }
        } catch {
            tell(.failure(error))
        }
    }

    /// Numbers that the host reads and adds up in less time than a change of threads takes.
    private static let smallWork = 32_768

    /// Numbers that the host has to look at.
    private func hostWork(_ texts: ArraySlice<TokenizedText>) -> Int {
        let rows = model.head.usesFirstRowOnly ? texts.count : texts.reduce(0) { $0 + $1.ids.count }
        return rows * model.configuration.hiddenSize
    }

    private func vectors(of texts: ArraySlice<TokenizedText>) -> Result<[[Float]], NRTError> {
        Result { () throws(NRTError) in
            let hidden = model.configuration.hiddenSize
            let first = signature.firstRows(texts)
            if !model.head.usesFirstRowOnly {
                let rows = (first.last ?? 0) + (texts.last?.ids.count ?? 0)
                try readStates(0..<rows * hidden)
            }
            var vectors: [[Float]] = []
            for (row, text) in zip(first, texts) {
                if model.head.usesFirstRowOnly { try readStates(row * hidden..<(row + 1) * hidden) }
                vectors.append(vector(of: text, tensors.states.pointer + row * hidden))
            }
            return vectors
        }
    }

    /// What the head makes of a text's rows.
    private func vector(of text: TokenizedText, _ states: UnsafePointer<Float>) -> [Float] {
        switch model.head {
        case .embedding(let head):
            head.apply(
                states, rows: text.ids.count, prompt: text.promptTokens,
                columns: model.configuration.hiddenSize, kernels: KernelVariant.best.kernels)
        case .classification(let head): head.apply(states)
        case .answers(let head): head.apply(states, rows: text.ids.count)
        }
    }

    /// Reads numbers of the hidden states as single precision.
    private func readStates(_ range: Range<Int>) throws(NRTError) {
        guard let tensor = tensors.outputs[signature.states.name] else { return }
        let type = signature.states.type
        let start = UnsafeMutableRawPointer(tensors.states.pointer + range.lowerBound)
        guard type.size == 2 else {
            return try tensor.read(
                into: UnsafeMutableRawBufferPointer(start: start, count: range.count * 4),
                at: range.lowerBound * 4)
        }
        var halves = [UInt16](repeating: 0, count: range.count)
        let result = halves.withUnsafeMutableBytes { octets in
            Result { () throws(NRTError) in try tensor.read(into: octets, at: range.lowerBound * 2) }
        }
        try result.get()
        for (index, bits) in zip(range, halves) {
            tensors.states.pointer[index] =
                type == .bfloat16 ? Float(brainBits: bits) : Float(halfBits: bits)
        }
    }
}
