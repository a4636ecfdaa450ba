"""Trains byte-level tokenizers with PyPI's `tokenizers` and encodes texts of many scripts with them.

    byte_pairs.py DIRECTORY LINES [TOKENIZER.json]

For each way to cut words, DIRECTORY/NAME.json is the tokenizer and DIRECTORY/NAME.cases has a text and its ids a line, as JSON.
With a TOKENIZER.json only that one is asked.
"""
import json
import random
import sys

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
# The last code point of each range is the last that is drawn from it.
SCRIPTS = [
    (0x20, 0x7E), (0x61, 0x7A), (0x61, 0x7A), (0x00, 0x1F), (0x7F, 0xA0), (0xC0, 0x24F), (0x300, 0x36F), (0x370, 0x3FF),
    (0x400, 0x4FF), (0x530, 0x58F), (0x590, 0x5FF), (0x600, 0x6FF), (0x900, 0x97F), (0x980, 0x9FF), (0xB80, 0xBFF),
    (0xE00, 0xE7F), (0x10A0, 0x10FF), (0x1100, 0x11FF), (0x1200, 0x137F), (0x1780, 0x17FF), (0x2000, 0x206F),
    (0x2070, 0x209F), (0x2100, 0x218F), (0x2460, 0x24FF), (0x3000, 0x30FF), (0x4E00, 0x9FFF), (0xAC00, 0xD7A3),
    (0xFB00, 0xFDFF), (0xFF00, 0xFFEF), (0x10330, 0x1034A), (0x1D400, 0x1D7FF), (0x1F300, 0x1F64F), (0x1F900, 0x1F9FF),
    (0x20000, 0x20100), (0xE0001, 0xE007F)]
PIECES = [
    " ", " ", " ", "  ", "   ", "\n", "\r\n", "\n\n ", "\t", "\u00a0", "\u3000", "\u2028", "\x85", "\x1c", "'s", "'S", "'ſ", "'t",
    "'re", "'RE", "'Ve", "'ll", "'d", "'x", "''", "don't", "I'LL", "12", "2026", " 3", "1234567", "½", "٣٤", "...", "!?", " --\n",
    "<|end|>", "<|end|", "<tool>", "👩‍👩‍👧‍👦", "🏳️‍🌈", "🇩🇪", "👍🏽", "e\u0301", "\ufeff", "\u200b", "\0", "the", " The", "é", "ß", "İ"]


def text(random):
    """Words of one script, pieces in between, now and then a very long word."""
    parts = []
    for _ in range(random.randint(1, 12)):
        if random.random() < 0.5:
            parts.append(random.choice(PIECES))
        first, last = random.choice(SCRIPTS)
        length = random.randint(1, 9) if random.random() < 0.995 else random.randint(500, 5000)
        parts.append("".join(chr(random.randint(first, last)) for _ in range(length)))
    return "".join(parts)


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
