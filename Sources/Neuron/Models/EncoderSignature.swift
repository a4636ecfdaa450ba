// How a loaded encoder wants its texts. What "ganglion compile" makes takes them one behind the other; what neuronx-cc has
// compiled takes a rectangle with a mask, as torch's models do. Which it is follows from names, shapes and types of the
// tensors, and what fits neither is refused with the list of what is there.

import ModelErrors
import NeuronProgram
import NeuronRuntime

/// The tensors of an encoder.
struct EncoderSignature: Hashable, Sendable {
    /// How texts lie in the inputs.
    enum Layout: Hashable, Sendable {
        /// One behind the other.
        case packed(tokens: Int)
        /// A row each, filled up.
        case padded(texts: Int, tokens: Int)
    }

    let layout: Layout
    let ids: TensorInformation
    /// `text_lengths`, or the mask.
    let lengths: TensorInformation?
    /// `token_type_ids`; nil where the program takes none.
    let types: TensorInformation?
    /// The hidden states.
    let states: TensorInformation

    /// Finds the tensors.
    ///
    /// - Parameters:
    ///   - hidden: the width of a token's vector by the folder's config.json.
    ///   - subject: the program, for errors.
    init(
        _ inputs: [TensorInformation], _ outputs: [TensorInformation], hidden: Int, subject: String
    ) throws(ModelError) {
        func refusal(_ what: String) -> ModelError {
            let list = (inputs + outputs).map {
                "\($0.usage == .input ? "input" : "output") \($0.name) \($0.type) \($0.shape)"
            }
            return ModelError(
                subject, "\(what); it has \(list.joined(separator: ", "))",
                "compile an encoder with input_ids, attention_mask and token_type_ids in and hidden states out"
            )
        }
        // torch-neuronx numbers what has no name: input0, input1, input2 in the order of the model's arguments.
        func input(_ names: [String], at place: Int) -> TensorInformation? {
            inputs.first { names.contains($0.name.lowercased()) }
                ?? inputs.first { $0.name == "input\(place)" || $0.name == "input_\(place)" }
        }
        guard let ids = input(["input_ids"], at: 0), [.int32, .int64].contains(ids.type) else {
            throw refusal("has no input_ids of int32 or int64")
        }
        let states = outputs.first { output in
            [.float32, .float32Rounded, .bfloat16, .float16].contains(output.type)
                && output.shape == ids.shape + [hidden]
        }
        guard let states else { throw refusal("gives no hidden states of \(ids.shape + [hidden])") }
        if ids.shape.count == 1, let lengths = inputs.first(where: { $0.name == "text_lengths" }) {
            guard lengths.shape == ids.shape, lengths.type == .int32, ids.type == .int32 else {
                throw refusal("has text_lengths unlike its input_ids")
            }
            layout = .packed(tokens: ids.shape[0])
            self.lengths = lengths
            types = inputs.first { $0.name == "token_type_ids" }
            guard types.map({ $0.shape == ids.shape && $0.type == .int32 }) ?? true else {
                throw refusal("has token_type_ids unlike its input_ids")
            }
        } else {
            guard ids.shape.count == 2, ids.shape.allSatisfy({ $0 > 0 }) else {
                throw refusal("has no input_ids of texts and tokens")
            }
            layout = .padded(texts: ids.shape[0], tokens: ids.shape[1])
            lengths = input(["attention_mask"], at: 1)
            types = input(["token_type_ids"], at: 2)
            guard let lengths, lengths.shape == ids.shape, types.map({ $0.shape == ids.shape }) ?? true else {
                throw refusal("has no attention_mask like its input_ids")
            }
            let known = [ids.name, lengths.name, types?.name]
            if let other = inputs.first(where: { !known.contains($0.name) }) {
                throw refusal("wants \(other.name), which is not known")
            }
        }
        self.ids = ids
        self.states = states
    }

    /// Tokens of the longest text.
    var longestText: Int {
        switch layout {
        case .packed(let tokens), .padded(_, let tokens): tokens
        }
    }

    /// How many of the next texts one execution takes; 0 when not even one.
    func fitting(_ texts: ArraySlice<TokenizedText>) -> Int {
        switch layout {
        case .padded(let most, let tokens): texts.prefix(most).prefix { $0.ids.count <= tokens }.count
        case .packed(let most):
            texts.reduce((count: 0, tokens: 0, isFull: false)) { sum, text in
                sum.isFull || sum.tokens + text.ids.count > most
                    ? (sum.count, sum.tokens, true) : (sum.count + 1, sum.tokens + text.ids.count, false)
            }.count
        }
    }

    /// The inputs' octets for some texts, by tensor.
    func octets(_ texts: ArraySlice<TokenizedText>) -> [String: [UInt8]] {
        var ids: [Int32]
        var marks: [Int32]
        var kinds: [Int32]
        switch layout {
        case .packed(let tokens):
            ids = texts.flatMap(\.ids)
            kinds = texts.flatMap(\.allTypes)
            marks = texts.map { Int32(truncatingIfNeeded: $0.ids.count) }
            if marks.count < tokens { marks.append(0) }
        case .padded(let rows, let tokens):
            ids = [Int32](repeating: 0, count: rows * tokens)
            marks = ids
            kinds = ids
            for (row, text) in texts.enumerated() {
                let own = row * tokens..<row * tokens + text.ids.count
                ids.replaceSubrange(own, with: text.ids)
                kinds.replaceSubrange(own, with: text.allTypes)
                for token in own { marks[token] = 1 }
            }
            // A row of nothing but zeros would divide by none.
            for row in texts.count..<max(rows, texts.count) { marks[row * tokens] = 1 }
        }
        var result = [self.ids.name: Self.encoded(ids, self.ids.type)]
        if let lengths { result[lengths.name] = Self.encoded(marks, lengths.type) }
        if let types { result[types.name] = Self.encoded(kinds, types.type) }
        return result
    }

    /// Where the vectors of each text begin in the hidden states, in rows.
    func firstRows(_ texts: ArraySlice<TokenizedText>) -> [Int] {
        switch layout {
        case .padded(_, let tokens): texts.indices.map { ($0 - texts.startIndex) * tokens }
        case .packed:
            texts.reduce(into: (rows: [Int](), next: 0)) { sum, text in
                sum.rows.append(sum.next)
                sum.next += text.ids.count
            }.rows
        }
    }

    private static func encoded(_ numbers: [Int32], _ type: TensorType) -> [UInt8] {
        switch type {
        case .int64, .uint64:
            numbers.flatMap { number in withUnsafeBytes(of: Int64(number).littleEndian, Array.init) }
        case .float32:
            numbers.flatMap { number in
                withUnsafeBytes(of: Float(number).bitPattern.littleEndian, Array.init)
            }
        case .bfloat16:
            numbers.flatMap { number in
                withUnsafeBytes(
                    of: UInt16(truncatingIfNeeded: Float(number).bitPattern >> 16).littleEndian, Array.init)
            }
        case .int8, .uint8: numbers.map { UInt8(truncatingIfNeeded: $0) }
        default: numbers.withUnsafeBytes(Array.init)
        }
    }
}
