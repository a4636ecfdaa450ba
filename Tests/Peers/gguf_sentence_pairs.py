#!/usr/bin/env python3
"""    gguf_sentence_pairs.py Tests/Fixtures/gguf/sentence-pairs.gguf Tests/Fixtures/gguf/sentence-pairs.json [LINES]

Writes a GGUF file with a vocabulary of SentencePiece's pairs and no model, and what llama.cpp makes of lines with it (llama-cpp-python
0.3.36, vocab_only): [{"text": ..., "ids": [...], "plain": [...]}, ...], the second with marks in the text taken as text.
"""
import json
import random
import sys

import gguf
from llama_cpp import Llama
from texts import text
from tokenizers import Tokenizer, models, normalizers, trainers

USER = ["<tool>", "  ", "    ", "<|end|>", "\n\n", "\n\n\n"]


def main():
    path, out, count = sys.argv[1], sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 60
    source = random.Random(1)
    trained = Tokenizer(models.BPE())
    trained.normalizer = normalizers.Replace(" ", "\u2581")
    with open(__file__, encoding="utf8") as file:
        lines = file.read().split("\n") * 2 + [text(source)[:200] for _ in range(200)]
    trained.train_from_iterator(["\u2581" + line for line in lines], trainers.BpeTrainer(vocab_size=1200, limit_alphabet=400, show_progress=False))
    pieces = sorted(trained.get_vocab(), key=trained.get_vocab().get)
    special = ["<unk>", "<s>", "</s>"]
    octets = [f"<0x{octet:02X}>" for octet in range(256)]
    tokens = special + octets + USER + ["<|im_start|>"]
    kinds = [2, 3, 3] + [6] * 256 + [4] * len(USER) + [3]
    scores = [0.0] * len(tokens)
    known = set(tokens)
    for number, piece in enumerate(piece for piece in pieces if piece not in known and "\0" not in piece):
        tokens.append(piece)
        kinds.append(1)
        # Some scores are equal.
        scores.append(-float(number // 2))
    writer = gguf.GGUFWriter(path, "llama")
    for key, value in (("block_count", 1), ("context_length", 128), ("embedding_length", 8), ("feed_forward_length", 8), ("head_count", 1)):
        getattr(writer, "add_" + key)(value)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_tokenizer_model("llama")
    writer.add_tokenizer_pre("default")
    writer.add_token_list(tokens)
    writer.add_token_scores(scores)
    writer.add_token_types(kinds)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    if "--no-prefix" in sys.argv:
        writer.add_add_space_prefix(False)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    model = Llama(model_path=path, vocab_only=True, verbose=False)
    fixed = ["", " ", "  ", "   ", "     x", "hello world", " hello  world ", "a<s>b</s> c", "<tool>x <tool>", "<|im_start|>user\nhi<|end|>", "\n\n\n\n\n", "é e\u0301 \u2581x", "日本語", "👩‍👩‍👧‍👦", "<0x41>", "tab\tx"]
    found = []
    for line in (fixed + [text(source)[:2000 if count > 1000 else 250] for _ in range(count)])[:max(count, len(fixed))]:
        raw = line.encode("utf8")
        if b"\0" in raw:
            continue
        found.append({"text": line, "ids": model.tokenize(raw, add_bos=True, special=True), "plain": model.tokenize(raw, add_bos=False, special=False)})
    with open(out, "w", encoding="utf8") as file:
        json.dump(found, file, ensure_ascii=False)
        file.write("\n")


if __name__ == "__main__":
    main()
