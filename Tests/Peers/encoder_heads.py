"""The peer of the tests of heads: classifiers, rerankers and models that answer questions, with weights at random; what their texts
come to by numpy in double precision; and places of tokens and pairs of texts by PyPI `tokenizers`.

    encoder_heads.py OUT COUNT     OUT/CASE/..., OUT/cases.json

What becomes of logits is what transformers 5.24's text-classification pipeline, sentence-transformers 6.2's CrossEncoder and
transformers 4.57's question-answering pipeline make of them, the last with its rules for windows, spans and whole words.
"""
import json
import os
import random
import sys

import numpy
from encoder_families import HIDDEN, Encoder, bracketed, byte_level, erf, mpnet, sentence_piece, write_json
from safetensors.numpy import save_file
from texts import text
from tokenizer_kinds import SPECIAL, character_map
from tokenizers import processors

KINDS = {"brackets": bracketed, "byte-level": byte_level, "sentence-piece": sentence_piece, "mpnet": mpnet}
ACTIVATIONS = {
    "tanh": numpy.tanh, "relu": lambda values: numpy.maximum(values, 0), "gelu": lambda values: values * 0.5 * (1 + erf(values / 2**0.5)),
}
FIRST = {
    "bert": ("bert.pooler.dense", "classifier", "tanh"), "roberta": ("classifier.dense", "classifier.out_proj", "tanh"),
    "distilbert": ("pre_classifier", "classifier", "relu"), "electra": ("classifier.dense", "classifier.out_proj", "gelu"),
    "mpnet": ("classifier.dense", "classifier.out_proj", "tanh"),
}
CLASS = {"bert": "Bert", "roberta": "Roberta", "distilbert": "DistilBert", "electra": "Electra", "mpnet": "MPNet"}
# case: family, tokenizer, labels, config.json besides, the pipeline's function, the CrossEncoder's
CLASSIFIERS = {
    "bert-labels": ("bert", bracketed, 3, {"id2label": {"0": "no", "1": "maybe", "2": "yes"}}, "softmax", "none"),
    "roberta-ranker": ("roberta", byte_level, 1, {"id2label": {"0": "LABEL_0"}}, "sigmoid", "sigmoid"),
    "distilbert-regression": ("distilbert", bracketed, 1, {"id2label": {"0": "score"}, "problem_type": "regression"}, "none", "sigmoid"),
    "electra-several": ("electra", bracketed, 4, {"id2label": {str(n): "abcd"[n] for n in range(4)}, "problem_type": "multi_label_classification"}, "sigmoid", "none"),
    "xlm-roberta-ranker": ("roberta", sentence_piece, 1, {"id2label": {"0": "LABEL_0"}, "sentence_transformers": {"activation_fn": "torch.nn.modules.linear.Identity"}}, "sigmoid", "none"),
    "mpnet-default": ("mpnet", mpnet, 2, {}, "softmax", "none"),
    "bert-ranker": ("bert", bracketed, 1, {"id2label": {"0": "LABEL_0"}, "sbert_ce_default_activation_function": "torch.nn.Sigmoid"}, "sigmoid", "sigmoid"),
}
QUESTIONS = {"bert-answers": ("bert", bracketed), "roberta-answers": ("roberta", byte_level), "xlm-roberta-answers": ("roberta", sentence_piece)}
FUNCTIONS = {
    "none": lambda logits: logits, "sigmoid": lambda logits: 1 / (1 + numpy.exp(-logits)),
    "softmax": lambda logits: numpy.exp(logits - logits.max()) / numpy.exp(logits - logits.max()).sum(),
}


def as_class(make, tokenizer):
    """The post-processor that the class of transformers sets up, whatever the file says."""
    if make in (byte_level, mpnet):
        tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), trim_offsets=True, add_prefix_space=False)
    elif make is sentence_piece:
        tokenizer.post_processor = processors.TemplateProcessing(
            single="<s>:0 $A:0 </s>:0", pair="<s>:0 $A:0 </s>:0 </s>:0 $B:0 </s>:0", special_tokens=[("<s>", 0), ("</s>", 2)])
    return tokenizer


def lines(count, seed):
    source = random.Random(seed)
    fixed = ["", " ", "a", "Hello, World!  Résumé e\u0301 é", "東京都に住んでいます。中文字漢", "ＦＵＬＬ　width ½ ﬁ", "<pad> a <mask> b</s>", "[SEP]x [MASK]", "각 \u1100\u1161\u11a8\u0301", "İstanbul ΣΑΣ ß", "   lead and trail   ", "tab\tnew\nline\r\n"]
    return [steady(line) for line in fixed + [text(source)[:300] for _ in range(count)]][:count]


MAP = character_map()


def steady(line):
    """Without the characters whose dropping confuses tokenizers' Precompiled (0.23): at the beginning of a text, or behind a mark,
    they shift all places behind them, and behind a character that becomes several they give its last one their place."""
    kept = ""
    for character in line:
        if MAP.normalize_str(character) or kept and len(MAP.normalize_str(kept[-1])) <= 1 and not kept.endswith(tuple(SPECIAL)):
            kept += character
    return kept


def save(folder, family, tokens, seed, head, labels, config, name):
    tokenizer, settings = tokens()
    os.makedirs(folder)
    tokenizer.save(folder + "/tokenizer.json")
    write_json(folder + "/tokenizer_config.json", settings)
    encoder = Encoder(family, tokenizer.get_vocab_size(), seed)
    prefix = family + "."
    tensors = {prefix + key: value for key, value in encoder.tensors.items()}
    before = dict(encoder.tensors)
    layers = [(name, encoder.dense(name, HIDDEN, size)) for name, size in head]
    tensors.update({key: value for key, value in encoder.tensors.items() if key not in before})
    save_file(tensors, folder + "/model.safetensors", {"format": "pt"})
    write_json(folder + "/config.json", {**encoder.config(), "architectures": [CLASS[family] + name], **config})
    return as_class(tokens, tokenizer), encoder, [layer for _, layer in layers]


def apply(rows, dense):
    return rows @ dense[0].T + dense[1]


def classifier(name, out, inputs, seed):
    family, tokens, labels, config, function, other = CLASSIFIERS[name]
    first, second, activation = FIRST[family]
    folder = f"{out}/{name}"
    tokenizer, encoder, layers = save(
        folder, family, tokens, seed, [(first, HIDDEN), (second, labels)], labels, config, "ForSequenceClassification")
    limit = 96
    write_json(folder + "/sentence_bert_config.json", {"max_seq_length": limit, "do_lower_case": False})
    tokenizer.enable_truncation(limit)
    found = []
    for pair in inputs:
        encoded = tokenizer.encode(*pair)
        logits = apply(ACTIVATIONS[activation](apply(encoder(encoded.ids, encoded.type_ids)[:1], layers[0])), layers[1])[0]
        found.append({"ids": encoded.ids, "types": encoded.type_ids, "logits": logits.tolist(),
                      "scores": FUNCTIONS[function](logits).tolist(), "pairScores": FUNCTIONS[other](logits).tolist()})
    return {"case": name, "labels": list(config.get("id2label", {"0": "LABEL_0", "1": "LABEL_1"}).values()), "results": found}


def spans(starts, ends, open_, count, longest):
    """The pipeline's decode_spans."""
    scores = numpy.tril(numpy.triu(numpy.outer(starts, ends)), longest - 1)
    order = numpy.argsort(-scores.ravel(), kind="stable")[:count]
    return [(s, e, scores[s, e]) for s, e in zip(*numpy.unravel_index(order, scores.shape)) if open_[s] and open_[e]]


def answers(tokenizer, encoder, head, question, context, top_k=1, doc_stride=None, max_seq_len=384, max_answer_len=15,
            handle_impossible_answer=False, align_to_words=True):
    stride = min(max_seq_len // 2, 128) if doc_stride is None else doc_stride
    if max_seq_len - len(tokenizer.encode(question, "").ids) <= stride:
        # The question leaves less of a window than two have in common: a panic of tokenizers.
        return None
    tokenizer.enable_truncation(max_seq_len, stride=stride, strategy="only_second")
    encoded = tokenizer.encode(question, context)
    tokenizer.no_truncation()
    found, none = [], 1_000_000.0
    for part in [encoded, *encoded.overflowing]:
        open_ = numpy.array([owner == 1 for owner in part.sequence_ids]) | (numpy.array(part.ids) == part.ids[0])
        both = apply(encoder(part.ids, part.type_ids), head)
        starts, ends = (numpy.where(open_, both[:, side], -10000.0) for side in (0, 1))
        starts, ends = (numpy.exp(values - values.max()) / numpy.exp(values - values.max()).sum() for values in (starts, ends))
        none = min(none, starts[0] * ends[0])
        starts[0] = ends[0] = 0
        for s, e, score in spans(starts, ends, open_, top_k * 2 + 10 if align_to_words else top_k, max_answer_len):
            if score == 0:
                continue
            place = part.offsets[s][0], part.offsets[e][1]
            if align_to_words:
                words = part.token_to_word(s), part.token_to_word(e)
                place = part.word_to_chars(words[0], 1)[0], part.word_to_chars(words[1], 1)[1]
            own = context[place[0]:place[1]]
            known = next((answer for answer in found if answer["answer"].lower() == own.lower()), None)
            if known:
                known["score"] += score
            else:
                found.append({"score": float(score), "start": place[0], "end": place[1], "answer": own})
    if handle_impossible_answer:
        found.append({"score": float(none), "start": 0, "end": 0, "answer": ""})
    return sorted(found, key=lambda answer: -answer["score"])[:top_k]


def reader(name, out, count, seed):
    family, tokens = QUESTIONS[name]
    tokenizer, encoder, layers = save(f"{out}/{name}", family, tokens, seed, [("qa_outputs", 2)], 2, {}, "ForQuestionAnswering")
    source, asked = random.Random(seed), []
    options = [{}, {"top_k": 4}, {"top_k": 3, "align_to_words": False}, {"max_answer_len": 3, "top_k": 2},
               {"max_seq_len": 100, "doc_stride": 20, "top_k": 5}, {"handle_impossible_answer": True, "top_k": 3}, {"max_seq_len": 64}]
    while len(asked) < count:
        context = steady(" ".join(text(source)[:80] for _ in range(source.choice([1, 3, 12]))))
        if not context.strip():
            continue
        asked.append({"question": "who is " + text(source)[:20], "context": context, "parameters": options[len(asked) % len(options)]})
    fixed = "The quick brown fox jumps over the lazy dog. Ganglion was made in Zürich, in 2026; nobody knows why (or how)."
    asked[0] = {"question": "Where was it made?", "context": fixed, "parameters": {}}
    for entry in asked:
        entry["answers"] = answers(tokenizer, encoder, layers[0], entry["question"], entry["context"], **entry["parameters"])
    return {"case": name, "questions": asked}


def places(name, texts):
    tokenizer = as_class(KINDS[name], KINDS[name]()[0])
    found = []
    for line, other in zip(texts, texts[1:] + texts[:1]):
        encoded = tokenizer.encode(line, add_special_tokens=False)
        pairs = []
        for limit in (12, 13, 200):
            tokenizer.enable_truncation(limit)
            pair = tokenizer.encode(line, other)
            pairs.append({"limit": limit, "ids": pair.ids, "types": pair.type_ids})
            tokenizer.no_truncation()
        found.append({"ids": encoded.ids, "places": encoded.offsets, "words": encoded.word_ids, "pairs": pairs})
    return {"case": name, "lines": found}


def main():
    out, count = sys.argv[1], int(sys.argv[2])
    texts = lines(count, 5)
    alone = [(line,) for line in lines(count // 2, 7)]
    inputs = alone + list(zip(lines(count // 2, 8), lines(count // 2, 9)[::-1]))
    write_json(out + "/cases.json", {
        "texts": texts, "inputs": inputs, "places": [places(name, texts) for name in KINDS],
        "classifiers": [classifier(name, out, inputs, number + 50) for number, name in enumerate(CLASSIFIERS)],
        "readers": [reader(name, out, max(7, count // 4), number + 80) for number, name in enumerate(QUESTIONS)]})


if __name__ == "__main__":
    main()
