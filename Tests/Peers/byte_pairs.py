"""Trains byte-level tokenizers with PyPI's `tokenizers` and encodes texts of many scripts with them.

    byte_pairs.py DIRECTORY LINES [TOKENIZER.json]

For each way to cut words, DIRECTORY/NAME.json is the tokenizer and DIRECTORY/NAME.cases has a text and its ids a line, as JSON.
With a TOKENIZER.json only that one is asked.
"""
import json
import random
import sys

from texts import text
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, processors, trainers

MODERN = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}%s| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"


def modern(digits):
    return pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(MODERN % digits), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])


CUTS = {
    "gpt2": pre_tokenizers.ByteLevel(add_prefix_space=False),
    "smollm": pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]),
    "llama3": modern("{1,3}"),
    "qwen2": modern(""),
}


def train(name, seed):
    source = random.Random(seed)
    tokenizer = Tokenizer(models.BPE(ignore_merges=name == "llama3"))
    tokenizer.pre_tokenizer = CUTS[name]
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=3000, special_tokens=["<|begin|>", "<|end|>"], show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    with open(__file__, encoding="utf8") as file:
        own = file.read().splitlines()
    tokenizer.train_from_iterator(own + [text(source) for _ in range(1500)], trainer)
    tokenizer.add_tokens([
        AddedToken("<tool>", normalized=False), AddedToken("<tool>>", normalized=False),
        AddedToken("zq", single_word=True, normalized=False), AddedToken("~l", lstrip=True, normalized=False),
        AddedToken("~r", rstrip=True, normalized=False)])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<|begin|> $A", special_tokens=[("<|begin|>", tokenizer.token_to_id("<|begin|>"))])
    return tokenizer


directory, count = sys.argv[1], int(sys.argv[2])
chosen = {"given": Tokenizer.from_file(sys.argv[3])} if len(sys.argv) > 3 else {name: train(name, 1) for name in CUTS}
for name, tokenizer in chosen.items():
    tokenizer.save(f"{directory}/{name}.json")
    source = random.Random(len(name))
    with open(f"{directory}/{name}.cases", "w", encoding="utf8") as file:
        for _ in range(count):
            line = text(source)
            if source.random() < 0.2:
                line += source.choice(["zq", " zq ", "zqx", "\u4e2dzq", " ~l", "\n ~l", "~r  x", "~r\u3000", "<tool>>", "<|begin|>"])
            print(json.dumps([line, tokenizer.encode(line).ids], ensure_ascii=False), file=file)
