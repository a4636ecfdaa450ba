"""The peer of the tests of decoders in folders: writes them as transformers saves them, with weights at random, and what numpy
computes with them in double precision, written from the papers (Llama, GPT-2) and config.json's meaning.

    decoder_folders.py OUT     OUT/CASE/..., OUT/cases.json: [{"case", "prompt", "tokens", "logarithms"}, ...]
"""
import json
import math
import os
import sys

import numpy
from encoder_families import brain, write_brain, write_json
from safetensors.numpy import save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors

HIDDEN, LAYERS, HEADS, MIDDLE, POSITIONS = 64, 2, 4, 96, 200
SPECIAL = ["<s>", "</s>", "<|im_end|>", "<|im_start|>"]
TEMPLATE = ("{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
            "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}")
# case: model_type, heads of keys, config.json besides, how tensors are written, their prefix
CASES = {
    "llama": ("llama", 2, {"rope_theta": 500.0, "rope_scaling": {
        "rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 64}}, "divided", "model."),
    "llama-v5": ("llama", 4, {"rope_parameters": {"rope_type": "linear", "rope_theta": 20000.0, "factor": 2.0}, "tie_word_embeddings": True}, "BF16", "model."),
    "llama-bare": ("llama", 1, {"tie_word_embeddings": True, "head_dim": 32}, "F32", ""),
    "qwen2": ("qwen2", 2, {"rope_theta": 1000000.0, "tie_word_embeddings": True, "use_sliding_window": False, "sliding_window": 4096}, "F16", "model."),
    "gpt2": ("gpt2", 4, {}, "F32", "transformer."),
    "gpt2-bare": ("gpt2", 4, {"n_inner": 160}, "BF16", ""),
}


def tokenizer():
    words = pre_tokenizers.ByteLevel.alphabet()
    words.sort()
    vocabulary = {token: number for number, token in enumerate(SPECIAL + words + ["th", "the"])}
    made = Tokenizer(models.BPE(vocabulary, [("t", "h"), ("th", "e")]))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    made.add_special_tokens(SPECIAL)
    made.post_processor = processors.TemplateProcessing(single="<s> $A", pair="<s> $A $B", special_tokens=[("<s>", 0)])
    return made


class Decoder:
    def __init__(self, name, seed, words):
        self.type, self.key_heads, more, self.form, self.prefix = CASES[name]
        self.random, self.tensors, self.words = numpy.random.default_rng(seed), {}, words
        self.more = more
        self.head = more.get("head_dim", HIDDEN // HEADS)
        self.tied = more.get("tie_word_embeddings", self.type == "gpt2")
        self.middle = more.get("n_inner", MIDDLE if self.type != "gpt2" else 4 * HIDDEN)
        self.build()

    def add(self, name, shape, spread=None, middle=0.0):
        values = self.random.normal(middle, spread if spread else 1.5 / math.sqrt(shape[-1]), shape).astype(numpy.float32)
        if self.form == "F16":
            values = values.astype(numpy.float16).astype(numpy.float32)
        if self.form == "BF16":
            values = (brain(values).astype(numpy.uint32) << 16).view(numpy.float32)
        self.tensors[name] = values

    def build(self):
        place = self.prefix
        if self.type == "gpt2":
            self.add(place + "wte.weight", (self.words, HIDDEN), 1.0)
            self.add(place + "wpe.weight", (POSITIONS, HIDDEN), 0.3)
            for layer in range(LAYERS):
                own = f"{place}h.{layer}."
                for norm in ("ln_1", "ln_2"):
                    self.add(own + norm + ".weight", (HIDDEN,), 0.1, 1.0)
                    self.add(own + norm + ".bias", (HIDDEN,), 0.1)
                for dense, width, result in (("attn.c_attn", HIDDEN, 3 * HIDDEN), ("attn.c_proj", HIDDEN, HIDDEN),
                                             ("mlp.c_fc", HIDDEN, self.middle), ("mlp.c_proj", self.middle, HIDDEN)):
                    # Conv1D: a row for each number that comes in.
                    self.add(own + dense + ".weight", (width, result), 1.5 / math.sqrt(width))
                    self.add(own + dense + ".bias", (result,), 0.1)
                # A mask that old files have.
                self.tensors[own + "attn.bias"] = numpy.tril(numpy.ones((1, 1, 8, 8), numpy.float32))
            self.add(place + "ln_f.weight", (HIDDEN,), 0.1, 1.0)
            self.add(place + "ln_f.bias", (HIDDEN,), 0.1)
            return
        self.add(place + "embed_tokens.weight", (self.words, HIDDEN), 1.0)
        for layer in range(LAYERS):
            own = f"{place}layers.{layer}."
            for norm in ("input_layernorm", "post_attention_layernorm"):
                self.add(own + norm + ".weight", (HIDDEN,), 0.1, 1.0)
            for part, heads in (("q", HEADS), ("k", self.key_heads), ("v", self.key_heads)):
                self.add(f"{own}self_attn.{part}_proj.weight", (heads * self.head, HIDDEN))
                if self.type == "qwen2":
                    self.add(f"{own}self_attn.{part}_proj.bias", (heads * self.head,), 0.3)
            self.add(own + "self_attn.o_proj.weight", (HIDDEN, HEADS * self.head))
            for part, shape in (("gate", (self.middle, HIDDEN)), ("up", (self.middle, HIDDEN)), ("down", (HIDDEN, self.middle))):
                self.add(f"{own}mlp.{part}_proj.weight", shape)
        self.add(place + "norm.weight", (HIDDEN,), 0.1, 1.0)
        if not self.tied:
            self.add("lm_head.weight", (self.words, HIDDEN))

    def config(self):
        if self.type == "gpt2":
            return {"model_type": "gpt2", "n_embd": HIDDEN, "n_layer": LAYERS, "n_head": HEADS, "n_positions": POSITIONS, "n_inner": None,
                    "vocab_size": self.words, "activation_function": "gelu_new", "layer_norm_epsilon": 1e-5, "eos_token_id": 1, **self.more}
        return {"model_type": self.type, "hidden_size": HIDDEN, "num_hidden_layers": LAYERS, "num_attention_heads": HEADS,
                "num_key_value_heads": self.key_heads, "intermediate_size": self.middle, "vocab_size": self.words, "hidden_act": "silu",
                "max_position_embeddings": POSITIONS, "rms_norm_eps": 1e-5, "bos_token_id": 0, "eos_token_id": 1, **self.more}

    def angles(self):
        given = self.more.get("rope_parameters", {})
        base = given.get("rope_theta", self.more.get("rope_theta", 10000.0))
        plain = 1.0 / base ** (numpy.arange(0, self.head, 2) / self.head)
        scaling = given or self.more.get("rope_scaling")
        if not scaling:
            return plain
        if scaling["rope_type"] == "linear":
            return plain / scaling["factor"]
        old, low, high, factor = (scaling[key] for key in ("original_max_position_embeddings", "low_freq_factor", "high_freq_factor", "factor"))
        result = []
        for frequency in plain:
            length = 2 * math.pi / frequency
            if length < old / high:
                result.append(frequency)
            elif length > old / low:
                result.append(frequency / factor)
            else:
                smooth = (old / length - low) / (high - low)
                result.append((1 - smooth) * frequency / factor + smooth * frequency)
        return numpy.array(result)

    def tensor(self, name):
        return self.tensors[self.prefix + name].astype(numpy.float64)

    def attend(self, q, k, v):
        count = len(q)
        scores = numpy.einsum("qhd,khd->hqk", q, k) / math.sqrt(q.shape[-1])
        scores = numpy.where(numpy.tril(numpy.ones((count, count), bool)), scores, -numpy.inf)
        scores = numpy.exp(scores - scores.max(-1, keepdims=True))
        return numpy.einsum("hqk,khd->qhd", scores / scores.sum(-1, keepdims=True), v).reshape(count, -1)

    def __call__(self, ids):
        return self.gpt2(ids) if self.type == "gpt2" else self.llama(ids)

    def gpt2(self, ids):
        def norm(rows, name):
            middle = rows - rows.mean(-1, keepdims=True)
            return middle / numpy.sqrt((middle**2).mean(-1, keepdims=True) + 1e-5) * self.tensor(name + ".weight") + self.tensor(name + ".bias")

        def dense(rows, name):
            return rows @ self.tensor(name + ".weight") + self.tensor(name + ".bias")

        x = self.tensor("wte.weight")[ids] + self.tensor("wpe.weight")[: len(ids)]
        for layer in range(LAYERS):
            own = f"h.{layer}."
            q, k, v = (part.reshape(len(ids), HEADS, -1) for part in numpy.split(dense(norm(x, own + "ln_1"), own + "attn.c_attn"), 3, -1))
            x = x + dense(self.attend(q, k, v), own + "attn.c_proj")
            middle = dense(norm(x, own + "ln_2"), own + "mlp.c_fc")
            middle = 0.5 * middle * (1 + numpy.tanh(math.sqrt(2 / math.pi) * (middle + 0.044715 * middle**3)))
            x = x + dense(middle, own + "mlp.c_proj")
        return norm(x, "ln_f")[-1] @ self.tensor("wte.weight").T

    def llama(self, ids):
        def norm(rows, name):
            return rows / numpy.sqrt((rows**2).mean(-1, keepdims=True) + 1e-5) * self.tensor(name + ".weight")

        def dense(rows, name):
            result = rows @ self.tensor(name + ".weight").T
            return result + self.tensor(name + ".bias") if self.prefix + name + ".bias" in self.tensors else result

        turns = numpy.arange(len(ids))[:, None] * self.angles()[None, :]
        cosines, sines = (numpy.concatenate([part, part], -1)[:, None, :] for part in (numpy.cos(turns), numpy.sin(turns)))

        def turn(rows):
            first, second = numpy.split(rows, 2, -1)
            return rows * cosines + numpy.concatenate([-second, first], -1) * sines

        x = self.tensor("embed_tokens.weight")[ids]
        for layer in range(LAYERS):
            own = f"layers.{layer}."
            h = norm(x, own + "input_layernorm")
            q, k, v = (dense(h, f"{own}self_attn.{part}_proj").reshape(len(ids), -1, self.head) for part in "qkv")
            group = HEADS // self.key_heads
            x = x + dense(self.attend(turn(q), numpy.repeat(turn(k), group, 1), numpy.repeat(v, group, 1)), own + "self_attn.o_proj")
            h = norm(x, own + "post_attention_layernorm")
            gate = dense(h, own + "mlp.gate_proj")
            x = x + dense(gate / (1 + numpy.exp(-gate)) * dense(h, own + "mlp.up_proj"), own + "mlp.down_proj")
        x = norm(x, "norm")[-1]
        return x @ (self.tensor("embed_tokens.weight") if self.tied else self.tensors["lm_head.weight"].astype(numpy.float64)).T


def save(folder, decoder):
    tensors = decoder.tensors
    if decoder.form == "BF16":
        write_brain(tensors, folder + "/model.safetensors")
    elif decoder.form == "divided":
        names, places = sorted(tensors), {}
        for number in range(2):
            file = f"model-0000{number + 1}-of-00002.safetensors"
            save_file({name: tensors[name] for name in names[number::2]}, f"{folder}/{file}", {"format": "pt"})
            places.update({name: file for name in names[number::2]})
        write_json(folder + "/model.safetensors.index.json", {"metadata": {"total_size": 0}, "weight_map": places})
    else:
        kind = numpy.float16 if decoder.form == "F16" else numpy.float32
        save_file({name: values.astype(kind) for name, values in tensors.items()}, folder + "/model.safetensors", {"format": "pt"})


def main():
    out, made, found = sys.argv[1], tokenizer(), []
    for number, name in enumerate(CASES):
        folder = f"{out}/{name}"
        os.makedirs(folder)
        decoder = Decoder(name, number + 3, made.get_vocab_size())
        save(folder, decoder)
        write_json(folder + "/config.json", decoder.config())
        made.save(folder + "/tokenizer.json")
        named = {"tokenizer_class": "PreTrainedTokenizerFast", "bos_token": "<s>", "eos_token": "</s>"}
        if name == "llama":
            with open(folder + "/chat_template.jinja", "w", encoding="utf8") as file:
                file.write(TEMPLATE)
        else:
            named["chat_template"] = TEMPLATE if name == "qwen2" else [{"name": "other", "template": "no"}, {"name": "default", "template": TEMPLATE}]
        write_json(folder + "/tokenizer_config.json", named)
        write_json(folder + "/generation_config.json", {"eos_token_id": [1, 2] if name != "gpt2" else 2})
        for text in ("the cat", "hello, the world", "x"):
            ids = list(made.encode(text).ids)
            entry = {"case": name, "text": text, "prompt": list(ids), "tokens": [], "logarithms": []}
            for _ in range(24):
                logits = decoder(ids)
                best = int(logits.argmax())
                entry["tokens"].append(best)
                entry["logarithms"].append(float(logits[best] - logits.max() - math.log(numpy.exp(logits - logits.max()).sum())))
                ids.append(best)
            found.append(entry)
    write_json(out + "/cases.json", found)


if __name__ == "__main__":
    main()
