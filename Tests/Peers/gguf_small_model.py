#!/usr/bin/env python3
"""    gguf_small_model.py Tests/Fixtures/gguf/small-llama.gguf Tests/Fixtures/gguf/small-llama.json

Writes a Llama of some ten thousand random numbers, quantised as llama.cpp does it, with a token for each octet and a chat
template; and what numpy computes with it (decoder_reference.py): the most likely tokens behind some prompts, and the
logarithms of their probabilities.
"""
import json
import pathlib
import sys

import gguf
import numpy as np

from decoder_reference import Decoder

HIDDEN, LAYERS, HEADS, KEY_HEADS, MIDDLE = 64, 2, 4, 2, 96
TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def alphabet():
    """GPT-2's characters for the octets."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [octet for octet in range(256) if octet not in plain]
    return [chr(octet) if octet in plain else chr(256 + others.index(octet)) for octet in range(256)]


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    random = np.random.default_rng(7)
    writer = gguf.GGUFWriter(sys.argv[1], "llama")
    writer.add_block_count(LAYERS)
    writer.add_context_length(256)
    writer.add_embedding_length(HIDDEN)
    writer.add_feed_forward_length(MIDDLE)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KEY_HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(HIDDEN // HEADS)
    writer.add_rope_freq_base(10000.0)
    tokens = alphabet() + ["th", "<|im_start|>", "<|im_end|>"]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("smollm")
    writer.add_token_list(tokens)
    writer.add_token_types([1] * 257 + [3, 3])
    writer.add_token_merges(["t h"])
    writer.add_bos_token_id(257)
    writer.add_eos_token_id(258)
    writer.add_chat_template(TEMPLATE)
    head = HIDDEN // HEADS

    def add(name, rows, columns, kind):
        numbers = (random.standard_normal((rows, columns)) * 1.5 / np.sqrt(columns)).astype(np.float32)
        writer.add_tensor(name, gguf.quants.quantize(numbers, kind), raw_dtype=kind)

    kinds = gguf.GGMLQuantizationType
    add("token_embd.weight", len(tokens), HIDDEN, kinds.Q8_0)
    writer.add_tensor("output_norm.weight", (1 + random.standard_normal(HIDDEN) / 8).astype(np.float32))
    for layer in range(LAYERS):
        for norm in ("attn_norm", "ffn_norm"):
            numbers = (1 + random.standard_normal(HIDDEN) / 8).astype(np.float32)
            writer.add_tensor(f"blk.{layer}.{norm}.weight", numbers)
        add(f"blk.{layer}.attn_q.weight", HEADS * head, HIDDEN, kinds.Q4_1)
        add(f"blk.{layer}.attn_k.weight", KEY_HEADS * head, HIDDEN, kinds.Q4_0)
        add(f"blk.{layer}.attn_v.weight", KEY_HEADS * head, HIDDEN, kinds.Q5_1)
        add(f"blk.{layer}.attn_output.weight", HIDDEN, HEADS * head, kinds.Q8_0)
        add(f"blk.{layer}.ffn_gate.weight", MIDDLE, HIDDEN, kinds.Q4_1)
        add(f"blk.{layer}.ffn_up.weight", MIDDLE, HIDDEN, kinds.Q5_0)
        add(f"blk.{layer}.ffn_down.weight", HIDDEN, MIDDLE, kinds.Q4_1)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    decoder = Decoder(sys.argv[1])
    cases = []
    for length in (1, 5, 47, 48, 130):
        prompt = random.integers(0, len(tokens), length).tolist()
        written, logarithms = decoder.greedy(prompt, 20)
        cases.append({"prompt": prompt, "tokens": written, "logarithms": [round(value, 6) for value in logarithms]})
    pathlib.Path(sys.argv[2]).write_text(json.dumps(cases) + "\n")


if __name__ == "__main__":
    main()
