"""Measures what the model server itself costs, beside uvicorn with FastAPI: one answer that computes nothing, the same of both.

`wrk` asks each in turns with as many connections as it is told, as fast as they answer; then `open_loop.c` asks each half as
often as it can be asked, at random times, which is where latencies mean something. Everything runs on the CPUs of one machine.
"""

import argparse
import json
import os
import pathlib
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

BODY = '{"inputs":"hello"}'
SCRIPT = f"wrk.method='POST'; wrk.headers['content-type']='application/json'; wrk.body='{BODY}'"


def ready(url, process):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(url + "/ping", timeout=5) as reply:
                if reply.status == 200:
                    return
        except OSError:
            time.sleep(0.05)
    raise SystemExit(f"{url} is not ready")


def milliseconds(text):
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s)", text).groups()
    return float(number) * {"us": 1e-3, "ms": 1, "s": 1e3}[unit]


def wrk(url, script, arguments):
    text = subprocess.run(
        ["wrk", "-t1", f"-c{arguments.connections}", f"-d{arguments.duration}s", "--latency", "-s", script,
         url + "/predictions/same"], check=True, capture_output=True, text=True).stdout
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)|Socket errors: .*", text)
    if bad:
        raise SystemExit(f"{url}: {bad.group(0)}")
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", text).group(1))
    p99 = milliseconds(re.search(r"99%\s+(\S+)", text).group(1))
    return rate, p99


def half(program, url, rate, arguments):
    """Answers a second, and percentiles of their times in milliseconds, at half of a rate."""
    text = subprocess.run(
        [program, url.rsplit(":", 1)[1], str(int(rate / 2)), str(arguments.connections), str(arguments.duration), "poisson"],
        check=True, capture_output=True, text=True).stdout
    found = re.match(r"(\d+) of \d+ requests a second, P50 ([\d.]+), P90 [\d.]+, P99 ([\d.]+),", text)
    return {"requestsPerSecond": int(found[1]), "p50": float(found[2]), "p99": float(found[3])}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", required=True, help="ganglion-model-server")
    parser.add_argument("--ganglion", required=True, help="ganglion")
    parser.add_argument("--python", default=sys.executable, help="an interpreter with fastapi and uvicorn")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--duration", type=int, default=5, help="seconds of each measurement")
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--ratio", type=float, default=10, help="how many times uvicorn's rate must be reached")
    parser.add_argument("--json", help="where to write the figures")
    arguments = parser.parse_args()
    here = pathlib.Path(__file__).parent
    servers = []
    with tempfile.TemporaryDirectory() as directory:
        script = pathlib.Path(directory) / "post.lua"
        script.write_text(SCRIPT)
        open_loop = pathlib.Path(directory) / "open_loop"
        subprocess.run([os.environ.get("CC", "cc"), "-O2", "-o", open_loop, here / "open_loop.c", "-lm"], check=True)
        node = pathlib.Path(directory) / "node"
        subprocess.run([arguments.ganglion, "fake", "create", "--instance-type", "inf2.xlarge", "--root", node], check=True,
                       stdout=subprocess.DEVNULL)
        try:
            for name, port, command in [
                ("ganglion", 18090, [arguments.server, "--listen", "127.0.0.1:18090", "--device-root", node / "dev", "--model",
                                     "same=identity:BYTES"]),
                ("uvicorn", 18091, [arguments.python, "-m", "uvicorn", "--app-dir", here, "--port", "18091", "--no-access-log",
                                    "--log-level", "error", "serving_app:app"])]:
                process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                servers.append((name, f"http://127.0.0.1:{port}", process))
                ready(servers[-1][1], process)
            figures = {name: {"rates": [], "p99": []} for name, _, _ in servers}
            for name, url, _ in servers:
                wrk(url, script, arguments)
            for _ in range(arguments.rounds):
                for name, url, _ in servers:
                    rate, p99 = wrk(url, script, arguments)
                    figures[name]["rates"].append(rate)
                    figures[name]["p99"].append(p99)
            for name, url, _ in servers:
                rate, p99 = statistics.median(figures[name]["rates"]), statistics.median(figures[name]["p99"])
                at_half = half(open_loop, url, rate, arguments)
                figures[name].update(rate=rate, p99AtFullSpeed=p99, half=at_half)
                print(f"{name}: {rate:.0f} requests/s, p99 {p99:.2f} ms at full speed; at {at_half['requestsPerSecond']}/s "
                      f"p50 {at_half['p50']:.2f} ms, p99 {at_half['p99']:.2f} ms")
        finally:
            for _, _, process in servers:
                process.send_signal(signal.SIGTERM)
            for _, _, process in servers:
                try:
                    process.wait(timeout=30)
                except subprocess.TimeoutExpired:
                    process.kill()
    ratio = figures["ganglion"]["rate"] / figures["uvicorn"]["rate"]
    print(f"{ratio:.1f} times as many requests a second")
    if arguments.json:
        pathlib.Path(arguments.json).write_text(json.dumps({"ratio": ratio, "cpus": os.cpu_count(), **figures}))
    return 0 if ratio >= arguments.ratio else 1


if __name__ == "__main__":
    sys.exit(main())
