"""AIPerf, NVIDIA's client for measuring language models, unchanged, against a model server: each kind of endpoint gets a bounded
number of requests. Fails where one has failed, where a figure that AIPerf reports is missing, where it counts other tokens in
a prompt than the server says, or where it could not read the server's metrics.

    aiperf_client.py PROGRAM DEVICES MODEL.gguf [ENCODER]

PROGRAM is the built ganglion-model-server, DEVICES a directory of fake devices, MODEL.gguf SmolLM2, and ENCODER the directory of
an encoder.
"""

import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

import gguf_tokenizer

REQUESTS = 8
TOKENS = 6

# What each run asks and what it has to report. The client's own flags; `{folder}` is the tokenizer.
STREAMED = ["time_to_first_token", "inter_token_latency", "output_token_throughput", "request_latency"]
WHOLE = ["request_latency", "output_sequence_length", "request_throughput"]
RUNS = {
    "chat, streamed, with counts in each piece": (
        ["--endpoint-type", "chat", "--streaming", "--use-server-token-count", "--per-chunk-usage",
         "--extra-inputs", "ignore_eos:true", "--wait-for-model-timeout", "60", "--wait-for-model-mode", "both"], STREAMED),
    "chat, streamed, counted by the client": (
        ["--endpoint-type", "chat", "--streaming", "--session-turns-mean", "2", "--num-sessions", str(REQUESTS // 2),
         "--extra-inputs", f"min_tokens:{TOKENS}"], STREAMED),
    "completions, streamed, at random times": (
        ["--endpoint-type", "completions", "--streaming", "--request-rate", "20", "--extra-inputs", f"min_tokens:{TOKENS}"],
        STREAMED),
    "chat, whole": (["--endpoint-type", "chat", "--use-legacy-max-tokens", "--extra-inputs", "temperature:0"], WHOLE),
    "embeddings": (["--endpoint-type", "embeddings"], ["request_latency", "request_throughput"]),
}


def start(program, devices, models):
    """The server and its address, as its log says."""
    arguments = [program, "--listen", "127.0.0.1:0", "--device-root", devices]
    for model in models:
        arguments += ["--model", model]
    server = subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True)
    for line in server.stderr:
        if " listening " in line and "protocol=grpc" not in line:
            address = next(word.split("=", 1)[1] for word in line.split() if word.startswith("address="))
            # Nobody reads the log any more, and it must not fill its pipe.
            subprocess.Popen(["cat"], stdin=server.stderr, stdout=subprocess.DEVNULL)
            return server, f"http://{address}"
    sys.exit("the server does not listen")


def wait(url):
    """Until all models are ready; /health as vLLM's clients ask it."""
    for _ in range(3000):
        try:
            urllib.request.urlopen(f"{url}/health", timeout=60).close()
            return
        except OSError:
            time.sleep(0.1)
    sys.exit("the models do not become ready")


def profile(url, model, tokenizer, flags, folder):
    """Runs the client; what it reports, and what it scraped of the server's metrics."""
    command = [
        os.path.join(os.path.dirname(sys.executable), "aiperf"), "profile", "--url", url, "--model", model,
        "--tokenizer", str(tokenizer), "--ui", "none", "--no-gpu-telemetry", "--artifact-dir", str(folder), "--random-seed", "1",
        "--synthetic-input-tokens-mean", "40", "--output-tokens-mean", str(TOKENS), "--concurrency", "4", "--workers-max", "1",
        "--record-processors", "1", *flags]
    if "--num-sessions" not in flags:
        command += ["--request-count", str(REQUESTS)]
    environment = os.environ | {"HF_HOME": str(folder / "home")}
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)}\n{done.stdout}\naiperf ended with {done.returncode}")
    [report] = folder.rglob("profile_export_aiperf.json")
    scraped = list(folder.rglob("server_metrics_export.json"))
    return json.loads(report.read_text()), json.loads(scraped[0].read_text()) if scraped else {}


def check(name, report, scraped, wanted):
    assert report["request_count"]["avg"] == REQUESTS, (name, report["request_count"])
    assert not report.get("error_request_count") and not report.get("error_summary"), (name, report.get("error_summary"))
    figures = {figure: (report.get(figure) or {}).get("avg") for figure in wanted}
    assert all(value and value > 0 for value in figures.values()), (name, figures)
    if name.startswith("completions"):
        # The client counts the prompts' tokens itself; the server's counts differ by nothing. (A chat's template adds tokens,
        # and an answer may be cut into other tokens than it was written in.)
        difference = report["usage_prompt_tokens_diff_pct"]
        assert difference["count"] == REQUESTS and difference["max"] == 0, (name, difference)
    assert scraped, f"{name}: the client has read nothing in /metrics"
    shown = ", ".join(f"{figure} {value:.4g} {report[figure]['unit']}" for figure, value in figures.items())
    print(f"{name}: {REQUESTS} requests, {shown}", flush=True)


def main(program, devices, model, *encoder):
    models = {"smollm2": model} | {"tiny": path for path in encoder}
    server, url = start(program, devices, [f"{name}={path}" for name, path in models.items()])
    try:
        with tempfile.TemporaryDirectory() as directory:
            directory = pathlib.Path(directory)
            gguf_tokenizer.write(model, directory / "tokenizer")
            wait(url)
            for place, (name, (flags, wanted)) in enumerate(RUNS.items()):
                asked = "tiny" if name == "embeddings" else "smollm2"
                if asked not in models:
                    continue
                folder = directory / str(place)
                folder.mkdir()
                check(name, *profile(url, asked, directory / "tokenizer", flags, folder), wanted)
        return 0 if server.poll() is None else 1
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
