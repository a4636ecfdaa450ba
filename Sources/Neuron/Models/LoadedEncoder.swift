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

    /// Embeds texts that have been cut into ids.
    ///
    /// - Parameter progress: gets the vectors of each execution, in the order of the texts, and says whether to go on.
    /// - Returns: whether all have been embedded; false as well for a text that is longer than the program takes.
    func embed(_ texts: [TokenizedText], progress: ([[Float]]) -> Bool) throws(NRTError) -> Bool {
        var rest = texts[...]
        while !rest.isEmpty {
            let own = rest.prefix(signature.fitting(rest))
            guard !own.isEmpty else { return false }
            let vectors = try embed(own)
            rest = rest.dropFirst(own.count)
            guard progress(vectors) || rest.isEmpty else { return false }
        }
        return true
    }

    private func embed(_ texts: ArraySlice<TokenizedText>) throws(NRTError) -> [[Float]] {
        for (name, octets) in signature.octets(texts) { try tensors.inputs[name]?.write(octets) }
        try program.execute(tensors.inputs, tensors.outputs)
        let hidden = model.configuration.hiddenSize
        let first = signature.firstRows(texts)
        let rows = (first.last ?? 0) + (texts.last?.ids.count ?? 0)
        try readStates(rows * hidden)
        let kernels = KernelVariant.best.kernels
        return zip(first, texts).map { row, text in
            let states = tensors.states.pointer + row * hidden
            return switch model.head {
            case .embedding(let head):
                head.apply(
                    states, rows: text.ids.count, prompt: text.promptTokens, columns: hidden,
                    kernels: kernels)
            case .classification(let head): head.apply(states)
            case .answers(let head): head.apply(states, rows: text.ids.count)
            }
        }
    }

    /// Reads so many numbers of the hidden states as single precision.
    private func readStates(_ count: Int) throws(NRTError) {
        guard let tensor = tensors.outputs[signature.states.name] else { return }
        let type = signature.states.type
        let start = UnsafeMutableRawPointer(tensors.states.pointer)
        guard type.size == 2 else {
            return try tensor.read(into: UnsafeMutableRawBufferPointer(start: start, count: count * 4), at: 0)
        }
        let halves = try tensor.read(count, of: UInt16.self)
        for (index, bits) in halves.enumerated() {
            tensors.states.pointer[index] =
                type == .bfloat16 ? Float(brainBits: bits) : Float(halfBits: bits)
        }
    }
}
