"""Writes Tests/Fixtures/text/minilm.json: token ids by PyPI `tokenizers`, embeddings by NumPy in double precision.

    python3 -m venv V && V/bin/pip install numpy==2.4.6 tokenizers==0.23.3 safetensors==0.8.0
    V/bin/python Tests/Peers/minilm.py DIRECTORY-OF-all-MiniLM-L6-v2 > Tests/Fixtures/text/minilm.json

Embeddings are stored as hexadecimal big-endian float16, whose rounding moves a cosine by less than 1e-6.
"""
import json
import math
import sys

import numpy as np
from safetensors.numpy import load_file
from tokenizers import Tokenizer

directory = sys.argv[1]
weights = {k: v.astype(np.float64) if v.dtype == np.float32 else v
           for k, v in load_file(directory + "/model.safetensors").items()}
config = json.load(open(directory + "/config.json"))
tokenizer = Tokenizer.from_file(directory + "/tokenizer.json")
tokenizer.no_padding()
LIMIT = 256
tokenizer.enable_truncation(LIMIT)
erf = np.vectorize(math.erf)

TEXTS = [
    "A ganglion is a cluster of neurons.",
    "",
    " \t\n ",
    "hello",
    "The quick brown fox jumps over the lazy dog. " * 40,
    "Crème brûlée à la façon de Zoë, İstanbul, ﬁancée, ÅNGSTRÖM!",
    "日本語のテキストと漢字、カタカナ。中文字符测试",
    "한국어 문장도 있다. 안녕하세요?",
    "🤗🧿 emoji 👩‍👩‍👧 and zero\u200bwidth\u0000null\ufffd",
    "unaffable antidisestablishmentarianism " + "x" * 101 + " " + "y" * 100,
    "[CLS] literal [SEP] tokens [MASK] here[UNK] [sep]",
    "Привет, мир! Ёлка и Й. ΑΒΓ ά ὕ Ω ς",
    "مرحبا بالعالم وَرَحْمَةُ नमस्ते दुनिया ไทย ภาษา",
    "e\u0301\u0323 a\u0328\u0301 \u1e69 \u0344 \u2126 \uf900 \u09cb \u1ea8 \U0001d15e",
    "$12.50 (50%) <a href=\"x\">C++/C# don't</a> ~`^_| — “quotes” …",
    "def main(): return [i**2 for i in range(10)]",
    "ß ẞ Straße ĳ ǆ ﬀ ½ ² ™ № ㎏",
    "line\u2028separator\u0085next\u00a0nbsp\u3000wide\u180evowel",
]


def norm(x, name):
    mean = x.mean(-1, keepdims=True)
    variance = ((x - mean) ** 2).mean(-1, keepdims=True)
    eps = config["layer_norm_eps"]
    return (x - mean) / np.sqrt(variance + eps) * weights[name + ".weight"] + weights[name + ".bias"]


def dense(x, name):
    return x @ weights[name + ".weight"].T + weights[name + ".bias"]


def embed(ids):
    heads = config["num_attention_heads"]
    x = (weights["embeddings.word_embeddings.weight"][ids]
         + weights["embeddings.position_embeddings.weight"][: len(ids)]
         + weights["embeddings.token_type_embeddings.weight"][0])
    x = norm(x, "embeddings.LayerNorm")
    for layer in range(config["num_hidden_layers"]):
        p = f"encoder.layer.{layer}."
        q, k, v = (dense(x, p + "attention.self." + n).reshape(len(ids), heads, -1).transpose(1, 0, 2)
                   for n in ("query", "key", "value"))
        s = q @ k.transpose(0, 2, 1) / math.sqrt(q.shape[-1])
        s = np.exp(s - s.max(-1, keepdims=True))
        c = (s / s.sum(-1, keepdims=True)) @ v
        c = c.transpose(1, 0, 2).reshape(len(ids), -1)
        x = norm(x + dense(c, p + "attention.output.dense"), p + "attention.output.LayerNorm")
        h = dense(x, p + "intermediate.dense")
        h = h * 0.5 * (1 + erf(h / math.sqrt(2)))
        x = norm(x + dense(h, p + "output.dense"), p + "output.LayerNorm")
    mean = x.mean(0)
    return mean / np.linalg.norm(mean)


if len(sys.argv) > 2:  # more texts, one JSON list in a file
    TEXTS = json.load(open(sys.argv[2]))
cases = []
for text in TEXTS:
    ids = tokenizer.encode(text).ids
    cases.append({"text": text, "ids": ids, "embedding": embed(ids).astype(">f2").tobytes().hex()})
print("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]")
