"""What model.py measures Ganglion against: numpy's OpenBLAS and onnxruntime, on one thread. As model-bench it reads a
measurement from each line of standard input and answers with its seconds, the least of some passes.

    product ROWS COLUMNS DEPTH     C = A B in single precision
    encode BATCH TOKENS            texts of so many tokens through all-MiniLM-L6-v2

The only argument is the model's directory.
"""

import os
import sys
import time
from pathlib import Path

for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ[name] = "1"

import numpy as np  # noqa: E402  the number of threads is read when it is imported

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "Peers"))
import onnx_reference  # noqa: E402


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


def main():
    graph = onnx_reference.Graph(sys.argv[1])
    run, vocabulary = graph.encoder(), graph.config["vocab_size"]
    matrices = {}
    for line in sys.stdin:
        kind, *numbers = line.split()
        numbers = tuple(map(int, numbers))
        if kind == "product":
            rows, columns, depth = numbers
            if numbers not in matrices:
                random = np.random.default_rng(1)
                matrices[numbers] = (
                    random.random((rows, depth), np.float32), random.random((depth, columns), np.float32),
                    np.empty((rows, columns), np.float32))
            a, b, c = matrices[numbers]
            print(least(lambda: np.matmul(a, b, out=c)), flush=True)
        else:
            batch, tokens = numbers
            ids = [[i * 7 % vocabulary for i in range(tokens)]] * batch
            print(least(lambda: run(ids)), flush=True)


main()
