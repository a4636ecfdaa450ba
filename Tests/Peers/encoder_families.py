"""The peer of the encoders' tests: writes a folder of each family as sentence-transformers saves it, with weights at random, and
what its texts come to by numpy, written from the papers (BERT, RoBERTa, ELECTRA, MPNet), in double precision.

    encoder_families.py OUT COUNT     OUT/CASE/..., OUT/cases.json: {"texts": [...], "cases": [{"case", "ids", "vectors"}, ...]}

The ids are those of PyPI `tokenizers` with the steps that the class of transformers 5.24 sets up for the folder.
"""
import functools
import json
import math
import os
import random
import sys

import numpy
from safetensors.numpy import save_file
from texts import mixed, text
from tokenizer_kinds import METASPACE, SPECIAL, character_map, unigram, word_pieces
from tokenizers import AddedToken, Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

HIDDEN, HEADS, LAYERS, MIDDLE, POSITIONS = 48, 4, 2, 96, 512
SENTENCE = "sentence_transformers.models."


def train(model, trainer, normalizer, splitter):
    tokenizer = Tokenizer(model)
    if normalizer:
        tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = splitter
    source = random.Random(3)
    known = ["".join(c for c in text(source)[:300] if ord(c) < 0x250 or ord(c) % 24 == 0) for _ in range(500)]
    with open(__file__, encoding="utf8") as file:
        # Marks are no words that a vocabulary could learn a second time.
        own = file.read().replace("<", "(").split("\n\n")
    tokenizer.train_from_iterator(own + [line.replace("<", "") for line in known], trainer)
    return tokenizer


def once(make):
    """A tokenizer that is trained once, and a copy of it each time."""
    made = functools.cache(lambda: make().to_str())
    return lambda: Tokenizer.from_str(made())


def bracketed():
    tokenizer = brackets()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    return tokenizer, {"tokenizer_class": "BertTokenizer"}


brackets = once(lambda: train(*word_pieces(), normalizers.BertNormalizer(), pre_tokenizers.BertPreTokenizer()))
pieces = once(lambda: train(
    *unigram(), character_map(), pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), METASPACE()])))
angles = once(lambda: train(
    *word_pieces(["<s>", "<pad>", "</s>", "<unk>", "<mask>", "[UNK]"]), normalizers.BertNormalizer(), pre_tokenizers.BertPreTokenizer()))


def angled(tokenizer, name):
    tokenizer.add_special_tokens(["<s>", "<pad>", "</s>", "<unk>", AddedToken("<mask>", lstrip=True, normalized=False)])
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0))
    return tokenizer, {"tokenizer_class": name, "bos_token": "<s>", "eos_token": "</s>", "cls_token": "<s>", "sep_token": "</s>",
                       "unk_token": "<unk>", "pad_token": "<pad>", "mask_token": "<mask>"}


def byte_level():
    # As the class makes it: no token for what is unknown, which nothing is.
    trainer = trainers.BpeTrainer(
        vocab_size=1500, special_tokens=SPECIAL, show_progress=False, initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    return angled(train(models.BPE(), trainer, None, pre_tokenizers.ByteLevel(add_prefix_space=False)), "RobertaTokenizer")


def sentence_piece(name="XLMRobertaTokenizer"):
    return angled(pieces(), name)


def mpnet():
    made, config = angled(angles(), "MPNetTokenizer")
    return made, {**config, "unk_token": "[UNK]"}


class Encoder:
    """Weights at random, and what they compute."""

    def __init__(self, family, vocabulary, seed, width=HIDDEN):
        self.family, self.random, self.tensors = family, numpy.random.default_rng(seed), {}
        self.width, self.padding = width, 1 if family in ("roberta", "mpnet") else None
        self.positions = POSITIONS + (2 if self.padding else 0)
        self.words = self.table("embeddings.word_embeddings", vocabulary, width)
        self.places = self.table("embeddings.position_embeddings", self.positions, width, 0.3)
        self.types = numpy.zeros((2, width))
        if family not in ("distilbert", "mpnet"):
            self.types = self.table("embeddings.token_type_embeddings", 1 if family == "roberta" else 2, width, 0.3)
        self.norm = self.scale("embeddings.LayerNorm", width)
        self.widening = self.dense("embeddings_project", width, HIDDEN) if width != HIDDEN else None
        self.layers = [self.layer(number) for number in range(LAYERS)]
        self.distances = self.table("encoder.relative_attention_bias", 32, HEADS, 0.7) if family == "mpnet" else None

    def keep(self, name, values):
        self.tensors[name] = values.astype(numpy.float32)
        return self.tensors[name].astype(numpy.float64)

    def table(self, name, rows, columns, spread=1.0):
        return self.keep(name + ".weight", self.random.normal(0, spread, (rows, columns)))

    def dense(self, name, width, result):
        weight = self.keep(name + ".weight", self.random.normal(0, 1 / math.sqrt(width), (result, width)))
        return weight, self.keep(name + ".bias", self.random.normal(0, 0.1, result))

    def scale(self, name, width):
        return self.keep(name + ".weight", self.random.normal(1, 0.1, width)), self.keep(name + ".bias", self.random.normal(0, 0.1, width))

    def layer(self, number):
        names = {
            "distilbert": ("transformer.layer.%d.", "attention.q_lin", "attention.k_lin", "attention.v_lin", "attention.out_lin", "sa_layer_norm", "ffn.lin1", "ffn.lin2", "output_layer_norm"),
            "mpnet": ("encoder.layer.%d.", "attention.attn.q", "attention.attn.k", "attention.attn.v", "attention.attn.o", "attention.LayerNorm", "intermediate.dense", "output.dense", "output.LayerNorm"),
        }.get(self.family, ("encoder.layer.%d.", "attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense", "attention.output.LayerNorm", "intermediate.dense", "output.dense", "output.LayerNorm"))
        place = names[0] % number
        query, key, value, output = (self.dense(place + name, HIDDEN, HIDDEN) for name in names[1:5])
        return (query, key, value, output, self.scale(place + names[5], HIDDEN), self.dense(place + names[6], HIDDEN, MIDDLE),
                self.dense(place + names[7], MIDDLE, HIDDEN), self.scale(place + names[8], HIDDEN))

    def config(self):
        if self.family == "distilbert":
            own = {"dim": HIDDEN, "n_layers": LAYERS, "n_heads": HEADS, "hidden_dim": MIDDLE, "activation": "gelu"}
        else:
            own = {"hidden_size": HIDDEN, "num_hidden_layers": LAYERS, "num_attention_heads": HEADS, "intermediate_size": MIDDLE,
                   "hidden_act": "gelu", "layer_norm_eps": 1e-5 if self.padding else 1e-12}
        if self.family == "electra":
            own["embedding_size"] = self.width
        if self.family in ("bert", "electra", "roberta"):
            own["type_vocab_size"] = 1 if self.family == "roberta" else 2
        if self.padding:
            own["pad_token_id"] = self.padding
        return {**own, "model_type": self.family, "vocab_size": len(self.words), "max_position_embeddings": self.positions}

    def __call__(self, ids, types=None):
        epsilon = 1e-5 if self.padding else 1e-12

        def normalize(rows, norm):
            middle = rows - rows.mean(1, keepdims=True)
            return middle / numpy.sqrt((middle * middle).mean(1, keepdims=True) + epsilon) * norm[0] + norm[1]

        def apply(rows, dense):
            return rows @ dense[0].T + dense[1]

        if self.padding is None:
            places = numpy.arange(len(ids))
        else:
            own = numpy.array([number != self.padding for number in ids])
            places = numpy.cumsum(own) * own + self.padding
        rows = normalize(self.words[ids] + self.places[places] + self.types[types if types and len(self.types) > 1 else [0] * len(ids)], self.norm)
        if self.widening is not None:
            rows = apply(rows, self.widening)
        head = HIDDEN // HEADS
        for query, key, value, output, first, expand, contract, last in self.layers:
            q, k, v = (apply(rows, part).reshape(len(ids), HEADS, head).transpose(1, 0, 2) for part in (query, key, value))
            scores = q @ k.transpose(0, 2, 1) / math.sqrt(head)
            if self.distances is not None:
                scores = scores + self.distances[buckets(len(ids))].transpose(2, 0, 1)
            scores = numpy.exp(scores - scores.max(2, keepdims=True))
            mixed = (scores / scores.sum(2, keepdims=True)) @ v
            rows = normalize(rows + apply(mixed.transpose(1, 0, 2).reshape(len(ids), HIDDEN), output), first)
            middle = apply(rows, expand)
            middle = middle * 0.5 * (1 + erf(middle / math.sqrt(2)))
            rows = normalize(rows + apply(middle, contract), last)
        return rows


GRID = numpy.linspace(-6, 6, 240_001)
ERF = numpy.array([math.erf(place) for place in GRID])


def erf(values):
    """Between two places of the grid the error is below 1e-9."""
    return numpy.interp(values, GRID, ERF)


def buckets(length):
    """MPNet's: 8 near distances one by one, then 8 that grow, for each direction."""
    distance = numpy.arange(length)[None, :] - numpy.arange(length)[:, None]
    far = numpy.maximum(numpy.abs(distance), 1).astype(numpy.float32)
    large = 8 + (numpy.log(far / numpy.float32(8)) / numpy.float32(math.log(16)) * numpy.float32(8)).astype(numpy.int64)
    own = numpy.where(numpy.abs(distance) < 8, numpy.abs(distance), numpy.minimum(large, 15))
    return own + 16 * (distance > 0)


def tensor_flow(name):
    return name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta")


def brain(values):
    bits = values.astype(numpy.float32).view(numpy.uint32)
    return ((bits + 0x7FFF + (bits >> 16 & 1)) >> 16).astype(numpy.uint16)


def write_brain(tensors, path):
    """A file of BF16, which numpy has no type for."""
    header, data = {}, b""
    for name, values in tensors.items():
        octets = brain(values).tobytes()
        header[name] = {"dtype": "BF16", "shape": values.shape, "data_offsets": [len(data), len(data) + len(octets)]}
        data += octets
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text + data)


# case: family, tokenizer, prefix of tensors, how they are written, model_type, modules behind the Transformer, prompt
CASES = {
    "minilm": ("bert", bracketed, "", "F32", "bert", ["mean", "normalize"], ""),
    "bert-tensorflow": ("bert", bracketed, "bert.", "TF", "bert", ["cls"], ""),
    "electra": ("electra", bracketed, "electra.", "F32", "electra", ["mean"], ""),
    "distilbert": ("distilbert", bracketed, "distilbert.", "F32", "distilbert", ["cls", "dense"], ""),
    "roberta": ("roberta", byte_level, "roberta.", "F32", "roberta", ["mean", "normalize"], ""),
    "xlm-roberta": ("roberta", sentence_piece, "", "F16", "xlm-roberta", ["mean", "normalize"], "query: "),
    "xlm-roberta-divided": ("roberta", sentence_piece, "roberta.", "divided", "xlm-roberta", [["cls", "max"], "normalize"], ""),
    "camembert": ("roberta", lambda: sentence_piece("CamembertTokenizer"), "roberta.", "BF16", "camembert", ["mean_sqrt_len_tokens"], ""),
    "multilingual-minilm": ("bert", sentence_piece, "", "F32", "bert", ["mean"], ""),
    "mpnet": ("mpnet", mpnet, "", "F32", "mpnet", ["mean", "normalize"], ""),
    "mpnet-prefixed": ("mpnet", mpnet, "mpnet.", "F32", "mpnet", ["lasttoken", "dense", "normalize"], ""),
}
POOLING = {
    "mean": lambda rows: rows.mean(0), "cls": lambda rows: rows[0], "max": lambda rows: rows.max(0), "lasttoken": lambda rows: rows[-1],
    "mean_sqrt_len_tokens": lambda rows: rows.sum(0) / math.sqrt(len(rows)),
}


def write_json(path, value):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf8") as file:
        json.dump(value, file)


def write_weights(folder, tensors, form):
    if form == "BF16":
        return write_brain(tensors, folder + "/model.safetensors")
    if form == "F16":
        tensors = {name: values.astype(numpy.float16) for name, values in tensors.items()}
    if form != "divided":
        return save_file(tensors, folder + "/model.safetensors", {"format": "pt"})
    names, places = sorted(tensors), {}
    for number in range(3):
        file = f"model-0000{number + 1}-of-00003.safetensors"
        save_file({name: tensors[name] for name in names[number::3]}, f"{folder}/{file}", {"format": "pt"})
        places.update({name: file for name in names[number::3]})
    write_json(folder + "/model.safetensors.index.json", {"metadata": {"total_size": 0}, "weight_map": places})


def make(name, out, texts, seed):
    family, tokens, prefix, form, model_type, modules, prompt = CASES[name]
    folder = f"{out}/{name}"
    tokenizer, config = tokens()
    os.makedirs(folder)
    tokenizer.save(folder + "/tokenizer.json")
    write_json(folder + "/tokenizer_config.json", config)
    encoder = Encoder(family, tokenizer.get_vocab_size(), seed, 16 if family == "electra" else HIDDEN)
    for tensor, values in encoder.tensors.items():
        # What is read back is what is computed with.
        if form == "F16":
            encoder.tensors[tensor] = values.astype(numpy.float16).astype(numpy.float32)
        if form == "BF16":
            encoder.tensors[tensor] = (brain(values).astype(numpy.uint32) << 16).view(numpy.float32)
    if form in ("F16", "BF16"):
        encoder = reread(encoder)
    tensors = {prefix + (tensor_flow(tensor) if form == "TF" else tensor): values for tensor, values in encoder.tensors.items()}
    write_weights(folder, tensors, form)
    write_json(folder + "/config.json", {**encoder.config(), "model_type": model_type})
    write_json(folder + "/sentence_bert_config.json", {"max_seq_length": POSITIONS, "do_lower_case": False})
    if name == "multilingual-minilm":
        # Of no use to the class that the folder names, and not read.
        with open(folder + "/vocab.txt", "w", encoding="utf8") as file:
            file.write("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the"]))
    if prompt:
        write_json(folder + "/config_sentence_transformers.json", {"prompts": {"query": prompt}, "default_prompt_name": "query"})
    listed = [{"idx": 0, "name": "0", "path": "", "type": SENTENCE + "Transformer"}]
    steps = []
    random_numbers = numpy.random.default_rng(seed + 1)
    for module in modules:
        place, kind = f"{len(listed)}_Module", {"normalize": "Normalize", "dense": "Dense"}.get(str(module), "Pooling")
        os.makedirs(f"{folder}/{place}")
        if kind == "Normalize":
            steps.append(lambda vector: vector / max(numpy.sqrt((vector * vector).sum()), 1e-12))
        elif kind == "Dense":
            weight, bias = (random_numbers.normal(0, 0.2, shape).astype(numpy.float32) for shape in ((24, HIDDEN), 24))
            save_file({"linear.weight": weight, "linear.bias": bias}, f"{folder}/{place}/model.safetensors")
            write_json(f"{folder}/{place}/config.json", {"in_features": HIDDEN, "out_features": 24, "bias": True, "activation_function": "torch.nn.modules.activation.Tanh"})
            steps.append(lambda vector, weight=weight, bias=bias: numpy.tanh(weight.astype(float) @ vector + bias))
        else:
            chosen = module if isinstance(module, list) else [module]
            write_json(f"{folder}/{place}/config.json", {"embedding_dimension": HIDDEN, "pooling_mode": module, "include_prompt": True})
            steps.append(lambda rows, chosen=chosen: numpy.concatenate([POOLING[mode](rows) for mode in chosen]))
        listed.append({"idx": len(listed), "name": str(len(listed)), "path": place, "type": SENTENCE + kind})
    write_json(folder + "/modules.json", listed)
    tokenizer.enable_truncation(POSITIONS)
    ids, vectors = [], []
    for line in texts:
        ids.append(tokenizer.encode(prompt + line).ids)
        value = encoder(ids[-1])
        for step in steps:
            value = step(value)
        vectors.append([float(numpy.float32(number)) for number in value])
    return {"case": name, "ids": ids, "vectors": vectors}


def reread(encoder):
    """The encoder with the numbers that its file has."""
    kept = encoder.tensors
    other = Encoder.__new__(Encoder)
    Encoder.keep, own = lambda self, name, values: kept[name].astype(numpy.float64), Encoder.keep
    try:
        other.__init__(encoder.family, len(encoder.words), 0, encoder.width)
    finally:
        Encoder.keep = own
    other.tensors = kept
    return other


def main():
    out, count = sys.argv[1], int(sys.argv[2])
    texts = mixed(random.Random(11), count)
    cases = [make(name, out, texts, number) for number, name in enumerate(CASES)]
    write_json(out + "/cases.json", {"texts": texts, "cases": cases})


if __name__ == "__main__":
    main()
