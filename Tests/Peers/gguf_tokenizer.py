"""    gguf_tokenizer.py MODEL.gguf FOLDER

Writes the tokenizer of a GGUF file of byte-level pairs (`tokenizer.ggml.model` gpt2) as a folder that transformers reads, for
clients that count tokens themselves. Digits stand alone, as SmolLM2 has them (`tokenizer.ggml.pre` smollm).
"""

import json
import pathlib
import sys

import gguf
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

CONTROL = 3


def values(reader, name):
    """The value of a key; a list for an array, None where there is none."""
    field = reader.get_field(name)
    return None if field is None else field.contents()


def write(model, folder):
    reader = gguf.GGUFReader(model)
    kind, pre = values(reader, "tokenizer.ggml.model"), values(reader, "tokenizer.ggml.pre")
    if (kind, pre) != ("gpt2", "smollm"):
        sys.exit(f"{model} has a tokenizer of the kind {kind}, {pre}: this writes gpt2, smollm only")
    tokens = values(reader, "tokenizer.ggml.tokens")
    merges = [tuple(pair.split(" ")) for pair in values(reader, "tokenizer.ggml.merges")]
    tokenizer = Tokenizer(models.BPE(vocab={token: place for place, token in enumerate(tokens)}, merges=merges))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)])
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([
        AddedToken(token, special=True, normalized=False)
        for token, own in zip(tokens, values(reader, "tokenizer.ggml.token_type")) if own == CONTROL])
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    configuration = {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": 8192}
    for name, key in (("bos_token", "bos"), ("eos_token", "eos"), ("unk_token", "unknown")):
        place = values(reader, f"tokenizer.ggml.{key}_token_id")
        if place is not None:
            configuration[name] = tokens[place]
    template = values(reader, "tokenizer.chat_template")
    if template:
        configuration["chat_template"] = template
    (folder / "tokenizer_config.json").write_text(json.dumps(configuration))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    write(*sys.argv[1:])
