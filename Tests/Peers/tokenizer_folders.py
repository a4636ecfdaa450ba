"""The peer of the tokenizers' tests: writes folders as transformers and sentence-transformers have them, and the ids that PyPI
`tokenizers` gives texts with the settings that each folder means.

    tokenizer_folders.py OUT     OUT/CASE/{tokenizer.json,...}, OUT/cases.json: [{"case": ..., "ids": [[...], ...]}, ...]

What a folder means is transformers' rule (5.24, `BertTokenizer` and `TokenizersBackend`): for BERT's own classes the switches of
tokenizer_config.json count, and where that leaves one out the class's default; else those of tokenizer.json.
"""
import json
import os
import sys

from tokenizers import Tokenizer, normalizers, pre_tokenizers, processors
from tokenizers.models import WordPiece

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
LETTERS = list("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,!?-[]<>/") + list("éÉüÜñßıİσςΣ中文字漢Åé")
# A letter with its accent in one code point and in two: other tokens, though equal as text.
LETTERS += ["e\u0301", "\u212b", "A\u030a", "\uac01", "\u1100\u1161\u11a8", "\u0301"]
WORDS = ["hello", "Hello", "HELLO", "world", "un", "##able", "##aff", "istanbul", "resume", "résumé", "Résumé", "quote\"d", "back\\slash"]
# Each once: where ids have gaps, `tokenizers` gives an added token the id of another.
VOCABULARY = list(dict.fromkeys(SPECIAL + LETTERS + ["##" + letter for letter in LETTERS] + WORDS))
TEXTS = [
    "", "hello world", "Hello HELLO hello", "unaffable", "Résumé résumé RESUME", "e\u0301 é \u212b Å A\u030a", "中文字漢 hello中world",
    "İstanbul ıSTANBUL", "ΣΑΣ σς", "각 \u1100\u1161\u11a8 각", "a[SEP]b [MASK] [mask] [CLS]", "<s>hello</s> [EXTRA]hello[EXTRA2]",
    "tab\there\u00a0nbsp\u200bzw \u0000nul \ufffd", "naïve façade!? - 123.45", "quote\"d back\\slash", "x" * 101, "query: hello",
]


def tokenizer(vocabulary=VOCABULARY, unk="[UNK]", first="[CLS]", last="[SEP]", extra=(), bert_processing=False, before=None, **switches):
    ids = {token: index for index, token in enumerate(vocabulary)}
    made = Tokenizer(WordPiece(ids, unk_token=unk))
    settings = dict(clean_text=True, handle_chinese_chars=True, strip_accents=None, lowercase=True)
    settings.update(switches)
    made.normalizer = normalizers.BertNormalizer(**settings)
    if before is not None:
        made.normalizer = normalizers.Sequence([before, made.normalizer])
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.add_special_tokens([token for token in SPECIAL if token in ids] + [unk, first, last] + list(extra))
    pair = (first, made.token_to_id(first)), (last, made.token_to_id(last))
    if bert_processing:
        made.post_processor = processors.BertProcessing(pair[1], pair[0])
    else:
        made.post_processor = processors.TemplateProcessing(
            single=f"{first}:0 $A:0 {last}:0", pair=f"{first}:0 $A:0 {last}:0 $B:1 {last}:1", special_tokens=list(pair))
    return made


def config(**settings):
    return {"tokenizer_class": "BertTokenizer", **settings}


OWN = ["<pad>", "<unk>", "<s>", "</s>", "<mask>"] + VOCABULARY[5:]
NAMES = dict(pad_token="<pad>", unk_token="<unk>", cls_token="<s>", sep_token="</s>", mask_token="<mask>")
# case: what is saved (None for vocab.txt), what it means, files beside it.
CASES = {
    "saved": (tokenizer(), tokenizer(), {"tokenizer_config.json": config(
        backend="tokenizers", do_lower_case=True, strip_accents=None, tokenize_chinese_chars=True, is_local=True,
        model_max_length=64, cls_token="[CLS]", sep_token="[SEP]", unk_token="[UNK]", pad_token="[PAD]", mask_token="[MASK]")}),
    "no-config": (tokenizer(), tokenizer(), {}),
    "cased": (tokenizer(lowercase=False), tokenizer(lowercase=False), {"tokenizer_config.json": config(do_lower_case=False)}),
    "accents": (tokenizer(strip_accents=False), tokenizer(strip_accents=False),
                {"tokenizer_config.json": config(strip_accents=False)}),
    "cased-no-accents": (tokenizer(), tokenizer(lowercase=False, strip_accents=True),
                         {"tokenizer_config.json": config(do_lower_case=False, strip_accents=True)}),
    "ideographs": (tokenizer(), tokenizer(handle_chinese_chars=False),
                   {"tokenizer_config.json": config(tokenize_chinese_chars=False)}),
    "class-default-wins": (tokenizer(lowercase=False), tokenizer(), {"tokenizer_config.json": config()}),
    "file-wins": (tokenizer(lowercase=False, handle_chinese_chars=False),
                  tokenizer(lowercase=False, handle_chinese_chars=False),
                  {"tokenizer_config.json": {"tokenizer_class": "PreTrainedTokenizerFast", "do_lower_case": True}}),
    "backend": (tokenizer(strip_accents=False), tokenizer(strip_accents=False),
                {"tokenizer_config.json": {"tokenizer_class": "TokenizersBackend"}}),
    "bert-processing": (tokenizer(bert_processing=True), tokenizer(), {"tokenizer_config.json": config()}),
    "names": (tokenizer(OWN, "<unk>", "<s>", "</s>", ["<pad>", "<mask>"]), tokenizer(OWN, "<unk>", "<s>", "</s>", ["<pad>", "<mask>"]),
              {"tokenizer_config.json": config(**NAMES)}),
    "names-of-file": (tokenizer(OWN, "<unk>", "<s>", "</s>", ["<pad>", "<mask>"]),
                      tokenizer(OWN, "<unk>", "<s>", "</s>", ["<pad>", "<mask>"]),
                      {"tokenizer_config.json": {"tokenizer_class": "PreTrainedTokenizerFast", **NAMES}}),
    "extra": (tokenizer(extra=["[EXTRA]", "[EXTRA2]"]), tokenizer(extra=["[EXTRA]", "[EXTRA2]"]),
              {"tokenizer_config.json": config(additional_special_tokens=["[EXTRA]", "[EXTRA2]"])}),
    "vocab": (None, tokenizer(), {}),
    "vocab-cased": (None, tokenizer(lowercase=False), {"tokenizer_config.json": config(do_lower_case=False)}),
    "vocab-names": (None, tokenizer(OWN, "<unk>", "<s>", "</s>", ["<pad>", "<mask>"]),
                    {"tokenizer_config.json": config(**NAMES), "vocabulary": OWN}),
    "sentence-lowercase": (None, tokenizer(lowercase=False, before=normalizers.Lowercase()),
                           {"tokenizer_config.json": config(do_lower_case=False),
                            "sentence_bert_config.json": {"max_seq_length": 64, "do_lower_case": True}}),
    "sentence-lowercase-twice": (None, tokenizer(), {"sentence_bert_config.json": {"do_lower_case": True}}),
    "prompt": (None, tokenizer(), {"config_sentence_transformers.json": {
        "prompts": {"query": "query: ", "document": ""}, "default_prompt_name": "query"}, "prompt": "query: "}),
}

if __name__ == "__main__":
    out = sys.argv[1]
    cases = []
    for name, (saved, meant, files) in CASES.items():
        folder = os.path.join(out, name)
        os.makedirs(folder)
        vocabulary, prompt = files.pop("vocabulary", VOCABULARY), files.pop("prompt", "")
        if saved is not None:
            saved.save(folder + "/tokenizer.json")
        else:
            with open(folder + "/vocab.txt", "w", encoding="utf-8") as file:
                file.write("\n".join(vocabulary) + "\n")
        for path, value in files.items():
            with open(os.path.join(folder, path), "w", encoding="utf-8") as file:
                json.dump(value, file)
        meant.enable_truncation(64)
        cases.append({"case": name, "ids": [meant.encode(prompt + text).ids for text in TEXTS]})
    with open(out + "/cases.json", "w", encoding="utf-8") as file:
        json.dump({"texts": TEXTS, "cases": cases}, file)
