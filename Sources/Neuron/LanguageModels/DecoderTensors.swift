// Where a decoder's weights come from: a file of llama.cpp's, or a folder of Hugging Face's. Both have the same matrices
// under other names; a matrix has a row for each number of its result.

import ModelErrors
import NeuronProgram

/// A tensor as it is stored.
struct StoredTensor: Equatable {
    /// Numbers of a row.
    let columns: Int
    /// Rows; 1 for a vector.
    let rows: Int
    /// Numbers that share a scale, and whether four bits hold each of them; nil for plain numbers.
    let quantised: (group: Int, hasNibbles: Bool)?

    static func == (left: Self, right: Self) -> Bool {
        left.columns == right.columns && left.rows == right.rows
            && left.quantised?.group == right.quantised?.group
    }
}

/// The tensors of a model.
protocol DecoderTensors {
    /// What it is called in errors.
    var path: String { get }
    /// All names.
    var names: Set<String> { get }
    /// A tensor's sizes; nil where there is none of that name.
    func tensor(_ name: String) -> StoredTensor?
    /// Reads rows as single precision, one behind the other.
    func read(_ name: String, rows: Range<Int>, into out: UnsafeMutablePointer<Float>) throws(ModelError)
    /// Reads rows as they are quantised.
    func read(
        _ name: String, rows: Range<Int>, numbers: UnsafeMutablePointer<UInt8>,
        scales: UnsafeMutablePointer<Float>, leasts: UnsafeMutablePointer<Float>
    ) throws(ModelError)
}

/// What a model's tensors are called, and how they lie.
struct DecoderNames {
    /// Tables: a row for each token, and for each position.
    var words: String
    var positions: String?
    /// A row for each logit, where they are not the words.
    var logits: String
    var finalNorm: String
    /// Behind this come a layer's number, a dot and the names that follow.
    var layers: String
    var attentionNorm: String
    var query: String
    var key: String
    var value: String
    /// All three one behind the other in place of them.
    var fused: String?
    var output: String
    var middleNorm: String
    var gate: String
    var up: String
    var down: String
    /// Whether a matrix has a column for each number of its result, as GPT-2's have.
    var isTransposed = false
    /// Before every name.
    var prefix = ""

    /// As llama.cpp has them.
    static let gguf = DecoderNames(
        words: "token_embd", positions: "position_embd", logits: "output", finalNorm: "output_norm",
        layers: "blk", attentionNorm: "attn_norm", query: "attn_q", key: "attn_k", value: "attn_v",
        fused: "attn_qkv", output: "attn_output", middleNorm: "ffn_norm", gate: "ffn_gate", up: "ffn_up",
        down: "ffn_down")

    /// As Hugging Face has those of the Llama family.
    static let llama = DecoderNames(
        words: "model.embed_tokens", logits: "lm_head", finalNorm: "model.norm", layers: "model.layers",
        attentionNorm: "input_layernorm", query: "self_attn.q_proj", key: "self_attn.k_proj",
        value: "self_attn.v_proj", output: "self_attn.o_proj", middleNorm: "post_attention_layernorm",
        gate: "mlp.gate_proj", up: "mlp.up_proj", down: "mlp.down_proj")

    /// As Hugging Face has those of GPT-2.
    static let gpt2 = DecoderNames(
        words: "wte", positions: "wpe", logits: "lm_head", finalNorm: "ln_f", layers: "h",
        attentionNorm: "ln_1", query: "", key: "", value: "", fused: "attn.c_attn", output: "attn.c_proj",
        middleNorm: "ln_2", gate: "", up: "mlp.c_fc", down: "mlp.c_proj", isTransposed: true)
}
