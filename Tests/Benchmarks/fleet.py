"""Serves seed-sized fleets on one machine, and puts a load on them.

40 machines of the type inf1.6xlarge with 76 models each, as in AWS's "Serve 3,000 deep learning models on Amazon EKS with AWS
Inferentia for under $50 an hour": 6,230 requests a second, 90 % of them within 66 ms. Each machine is a tree of the fake
device and a ganglion-model-server process of its own on a loopback address of its own, 127.0.1.1 to 127.0.1.40. The models
have the sizes of bert-base (BF16, one NeuronCore); all of them are one file, which each server counts 76 times in the memory
of its chips. Executions take the hardware's time (GANGLION_FAKE_CLOCK=inf1: AWS's tables of BERT-large by batch, scaled to
the operations of bert-base, and 50 GB/s of a chip for the weights of another model) and compute nothing; everything else
(HTTP, tokens, queues, batches, answers of 768 numbers) is done.
"""

import argparse
import json
import os
import pathlib
import resource
import shutil
import signal
import subprocess
import sys
import time
import urllib.request

HIDDEN, LAYERS, HEADS, MIDDLE, POSITIONS, VOCABULARY = 768, 12, 12, 3072, 512, 28996
WORDS = "time year people way day man thing woman life child world school state family student group country problem".split()


def write_model(folder):
    """A model of bert-base's sizes whose weights are zeros: a file with a hole, since nothing is computed with them."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps({
        "model_type": "bert", "hidden_act": "gelu", "position_embedding_type": "absolute", "hidden_size": HIDDEN,
        "num_hidden_layers": LAYERS, "num_attention_heads": HEADS, "intermediate_size": MIDDLE, "vocab_size": VOCABULARY,
        "max_position_embeddings": POSITIONS, "type_vocab_size": 2, "layer_norm_eps": 1e-12}))
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS]
    vocabulary += [f"[unused{number}]" for number in range(VOCABULARY - len(vocabulary))]
    (folder / "vocab.txt").write_text("\n".join(vocabulary) + "\n")
    # A classifier's vector: that of the first token.
    (folder / "modules.json").write_text(json.dumps([
        {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
        {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"}]))
    (folder / "1_Pooling").mkdir(exist_ok=True)
    (folder / "1_Pooling" / "config.json").write_text(json.dumps({
        "word_embedding_dimension": HIDDEN, "pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False}))
    shapes = {
        "embeddings.word_embeddings.weight": [VOCABULARY, HIDDEN],
        "embeddings.position_embeddings.weight": [POSITIONS, HIDDEN],
        "embeddings.token_type_embeddings.weight": [2, HIDDEN]}

    def norm(name):
        shapes[name + ".weight"], shapes[name + ".bias"] = [HIDDEN], [HIDDEN]

    def dense(name, inputs, outputs):
        shapes[name + ".weight"], shapes[name + ".bias"] = [outputs, inputs], [outputs]

    norm("embeddings.LayerNorm")
    for layer in range(LAYERS):
        prefix = f"encoder.layer.{layer}."
        for part in ["self.query", "self.key", "self.value", "output.dense"]:
            dense(prefix + "attention." + part, HIDDEN, HIDDEN)
        norm(prefix + "attention.output.LayerNorm")
        dense(prefix + "intermediate.dense", HIDDEN, MIDDLE)
        dense(prefix + "output.dense", MIDDLE, HIDDEN)
        norm(prefix + "output.LayerNorm")
    header, size = {}, 0
    for name, shape in shapes.items():
        length = 4 * shape[0] * (shape[1] if len(shape) > 1 else 1)
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [size, size + length]}
        size += length
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(folder / "model.safetensors", "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        file.truncate(8 + len(text) + size)


class Fleet:
    def __init__(self, arguments):
        self.arguments = arguments
        self.directory = pathlib.Path(arguments.directory)
        self.servers = []

    def prepare(self):
        shutil.rmtree(self.directory, ignore_errors=True)
        self.directory.mkdir(parents=True)
        write_model(self.directory / "bert-base")
        self.model = self.directory / "bert-base.ganglion"
        subprocess.run(
            [self.arguments.ganglion, "compile", self.directory / "bert-base", "--output", self.model, "--dtype", "bf16",
             "--batch", "1,4", "--sequence", "128", "--target", "inf1"],
            check=True, stdout=subprocess.DEVNULL)
        for number in range(1, self.arguments.servers + 1):
            subprocess.run(
                [self.arguments.ganglion, "fake", "create", "--instance-type", "inf1.6xlarge", "--root",
                 self.directory / f"node{number}"], check=True, stdout=subprocess.DEVNULL)

    def address(self, number):
        return f"127.0.1.{number}:{self.arguments.port}"

    def start(self):
        environment = {
            **os.environ, "GANGLION_FAKE_CLOCK": "inf1", "GANGLION_FAKE_THREADS": "1",
            "GANGLION_MODELS": json.dumps(
                [{"name": f"model{number}", "uri": str(self.model)} for number in range(self.arguments.models)])}
        for number in range(1, self.arguments.servers + 1):
            log = open(self.directory / f"server{number}.log", "wb")
            self.servers.append(subprocess.Popen(
                [self.arguments.server, "--listen", self.address(number), "--device-root",
                 self.directory / f"node{number}" / "dev", "--copies", "1"],
                env=environment, stdout=log, stderr=log))

    def wait(self):
        deadline = time.monotonic() + 120
        for number, server in enumerate(self.servers, 1):
            while True:
                try:
                    with urllib.request.urlopen(f"http://{self.address(number)}/ping", timeout=5) as reply:
                        if reply.status == 200:
                            break
                except OSError:
                    pass
                if server.poll() is not None or time.monotonic() > deadline:
                    log = (self.directory / f"server{number}.log").read_text()[-2000:]
                    raise SystemExit(f"server {number} is not ready:\n{log}")
                time.sleep(0.05)

    def usage(self):
        """CPU seconds and resident octets of all servers."""
        ticks, memory = 0, 0
        for server in self.servers:
            fields = pathlib.Path(f"/proc/{server.pid}/stat").read_text().rsplit(")", 1)[1].split()
            ticks += int(fields[11]) + int(fields[12])
            memory += int(pathlib.Path(f"/proc/{server.pid}/statm").read_text().split()[1]) * resource.getpagesize()
        return ticks / os.sysconf("SC_CLK_TCK"), memory

    def stop(self):
        for server in self.servers:
            if server.poll() is None:
                server.send_signal(signal.SIGTERM)
        for server in self.servers:
            try:
                server.wait(timeout=30)
            except subprocess.TimeoutExpired:
                server.kill()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", required=True, help="ganglion-model-server")
    parser.add_argument("--ganglion", required=True, help="ganglion")
    parser.add_argument("--directory", required=True, help="where to put models and nodes; what is there is removed")
    parser.add_argument("--servers", type=int, default=40)
    parser.add_argument("--models", type=int, default=76)
    parser.add_argument("--port", type=int, default=18080)
    parser.add_argument("--clients", type=int, default=240)
    parser.add_argument("--requests", type=int, default=100_000)
    parser.add_argument("--tokens", type=int, default=128, help="tokens of a text, [CLS] and [SEP] among them")
    parser.add_argument("--sweep", help="a sweep of ganglion load in place of one load")
    parser.add_argument("--plot", help="where to draw the sweep")
    parser.add_argument("--rate", type=float, default=6230, help="requests a second that must be reached")
    parser.add_argument("--p90", type=float, default=66, help="milliseconds within which 90 %% must be answered")
    parser.add_argument("--json", help="where to write the figures")
    arguments = parser.parse_args()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    fleet = Fleet(arguments)
    fleet.prepare()
    text = " ".join(WORDS[number % len(WORDS)] for number in range(arguments.tokens - 2))
    url = f"http://127.0.1.{{1-{arguments.servers}}}:{arguments.port}/predictions/model{{0-{arguments.models - 1}}}"
    load = [arguments.ganglion, "load", "--text", text, "--progress", "0s", url]
    try:
        begun = time.monotonic()
        fleet.start()
        fleet.wait()
        started = time.monotonic() - begun
        cpu, memory = fleet.usage()
        print(f"{arguments.servers} servers with {arguments.models} models each: ready after {started:.1f} s, "
              f"{cpu / arguments.servers * 1000:.0f} ms of CPU and {memory / arguments.servers / 1e6:.0f} MB each")
        if arguments.sweep:
            plot = ["--plot", arguments.plot] if arguments.plot else []
            return subprocess.run([*load, "--sweep", arguments.sweep, *plot]).returncode
        for order in ["--sequential", "--random"]:
            clients = ["--clients", "1", "--requests", str(min(304, arguments.servers * arguments.models))]
            one = subprocess.run([*load, *(clients if order == "--random" else clients[2:]), order, "--json"], check=True,
                                 capture_output=True)
            times = json.loads(one.stdout)["milliseconds"]
            print(f"{order[2:]}, one client: {times['mean']:.1f} ms, p90 {times['p90']:.1f} ms")
        before, _ = fleet.usage()
        own = resource.getrusage(resource.RUSAGE_CHILDREN)
        run = subprocess.run(
            [*load, "--clients", str(arguments.clients), "--requests", str(arguments.requests), "--random", "--json"],
            check=True, capture_output=True)
        result = json.loads(run.stdout)
        cpu = fleet.usage()[0] - before
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        client = after.ru_utime + after.ru_stime - own.ru_utime - own.ru_stime
        rate, times = result["requestsPerSecond"], result["milliseconds"]
        print(f"{arguments.clients} clients: {rate:.0f} requests/s, p50 {times['p50']:.1f} ms, p90 {times['p90']:.1f} ms, "
              f"p95 {times['p95']:.1f} ms, p99 {times['p99']:.1f} ms; {result['requests']} requests, errors: "
              f"{result['errors'] or 'none'}")
        print(f"CPU for a request: {cpu / result['requests'] * 1e6:.0f} us of the servers, "
              f"{client / result['requests'] * 1e6:.0f} us of the load")
        if arguments.json:
            pathlib.Path(arguments.json).write_text(json.dumps(
                {**result, "startSeconds": started, "serverMicroseconds": cpu / result["requests"] * 1e6,
                 "clientMicroseconds": client / result["requests"] * 1e6, "octetsOfAServer": memory / arguments.servers}))
        reached = rate >= arguments.rate and times["p90"] <= arguments.p90 and not result["errors"]
        print(f"{'reached' if reached else 'NOT reached'}: {arguments.rate:.0f} requests/s at p90 of {arguments.p90:.0f} ms, "
              "without an error")
        return 0 if reached else 1
    finally:
        fleet.stop()
        shutil.rmtree(fleet.directory, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
