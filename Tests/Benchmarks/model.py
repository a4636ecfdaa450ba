"""Measures the kernels beside numpy's OpenBLAS, and MiniLM on one fake core beside onnxruntime, each on one thread; and MiniLM
on two cores that share it beside one core.

    model.py --bench .build/release/model-bench --ganglion .build/release/ganglion --devices ROOT/dev
             --model DIRECTORY [--rounds 7] [--json FILE]

MiniLM is compiled for each set of instructions that this CPU has, and in BF16 for the best of them.

The sides take turns in short rounds, so that what else the machine does falls on both; each round counts the fastest of
some passes, and the table has the medians of the rounds and the median of the rounds' ratios.
"""

import argparse
import itertools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ[name] = "1"

import numpy as np  # noqa: E402  the number of threads is read when it is imported

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "Peers"))
import onnx_reference  # noqa: E402

# MiniLM, BERT-large, a decoder of 576 columns (SmolLM2-135M): rows, columns, depth of a product.
PRODUCTS = [
    ("MiniLM, attention", 128, 1152, 384),
    ("MiniLM, expand", 128, 1536, 384),
    ("MiniLM, contract", 128, 384, 1536),
    ("BERT-large, attention", 128, 3072, 1024),
    ("BERT-large, expand", 128, 4096, 1024),
    ("BERT-large, contract", 128, 1024, 4096),
    ("decoder of 576, expand", 128, 1536, 576),
    ("decoder of 576, contract", 128, 576, 1536),
]
BATCHES = [(1, 128), (8, 128)]


def least(body, seconds=0.2):
    """Seconds of the fastest pass, as model-bench counts them."""
    body()
    best, end = float("inf"), time.perf_counter() + seconds
    while True:
        start = time.perf_counter()
        body()
        now = time.perf_counter()
        best = min(best, now - start)
        if now >= end:
            return best


class Bench:
    """The other side, a process that answers line by line."""

    def __init__(self, program, devices):
        self.process = subprocess.Popen(
            [program, devices], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)

    def ask(self, *words):
        self.process.stdin.write(" ".join(map(str, words)) + "\n")
        answer = self.process.stdout.readline().strip()
        if not answer:
            raise SystemExit(f"model-bench ended at {words}: exit code {self.process.wait()}")
        return answer


def compare(name, ours, other, rounds, work):
    """One row: medians in milliseconds, thousand million operations a second, ratio."""
    pairs = []
    for turn in range(rounds):
        print(f"\r{name}: round {turn + 1} of {rounds}\033[K", end="", file=sys.stderr)
        pairs.append((ours(), other()))
    print("\r\033[K", end="", file=sys.stderr)
    mine, its = (statistics.median(side) for side in zip(*pairs))
    return {
        "name": name, "milliseconds": mine * 1e3, "other_milliseconds": its * 1e3,
        "gigaflops": work / mine / 1e9, "other_gigaflops": work / its / 1e9,
        "ratio": statistics.median(theirs / own for own, theirs in pairs)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bench", required=True, help="the program model-bench")
    parser.add_argument("--ganglion", required=True, help="the program ganglion")
    parser.add_argument("--devices", required=True, help="a fake device root")
    parser.add_argument("--model", required=True, help="the directory of all-MiniLM-L6-v2")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", help="where to write the figures")
    arguments = parser.parse_args()

    bench = Bench(arguments.bench, arguments.devices)
    variants = bench.ask("variants").split()
    rows = []
    for name, m, n, k in PRODUCTS:
        a = np.random.default_rng(1).random((m, k), np.float32)
        b = np.random.default_rng(2).random((k, n), np.float32)
        c = np.empty((m, n), np.float32)
        for variant in variants[1:] or variants:
            rows.append(compare(
                f"{name} {m}x{n}x{k}, {variant} : OpenBLAS",
                lambda: float(bench.ask("product", variant, m, n, k)),
                lambda: least(lambda: np.matmul(a, b, out=c)), arguments.rounds, 2.0 * m * n * k))
    graph = onnx_reference.Graph(arguments.model)
    run, config = graph.encoder(), graph.config
    hidden, layers, middle = (config[key] for key in ("hidden_size", "num_hidden_layers", "intermediate_size"))
    artifacts = tempfile.TemporaryDirectory()
    compiled = {}
    for variant, dtype in [(name, "fp32") for name in variants[1:] or variants] + [(variants[-1], "bf16")]:
        compiled[f"{variant} {dtype}"] = path = f"{artifacts.name}/{variant}-{dtype}"
        subprocess.run(
            [arguments.ganglion, "compile", arguments.model, "--cpu", variant, "--dtype", dtype, "-o", path],
            check=True, stdout=subprocess.DEVNULL)
    for name, path in compiled.items():
        rows.append(compare(
            f"load {name} : its folder", lambda: float(bench.ask("load", path)),
            lambda: float(bench.ask("load", arguments.model)), 3, 0))
    for (batch, tokens), (name, path) in itertools.product(BATCHES, compiled.items()):
        ids = [[i * 7 % config["vocab_size"] for i in range(tokens)]] * batch
        work = 2.0 * batch * layers * tokens * (4 * hidden * hidden + 2 * hidden * middle + 2 * tokens * hidden)
        rows.append(compare(
            f"{batch} texts of {tokens} tokens, {name} : onnxruntime",
            lambda: float(bench.ask("encode", path, batch, tokens, 1)),
            lambda: least(lambda: run(ids)), arguments.rounds, work))

    shared = f"{artifacts.name}/shared"
    subprocess.run(
        [arguments.ganglion, "compile", arguments.model, "--cores", "2", "-o", shared], check=True,
        stdout=subprocess.DEVNULL)
    alone = compiled[f"{variants[-1]} fp32"]
    for batch, tokens in BATCHES:
        work = 2.0 * batch * layers * tokens * (4 * hidden * hidden + 2 * hidden * middle + 2 * tokens * hidden)
        rows.append(compare(
            f"{batch} texts of {tokens} tokens, 2 cores share a model : 1 core",
            lambda: float(bench.ask("encode", shared, batch, tokens, 2)),
            lambda: float(bench.ask("encode", alone, batch, tokens, 1)), arguments.rounds, work))

    print(f"{'what':64} {'ms':>8} {'other':>8} {'GFLOPS':>8} {'other':>8} {'times':>6}")
    for row in rows:
        print(f"{row['name']:64} {row['milliseconds']:8.3f} {row['other_milliseconds']:8.3f} "
              f"{row['gigaflops']:8.1f} {row['other_gigaflops']:8.1f} {row['ratio']:6.2f}")
    if arguments.json:
        Path(arguments.json).parent.mkdir(parents=True, exist_ok=True)
        Path(arguments.json).write_text(json.dumps(rows, indent=2) + "\n")


main()
