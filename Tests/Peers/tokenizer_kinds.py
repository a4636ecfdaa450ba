"""Trains small tokenizers of all kinds with PyPI's `tokenizers` and encodes texts of many scripts with them.

    tokenizer_kinds.py DIRECTORY LINES [TOKENIZER.json]

For each kind, DIRECTORY/NAME.json is the tokenizer and DIRECTORY/NAME.cases has a text, its ids and what they decode to a line,
as JSON. With a TOKENIZER.json only that one is asked.
"""
import functools
import json
import random
import struct
import sys

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

from texts import text

SPECIAL = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
OCTETS = [f"<0x{octet:02X}>" for octet in range(256)]


class CharacterMap:
    """SentencePiece's precompiled map: a trie in a double array, as darts-clone lays it out, and the texts."""

    def __init__(self, pairs):
        self.units, self.used, self.texts = [0] * 256, {0}, b""
        places = {}
        trie = {}
        for key, value in pairs.items():
            node = trie
            for octet in key.encode():
                node = node.setdefault(octet, {})
            if value not in places:
                places[value] = len(self.texts)
                self.texts += value.encode() + b"\0"
            node["leaf"] = places[value]
        self.fill(trie, 0, 0)

    def fill(self, node, at, label):
        """Places the children of a node, which is at a unit, where nothing is yet."""
        labels = ([0] if "leaf" in node else []) + sorted(octet for octet in node if octet != "leaf")
        offset = next(
            offset for offset in range(1, 1 << 20)
            if all(((at ^ offset) ^ octet) not in self.used for octet in labels) and (at ^ offset) ^ 0 != at)
        need = (max((at ^ offset) ^ octet for octet in labels + [255]) | 255) + 1
        self.units += [0] * (need - len(self.units))
        self.units[at] = label | ("leaf" in node) << 8 | offset << 10
        base = at ^ offset
        self.used.update(base ^ octet for octet in labels)
        if "leaf" in node:
            self.units[base] = 1 << 31 | node["leaf"]
        for octet in labels:
            if octet or "leaf" not in node:
                self.fill(node[octet], base ^ octet, octet)

    def __bytes__(self):
        return struct.pack("<I", 4 * len(self.units)) + struct.pack(f"<{len(self.units)}I", *self.units) + self.texts


@functools.cache
def character_map():
    """What SentencePiece's own rule nmt_nfkc does, of the characters that the texts have."""
    pairs = {}
    rule = normalizers.Sequence([normalizers.Nmt(), normalizers.NFKC()])
    for first, last in [(0x01, 0x1F), (0x7F, 0x24F), (0x1680, 0x1680), (0x2000, 0x218F), (0x2460, 0x24FF), (0x3000, 0x30FF), (0xFB00, 0xFDFF), (0xFE00, 0xFFFD), (0x1D400, 0x1D7FF)]:
        for code in range(first, last + 1):
            made = rule.normalize_str(chr(code))
            if made != chr(code):
                pairs[chr(code)] = made
    # Two characters that are one grapheme.
    for pair in ["e\u0301", "A\u030a", "\u0915\u093c", "\r\n", "u\u0308"]:
        pairs[pair] = rule.normalize_str(pair)
    return normalizers.Precompiled(bytes(CharacterMap(pairs)))


def template(first="<s>", last="</s>"):
    def made(tokenizer):
        return processors.TemplateProcessing(
            single=f"{first} $A {last}", pair=f"{first} $A {last} {last} $B {last}",
            special_tokens=[(first, tokenizer.token_to_id(first)), (last, tokenizer.token_to_id(last))])
    return made


def unigram(vocab_size=1500, octets=False):
    special = SPECIAL + (OCTETS if octets else [])
    return models.Unigram(), trainers.UnigramTrainer(
        vocab_size=vocab_size + len(special), special_tokens=special, unk_token="<unk>", show_progress=False, max_piece_length=12)


def pairs(octets=False, special=SPECIAL, **settings):
    special = special + (OCTETS if octets else [])
    trainer = {key: settings[key] for key in ("continuing_subword_prefix", "end_of_word_suffix") if key in settings}
    return models.BPE(unk_token="<unk>", byte_fallback=octets, **settings), trainers.BpeTrainer(
        vocab_size=1500 + len(special), special_tokens=special, show_progress=False, limit_alphabet=500, **trainer)


def word_pieces(special=("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"), unk="[UNK]"):
    return models.WordPiece(unk_token=unk), trainers.WordPieceTrainer(
        vocab_size=2500, special_tokens=list(special), show_progress=False, limit_alphabet=800)


METASPACE = pre_tokenizers.Metaspace
BERT = template("[CLS]", "[SEP]")
# name: (model, trainer), normalizer, splitter, marks, decoder
KINDS = {
    # XLM-R and what was made of it: paraphrase-multilingual-MiniLM, multilingual-e5.
    "xlm-roberta": (unigram(), character_map(), pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), METASPACE()]), template(), decoders.Metaspace()),
    "e5": (unigram(), normalizers.Sequence([character_map(), normalizers.Replace(Regex(" {2,}"), " ")]), METASPACE(), template(), decoders.Metaspace()),
    "t5": (unigram(octets=True), normalizers.Sequence([character_map(), normalizers.Strip(left=False), normalizers.Replace(Regex(" {2,}"), "\u2581")]), METASPACE(prepend_scheme="first"), None, decoders.Sequence([decoders.ByteFallback(), decoders.Metaspace(), decoders.Fuse()])),
    "albert": (unigram(), normalizers.Sequence([normalizers.Replace("``", '"'), normalizers.Replace("''", '"'), normalizers.NFKD(), normalizers.StripAccents(), normalizers.Lowercase(), character_map()]), METASPACE(prepend_scheme="always"), template(), decoders.Metaspace()),
    "nmt": (unigram(), normalizers.Sequence([normalizers.Nmt(), normalizers.NFKC(), normalizers.Strip()]), METASPACE(prepend_scheme="never", split=False), None, decoders.Metaspace(prepend_scheme="never")),
    # Llama 2, Mistral, Gemma, Phi 3.
    "llama2": (pairs(octets=True, fuse_unk=True), normalizers.Sequence([normalizers.Prepend("\u2581"), normalizers.Replace(" ", "\u2581")]), None, template(), decoders.Sequence([decoders.Replace("\u2581", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])),
    "gemma": (pairs(octets=True), normalizers.Replace(" ", "\u2581"), pre_tokenizers.Split(" ", "merged_with_previous"), template(), decoders.Sequence([decoders.Replace("\u2581", " "), decoders.ByteFallback(), decoders.Fuse()])),
    "mistral": (pairs(octets=True, fuse_unk=True, ignore_merges=True), None, METASPACE(prepend_scheme="first", split=False), template(), decoders.Sequence([decoders.Replace("\u2581", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])),
    "unknown-apart": (pairs(), normalizers.NFC(), pre_tokenizers.Whitespace(), template(), None),
    "unknown-fused": (pairs(fuse_unk=True), normalizers.NFD(), pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Digits()]), None, None),
    "word-ends": (pairs(end_of_word_suffix="</w>"), normalizers.Sequence([normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()]), pre_tokenizers.BertPreTokenizer(), None, decoders.BPEDecoder()),
    "continued": (pairs(continuing_subword_prefix="##"), normalizers.NFKC(), pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Punctuation("contiguous")]), None, decoders.WordPiece()),
    # BERT, cased and not; MPNet; and splitters that nobody has together.
    "bert": (word_pieces(), normalizers.BertNormalizer(), pre_tokenizers.BertPreTokenizer(), BERT, decoders.WordPiece()),
    "bert-cased": (word_pieces(), normalizers.BertNormalizer(lowercase=False, clean_text=False, handle_chinese_chars=False), pre_tokenizers.BertPreTokenizer(), BERT, decoders.WordPiece(cleanup=False)),
    "mpnet": (word_pieces(SPECIAL, "<unk>"), normalizers.BertNormalizer(), pre_tokenizers.BertPreTokenizer(), lambda tokenizer: processors.RobertaProcessing(("</s>", 2), ("<s>", 0)), decoders.WordPiece()),
    "punctuation": (word_pieces(), normalizers.NFKD(), pre_tokenizers.Sequence([pre_tokenizers.CharDelimiterSplit(" "), pre_tokenizers.Punctuation("merged_with_next"), pre_tokenizers.Digits(True)]), BERT, None),
    "previous": (word_pieces(), normalizers.StripAccents(), pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(r"\s+"), "removed"), pre_tokenizers.Punctuation("merged_with_previous"), pre_tokenizers.Split("a", "merged_with_next")]), BERT, None),
    "words": ((models.WordLevel(unk_token="[UNK]"), trainers.WordLevelTrainer(vocab_size=1000, special_tokens=["[PAD]", "[UNK]", "[CLS]", "[SEP]"], show_progress=False)), normalizers.NFC(), pre_tokenizers.Whitespace(), BERT, None),
    # RoBERTa, GPT-NeoX.
    "roberta": (pairs(), None, pre_tokenizers.ByteLevel(add_prefix_space=False), lambda tokenizer: processors.RobertaProcessing(("</s>", 2), ("<s>", 0)), decoders.ByteLevel()),
    "neox": (pairs(), normalizers.NFC(), pre_tokenizers.ByteLevel(add_prefix_space=True), None, decoders.ByteLevel()),
}


def train(name):
    source = random.Random(name)
    (model, trainer), normalizer, splitter, marks, decoder = KINDS[name]
    tokenizer = Tokenizer(model)
    if normalizer:
        tokenizer.normalizer = normalizer
    if splitter:
        tokenizer.pre_tokenizer = splitter
    if decoder:
        tokenizer.decoder = decoder
    with open(__file__, encoding="utf8") as file:
        own = file.read().split("\n\n")
    # A part of all characters, so that others are unknown.
    known = ["".join(c for c in text(source)[:400] if ord(c) < 0x250 or ord(c) % 24 == 0) for _ in range(600)]
    tokenizer.train_from_iterator(own + known, trainer)
    if name in ("xlm-roberta", "roberta", "bert", "albert", "llama2"):
        tokenizer.add_tokens([
            AddedToken("<tool>", normalized=False), AddedToken("<Tool>>", normalized=True), AddedToken("zq", single_word=True, normalized=False),
            AddedToken("~l", lstrip=True, normalized=False), AddedToken("~R", rstrip=True, normalized=True), AddedToken("\u00c9Q", normalized=True)])
    if marks:
        tokenizer.post_processor = marks(tokenizer)
    return tokenizer


EXTRA = ["zq", " zq ", "zqx", "\u4e2dzq", " ~l", "\n ~l", "~r  x", "~R\u3000", "<tool>>", "<Tool>>", "</s>", " <s>", "<mask> ", "\u00e9q", "E\u0301Q", "<unk>", "[UNK]", "[SEP]x", "<0x41>", "  "]


def main():
    directory, count = sys.argv[1], int(sys.argv[2])
    chosen = {"given": Tokenizer.from_file(sys.argv[3])} if len(sys.argv) > 3 else {name: train(name) for name in KINDS}
    for name, tokenizer in chosen.items():
        tokenizer.save(f"{directory}/{name}.json")
        source = random.Random(len(name))
        with open(f"{directory}/{name}.cases", "w", encoding="utf8") as file:
            for _ in range(count):
                line = text(source)
                if source.random() < 0.3:
                    line = source.choice(EXTRA) + line if source.random() < 0.3 else line + source.choice(EXTRA)
                ids = tokenizer.encode(line).ids
                print(json.dumps([line, ids, tokenizer.decode(ids)], ensure_ascii=False), file=file)


if __name__ == "__main__":
    main()
