"""Compares a language model on our fake device with numpy on the same numbers, and its speed with llama.cpp's on the same
file, all on the same machine in one run. Prints a table; --json writes the figures.

    language.py --bench .build/release/language-bench --model MODEL.gguf [--prompts 20] [--tokens 200] [--rounds 3]
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "Peers"))
from decoder_reference import Decoder  # noqa: E402

TEXTS = [
    "The capital of France is", "Once upon a time", "def fibonacci(n):", "Water boils at", "The three primary colours are",
    "My favourite book is", "In 1969, the first", "A neuron is", "The recipe needs two eggs,", "To be or not to be",
    "Le chat est", "Die Sonne scheint", "1, 2, 3, 4,", "SELECT name FROM", "The meaning of life", "Dear Sir or Madam,",
    "Kubernetes schedules", "She opened the door and", "The opposite of hot is", "Photosynthesis is the process",
]


class Ours:
    """language-bench: a request a line, an answer a line."""

    def __init__(self, bench, model, cores, precision):
        self.process = subprocess.Popen(
            [bench, model, str(cores), precision], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True)

    def ask(self, *words):
        self.process.stdin.write(" ".join(str(word) for word in words) + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def close(self):
        self.process.stdin.close()
        self.process.wait(timeout=60)


def compare(ours, model, prompts, tokens):
    """Identical texts, and the greatest distance of the logarithms of probabilities."""
    from llama_cpp import Llama

    tokenizer = Llama(model, vocab_only=True, verbose=False)
    decoder = Decoder(model)
    same, distance = 0, 0.0
    for place, text in enumerate(TEXTS[:prompts]):
        ids = tokenizer.tokenize(text.encode(), add_bos=False)
        expected, logarithms = decoder.greedy(ids, tokens)
        words = [word.split(":") for word in ours.ask("greedy", tokens, *ids).split()]
        written = [int(word[0]) for word in words]
        same += written == expected
        for own, other, value, wanted in zip(written, expected, words, logarithms):
            if own != other:
                break
            distance = max(distance, abs(float(value[1]) - wanted))
        print(f"prompt {place + 1} of {prompts}: {'same' if written == expected else 'other'} text", file=sys.stderr)
    return {"prompts": prompts, "tokens": tokens, "same": same, "distance": distance}


def llama_speed(model, threads):
    from llama_cpp import Llama

    llama = Llama(
        model, n_ctx=2048, n_threads=threads, n_threads_batch=threads, n_batch=512, verbose=False)
    ids = [1000 + (place * 37) % 20000 for place in range(512)]
    llama.reset()
    start = time.perf_counter()
    llama.eval(ids)
    prefill = 512 / (time.perf_counter() - start)
    llama.reset()
    llama.eval(ids[:16])
    start = time.perf_counter()
    for _ in range(100):
        llama.eval([int(llama.sample(temp=0))])
    return prefill, 100 / (time.perf_counter() - start)


def show(figures, rounds):
    """Prints the medians and what they are beside each other."""
    median = {name: {key: statistics.median(values) for key, values in own.items()} for name, own in figures.items()}
    print("tokens a second, medians of", rounds, "rounds")
    for name, own in median.items():
        print(f"  {name:10}" + "".join(f"  {key} {value:7.1f}" for key, value in own.items()))
    print(
        f"  ratios      prefill {median['ours']['prefill'] / median['llama.cpp']['prefill']:.2f}"
        f"  decode {median['ours']['decode'] / median['llama.cpp']['decode']:.2f}"
        f"  8 sequences to 1 {median['ours']['together'] / median['ours']['decode']:.2f}")
    return median


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bench", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--prompts", type=int, default=20)
    parser.add_argument("--tokens", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json")
    options = parser.parse_args()
    ours = Ours(options.bench, options.model, 1, "auto")
    figures = {"ours": {"prefill": [], "decode": [], "together": []}, "llama.cpp": {"prefill": [], "decode": []}}
    for _ in range(options.rounds):
        figures["ours"]["prefill"].append(512 / float(ours.ask("prefill", 512)))
        figures["ours"]["decode"].append(float(ours.ask("decode", 100)))
        figures["ours"]["together"].append(float(ours.ask("together", 8, 64)))
        prefill, decode = llama_speed(options.model, options.threads)
        figures["llama.cpp"]["prefill"].append(prefill)
        figures["llama.cpp"]["decode"].append(decode)
    result = {"all": figures}
    if options.rounds > 0:
        result["median"] = show(figures, options.rounds)
    if options.prompts > 0:
        result["reference"] = compare(ours, options.model, options.prompts, options.tokens)
        print("against numpy:", result["reference"])
    ours.close()
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
