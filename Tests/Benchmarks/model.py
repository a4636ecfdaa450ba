"""Measures the kernels beside numpy's OpenBLAS, and MiniLM on one fake core beside onnxruntime, each on one thread; and MiniLM
on two cores that share it beside one core.

    model.py --bench .build/release/model-bench --ganglion .build/release/ganglion --devices ROOT/dev
             --model DIRECTORY [--rounds 7] [--json FILE]

MiniLM is compiled for each set of instructions that this CPU has, and in BF16 for the best of them. What is written for
AVX2 stands beside the others as they are on a CPU with AVX2 only, if this CPU can be made to look like one
(hide_avx512.c); otherwise, as the name of the row says, beside the others with all that the CPU has.

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
from pathlib import Path

HERE = Path(__file__).resolve().parent

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


class Side:
    """A process that answers line by line."""

    def __init__(self, *command, environment=None):
        self.command = command
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1, env=environment)

    def ask(self, *words):
        self.process.stdin.write(" ".join(map(str, words)) + "\n")
        answer = self.process.stdout.readline().strip()
        if not answer:
            raise SystemExit(f"{self.command[0]} ended at {words}: exit code {self.process.wait()}")
        return answer

    def seconds(self, *words):
        return float(self.ask(*words))


def older_cpu(directory):
    """The environment of a process that sees no AVX-512; None where CPUID cannot be made to fault."""
    library = f"{directory}/hide_avx512.so"
    subprocess.run(
        [os.environ.get("CC", "cc"), "-O2", "-shared", "-fPIC", "-o", library, HERE / "hide_avx512.c"], check=True)
    environment = {**os.environ, "LD_PRELOAD": library}
    works = subprocess.run([sys.executable, "-c", ""], env=environment, stderr=subprocess.DEVNULL).returncode == 0
    return environment if works else None


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

    artifacts = tempfile.TemporaryDirectory()
    bench = Side(arguments.bench, arguments.devices)
    variants = bench.ask("variants").split()
    script = (sys.executable, HERE / "model_peer.py", arguments.model)
    full, older = Side(*script), older_cpu(artifacts.name)
    less = Side(*script, environment=older) if older else full

    def peer(variant):
        """Who stands beside what is written for a set of instructions, and what is to be said of it."""
        if variant == "avx2" and variants[-1] != "avx2":
            return less, " with AVX2" if older else " with AVX-512"
        return full, ""

    rows = []
    for name, m, n, k in PRODUCTS:
        for variant in variants[1:] or variants:
            other, remark = peer(variant)
            rows.append(compare(
                f"{name} {m}x{n}x{k}, {variant} : OpenBLAS{remark}",
                lambda: bench.seconds("product", variant, m, n, k),
                lambda: other.seconds("product", m, n, k), arguments.rounds, 2.0 * m * n * k))
    config = json.loads((Path(arguments.model) / "config.json").read_text())
    hidden, layers, middle = (config[key] for key in ("hidden_size", "num_hidden_layers", "intermediate_size"))
    compiled = {}
    for variant, dtype in [(name, "fp32") for name in variants[1:] or variants] + [(variants[-1], "bf16")]:
        compiled[f"{variant} {dtype}"] = path = f"{artifacts.name}/{variant}-{dtype}"
        subprocess.run(
            [arguments.ganglion, "compile", arguments.model, "--cpu", variant, "--dtype", dtype, "-o", path],
            check=True, stdout=subprocess.DEVNULL)
    for name, path in compiled.items():
        rows.append(compare(
            f"load {name} : its folder", lambda: bench.seconds("load", path),
            lambda: bench.seconds("load", arguments.model), 3, 0))
    for (batch, tokens), (name, path) in itertools.product(BATCHES, compiled.items()):
        other, remark = peer(name.split()[0])
        work = 2.0 * batch * layers * tokens * (4 * hidden * hidden + 2 * hidden * middle + 2 * tokens * hidden)
        rows.append(compare(
            f"{batch} texts of {tokens} tokens, {name} : onnxruntime{remark}",
            lambda: bench.seconds("encode", path, batch, tokens, 1),
            lambda: other.seconds("encode", batch, tokens), arguments.rounds, work))

    shared = f"{artifacts.name}/shared"
    subprocess.run(
        [arguments.ganglion, "compile", arguments.model, "--cores", "2", "-o", shared], check=True,
        stdout=subprocess.DEVNULL)
    alone = compiled[f"{variants[-1]} fp32"]
    for batch, tokens in BATCHES:
        work = 2.0 * batch * layers * tokens * (4 * hidden * hidden + 2 * hidden * middle + 2 * tokens * hidden)
        rows.append(compare(
            f"{batch} texts of {tokens} tokens, 2 cores share a model : 1 core",
            lambda: bench.seconds("encode", shared, batch, tokens, 2),
            lambda: bench.seconds("encode", alone, batch, tokens, 1), arguments.rounds, work))

    print(f"{'what':76} {'ms':>8} {'other':>8} {'GFLOPS':>8} {'other':>8} {'times':>6}")
    for row in rows:
        print(f"{row['name']:76} {row['milliseconds']:8.3f} {row['other_milliseconds']:8.3f} "
              f"{row['gigaflops']:8.1f} {row['other_gigaflops']:8.1f} {row['ratio']:6.2f}")
    if arguments.json:
        Path(arguments.json).parent.mkdir(parents=True, exist_ok=True)
        Path(arguments.json).write_text(json.dumps(rows, indent=2) + "\n")


main()
