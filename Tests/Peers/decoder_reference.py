"""A Llama-like decoder in numpy, written from the papers, on the numbers that llama.cpp's own package (gguf) widens a file's
tensors to. It is slow and plain: what our decoder computes is compared with it."""

import numpy as np
from gguf import GGUFReader
from gguf.quants import dequantize


class Decoder:
    """The weights of a GGUF file of the architectures llama and qwen2."""

    def __init__(self, path):
        reader = GGUFReader(path)
        fields = reader.fields
        self.architecture = str(bytes(fields["general.architecture"].parts[-1]), "utf-8")

        def number(key, otherwise=None):
            field = fields.get(f"{self.architecture}.{key}")
            return otherwise if field is None else field.parts[-1][0]

        self.tensors = {
            tensor.name: dequantize(tensor.data, tensor.tensor_type).astype(np.float32) for tensor in reader.tensors
        }
        self.layers = int(number("block_count"))
        self.heads = int(number("attention.head_count"))
        self.key_heads = int(number("attention.head_count_kv", self.heads))
        self.hidden = int(number("embedding_length"))
        self.head = self.hidden // self.heads
        self.epsilon = float(number("attention.layer_norm_rms_epsilon"))
        base = float(number("rope.freq_base", 10000.0))
        half = self.head // 2
        self.frequencies = (base ** (-2.0 * np.arange(half) / self.head)).astype(np.float32).astype(np.float64)
        self.interleaved = self.architecture == "llama"

    def norm(self, x, name):
        x64 = x.astype(np.float64)
        scaled = x64 / np.sqrt((x64 * x64).mean(-1, keepdims=True) + self.epsilon)
        return (scaled * self.tensors[name]).astype(np.float32)

    def product(self, x, name):
        result = x @ self.tensors[name + ".weight"].T
        bias = self.tensors.get(name + ".bias")
        return result if bias is None else result + bias

    def turn(self, x, positions):
        angles = positions[:, None] * self.frequencies[None, :]
        cosines, sines = np.cos(angles)[:, None, :], np.sin(angles)[:, None, :]
        if self.interleaved:
            first, second = x[..., 0::2], x[..., 1::2]
        else:
            first, second = np.split(x, 2, axis=-1)
        turned = np.empty_like(x)
        pair = first * cosines - second * sines, first * sines + second * cosines
        if self.interleaved:
            turned[..., 0::2], turned[..., 1::2] = pair
        else:
            half = x.shape[-1] // 2
            turned[..., :half], turned[..., half:] = pair
        return turned.astype(np.float32)

    def start(self):
        """An empty cache."""
        return [(np.zeros((0, self.key_heads, self.head), np.float32),) * 2 for _ in range(self.layers)]

    def forward(self, ids, cache):
        """The logits behind each of some tokens that follow those of a cache, which grows."""
        before = cache[0][0].shape[0]
        positions = np.arange(before, before + len(ids))
        x = self.tensors["token_embd.weight"][ids]
        seen = np.arange(before + len(ids))[None, :] <= positions[:, None]
        for layer in range(self.layers):
            name = f"blk.{layer}."
            h = self.norm(x, name + "attn_norm.weight")
            q = self.turn(self.product(h, name + "attn_q").reshape(len(ids), self.heads, -1), positions)
            k = self.turn(self.product(h, name + "attn_k").reshape(len(ids), self.key_heads, -1), positions)
            v = self.product(h, name + "attn_v").reshape(len(ids), self.key_heads, -1)
            keys, values = (np.concatenate(pair) for pair in zip(cache[layer], (k, v)))
            cache[layer] = (keys, values)
            group = self.heads // self.key_heads
            outputs = []
            for head in range(self.heads):
                scores = q[:, head] @ keys[:, head // group].T / np.sqrt(np.float32(self.head))
                scores = np.where(seen, scores, -np.inf)
                scores = np.exp(scores - scores.max(-1, keepdims=True))
                outputs.append(scores / scores.sum(-1, keepdims=True) @ values[:, head // group])
            x = x + self.product(np.concatenate(outputs, -1).astype(np.float32), name + "attn_output")
            h = self.norm(x, name + "ffn_norm.weight")
            gate = self.product(h, name + "ffn_gate").astype(np.float64)
            middle = (gate / (1 + np.exp(-gate)) * self.product(h, name + "ffn_up")).astype(np.float32)
            x = x + self.product(middle, name + "ffn_down")
        h = self.norm(x, "output_norm.weight")
        return h @ self.tensors.get("output.weight", self.tensors["token_embd.weight"]).T

    def greedy(self, ids, count):
        """The most likely tokens behind a prompt, and the logarithms of their probabilities."""
        cache = self.start()
        tokens, logarithms = [], []
        logits = self.forward(np.array(ids), cache)[-1]
        while True:
            best = int(logits.argmax())
            top = logits.astype(np.float64) - float(logits.max())
            tokens.append(best)
            logarithms.append(float(top[best] - np.log(np.exp(top).sum())))
            if len(tokens) == count:
                return tokens, logarithms
            logits = self.forward(np.array([best]), cache)[-1]
