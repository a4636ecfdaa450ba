"""The peer of the encoder's tests: ids by PyPI `tokenizers`, embeddings by onnxruntime on one CPU thread.

    onnx_reference.py embed MODEL LIMIT TEXTS.json OUT.json   [{"ids": [...], "embedding": [...]}, ...]
    onnx_reference.py texts COUNT OUT.json                    texts of many scripts, to embed
    onnx_reference.py time MODEL                              milliseconds for some batches

The graph is built here from the same model.safetensors, so nothing of it comes from the project: operators of ONNX's
opset 20, with the exact GELU spelled out by Erf. Needs the packages of Tests/requirements.txt.
"""
import json
import math
import os
import random
import statistics
import sys
import time

import numpy as np
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import load_file
from texts import mixed
from tokenizers import BertWordPieceTokenizer


class Graph:
    """Collects nodes and weights; every method returns the name of its result."""

    def __init__(self, directory):
        self.config = json.load(open(directory + "/config.json"))
        self.weights = load_file(directory + "/model.safetensors")
        self.nodes, self.initializers = [], []

    def node(self, kind, *inputs, **attributes):
        name = f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [name], **attributes))
        return name

    def constant(self, value):
        name = f"c{len(self.initializers)}"
        self.initializers.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def weight(self, name, transposed=False):
        value = self.weights[name].astype(np.float32)
        return self.constant(value.T if transposed else value)

    def dense(self, x, name):
        product = self.node("MatMul", x, self.weight(name + ".weight", transposed=True))
        return self.node("Add", product, self.weight(name + ".bias"))

    def norm(self, x, name):
        return self.node("LayerNormalization", x, self.weight(name + ".weight"), self.weight(name + ".bias"),
                         axis=-1, epsilon=self.config["layer_norm_eps"])

    def gelu(self, x):
        erf = self.node("Erf", self.node("Div", x, self.constant(np.float32(math.sqrt(2)))))
        one = self.node("Add", erf, self.constant(np.float32(1)))
        return self.node("Mul", self.node("Mul", x, one), self.constant(np.float32(0.5)))

    def attention(self, x, name):
        hidden, heads = self.config["hidden_size"], self.config["num_attention_heads"]
        split = self.constant(np.array([0, 0, heads, hidden // heads], np.int64))

        def part(which, order):
            shaped = self.node("Reshape", self.dense(x, name + ".self." + which), split)
            return self.node("Transpose", shaped, perm=order)

        scores = self.node("MatMul", part("query", [0, 2, 1, 3]), part("key", [0, 2, 3, 1]))
        scaled = self.node("Div", scores, self.constant(np.float32(math.sqrt(hidden // heads))))
        context = self.node("MatMul", self.node("Softmax", scaled, axis=-1), part("value", [0, 2, 1, 3]))
        joined = self.node("Reshape", self.node("Transpose", context, perm=[0, 2, 1, 3]),
                           self.constant(np.array([0, 0, hidden], np.int64)))
        return self.dense(joined, name + ".output.dense")

    def encoder(self):
        """From ids [batch, length] to [batch, length, hidden]; texts of a batch are of one length."""
        zero, one = self.constant(np.array([0], np.int64)), self.constant(np.array([1], np.int64))
        length = self.node("Shape", "ids", start=1, end=2)
        words = self.node("Gather", self.weight("embeddings.word_embeddings.weight"), "ids")
        places = self.node("Slice", self.weight("embeddings.position_embeddings.weight"), zero, length, zero, one)
        kind = self.constant(self.weights["embeddings.token_type_embeddings.weight"][0])
        x = self.norm(self.node("Add", self.node("Add", words, kind), places), "embeddings.LayerNorm")
        for layer in range(self.config["num_hidden_layers"]):
            name = f"encoder.layer.{layer}."
            attended = self.node("Add", x, self.attention(x, name + "attention"))
            x = self.norm(attended, name + "attention.output.LayerNorm")
            middle = self.gelu(self.dense(x, name + "intermediate.dense"))
            x = self.norm(self.node("Add", x, self.dense(middle, name + "output.dense")), name + "output.LayerNorm")
        graph = helper.make_graph(
            self.nodes, "encoder", [helper.make_tensor_value_info("ids", TensorProto.INT64, ["batch", "length"])],
            [helper.make_tensor_value_info(x, TensorProto.FLOAT, None)], self.initializers)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        session = onnxruntime.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"])
        return lambda ids: session.run(None, {"ids": np.array(ids, np.int64)})[0]


def pool(x, modes):
    """sentence-transformers' Pooling over [length, hidden], in double precision."""
    places = np.arange(1, len(x) + 1)[:, None]
    ways = {
        "cls": lambda: x[0], "max": lambda: x.max(0), "mean": lambda: x.mean(0), "lasttoken": lambda: x[-1],
        "mean_sqrt_len_tokens": lambda: x.sum(0) / math.sqrt(len(x)),
        "weightedmean": lambda: (x * places).sum(0) / places.sum(),
    }
    return np.concatenate([ways[mode]() for mode in modes])


def head(directory):
    """What modules.json has after the Transformer; without one, the mean at length 1."""
    def unit(x):
        return x / max(np.linalg.norm(x), 1e-12)

    if not os.path.exists(directory + "/modules.json"):
        return lambda x: unit(pool(x, ["mean"]))
    steps = []
    for module in json.load(open(directory + "/modules.json"))[1:]:
        kind, path = module["type"].rsplit(".", 1)[1], directory + "/" + module["path"]
        if kind == "Normalize":
            steps.append(unit)
            continue
        config = json.load(open(path + "/config.json"))
        if kind == "Pooling":
            modes = config["pooling_mode"]
            steps.append(lambda x, modes=modes: pool(x, [modes] if isinstance(modes, str) else modes))
            continue
        weights = {k: v.astype(np.float64) for k, v in load_file(path + "/model.safetensors").items()}
        if kind == "Dense":
            act = {"Tanh": np.tanh, "Identity": lambda x: x, "ReLU": lambda x: np.maximum(x, 0),
                   "GELU": lambda x: x * (1 + np.vectorize(math.erf)(x / math.sqrt(2))) / 2}[
                       config.get("activation_function", "Tanh").rsplit(".", 1)[-1]]
            bias = weights["linear.bias"] if config["bias"] else 0
            steps.append(lambda x, w=weights, bias=bias, act=act: act(w["linear.weight"] @ x + bias))
        else:
            assert kind == "LayerNorm"
            steps.append(lambda x, w=weights: (x - x.mean()) / math.sqrt(x.var() + 1e-5) * w["norm.weight"] + w["norm.bias"])

    def run(x):
        for step in steps:
            x = step(x)
        return x

    return run


def embed(directory, limit, texts, out):
    tokenizer = BertWordPieceTokenizer(directory + "/vocab.txt", lowercase=True)
    tokenizer.enable_truncation(int(limit))
    run, finish = Graph(directory).encoder(), head(directory)
    results = []
    for text in json.load(open(texts, encoding="utf-8")):
        ids = tokenizer.encode(text).ids
        results.append({"ids": ids, "embedding": finish(run([ids])[0].astype(np.float64)).tolist()})
    with open(out, "w", encoding="utf-8") as file:
        json.dump(results, file)


def write_texts(count, out):
    with open(out, "w", encoding="utf-8") as file:
        json.dump(mixed(random.Random(17), int(count)), file)


def measure(directory):
    graph = Graph(directory)
    run, vocabulary = graph.encoder(), graph.config["vocab_size"]
    for batch, tokens in [(1, 8), (1, 32), (1, 128), (1, 512), (8, 32), (8, 128), (32, 32)]:
        ids = [[i * 7 % vocabulary for i in range(tokens)]] * batch
        run(ids)
        times = []
        for _ in range(25):
            start = time.perf_counter()
            run(ids)
            times.append((time.perf_counter() - start) * 1e3)
        print(f"batch {batch} tokens {tokens}: {min(times):.1f} ms at best, {statistics.median(times):.1f} ms median")


if __name__ == "__main__":
    {"embed": embed, "texts": write_texts, "time": measure}[sys.argv[1]](*sys.argv[2:])
