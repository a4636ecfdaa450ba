"""Measures our HTTP/2 and gRPC servers beside those that people use, in one run, on loopback and Unix sockets only.

h2load puts the load on. Every case has a few servers that answer the same request; they take turns, several rounds, so
that what else the machine does falls on all of them. The table shows the median round, the server's CPU time for a
request, and the ratio to our server. Other servers can be put beside by hand:

    wire.py --peer "grpc-go=/path/to/server {address}"     {address} is unix:PATH or 127.0.0.1:PORT
"""

import argparse
import contextlib
import json
import os
import re
import shlex
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
PYTHON = os.environ.get("GANGLION_PYTHON", sys.executable)
METHOD = "/grpc.testing.TestService/EmptyCall"


@dataclass
class Case:
    """What is asked, and how many at a time."""

    name: str
    is_grpc: bool
    network: str
    connections: int
    streams: int


CASES = [
    Case("unary, Unix socket, 1 in flight", True, "unix", 1, 1),
    Case("unary, Unix socket, 32 in flight", True, "unix", 1, 32),
    Case("unary, TCP, 1 in flight", True, "tcp", 1, 1),
    Case("unary, TCP, 32 in flight", True, "tcp", 1, 32),
    Case("GET, TCP, 8 connections of 32", False, "tcp", 8, 32),
]


@dataclass
class Round:
    requests_per_second: float
    cpu_microseconds: float


class Server:
    """A server process; it ends with the block that started it."""

    def __init__(self, name, command, address, network):
        self.name, self.address, self.network = name, address, network
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(command, stdout=self.log, stderr=self.log)

    def __enter__(self):
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and self.process.poll() is None:
            with contextlib.suppress(OSError), self.connect():
                return self
            time.sleep(0.05)
        self.__exit__()
        self.log.seek(0)
        raise SystemExit(f"{self.name} does not listen: {self.log.read().decode(errors='replace')}")

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def connect(self):
        if self.network == "tcp":
            host, port = self.address.split(":")
            return socket.create_connection((host, int(port)))
        client = socket.socket(socket.AF_UNIX)
        client.connect(self.address.removeprefix("unix:"))
        return client

    def cpu_seconds(self):
        """User and system time of all threads (proc(5), fields 14 and 15)."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Bench:
    def __init__(self, options, directory):
        self.options, self.directory = options, directory
        self.request = directory / "empty.grpc"
        self.request.write_bytes(bytes(5))  # a gRPC message of no octets: flag and length
        self.root = directory / "root"
        self.root.mkdir()
        # As many octets as our server answers.
        (self.root / "index.html").write_text("Hello from ganglion-interop over HTTP/2.\n")

    def commands(self, case, address):
        """Name and command line of the servers of a case; ours is the first."""
        place = ["--unix", address.removeprefix("unix:")]
        if case.network == "tcp":
            place = ["--port", address.split(":")[1]]
        if not case.is_grpc:
            yield "ganglion", [self.options.server, "http2-server", *place]
            yield "nghttpd -n1", ["nghttpd", "-n1", "--no-tls", "-a", "127.0.0.1", "-d", self.root, place[1]]
            return
        yield "ganglion", [self.options.server, "grpc-server", *place]
        yield "grpcio", [PYTHON, HERE / "grpcio_server.py", address]
        for peer in self.options.peer:
            name, _, command = peer.partition("=")
            yield name, [part.replace("{address}", address) for part in shlex.split(command)]

    def start(self, case, stack):
        servers = []
        for index in range(len(list(self.commands(case, "unix:x:0")))):
            address = f"unix:{self.directory}/{len(servers)}-{case.streams}.sock"
            if case.network == "tcp":
                address = f"127.0.0.1:{free_port()}"
            name, command = list(self.commands(case, address))[index]
            servers.append(stack.enter_context(Server(name, command, address, case.network)))
        return servers

    def load(self, case, server, seconds):
        """Requests a second and the server's CPU time, of one round."""
        url, place = f"http://{server.address}", []
        if case.network == "unix":
            url, place = "http://localhost", ["-B", server.address]
        request = ["-d", self.request, "-H", "content-type: application/grpc", "-H", "te: trailers"]
        if not case.is_grpc:
            request = []
        before = server.cpu_seconds()
        text = subprocess.run(
            ["h2load", "-t1", "-c", str(case.connections), "-m", str(case.streams), "-D", str(seconds), *place]
            + [*request, url + (METHOD if case.is_grpc else "/")],
            capture_output=True, text=True, timeout=seconds + 20, check=True).stdout  # fmt: skip
        cpu = server.cpu_seconds() - before
        done, failed = (int(re.search(rf"(\d+) {word}", text).group(1)) for word in ("succeeded", "failed"))
        statuses = int(re.search(r"status codes: (\d+) 2xx", text).group(1))
        if failed or done == 0 or statuses < done:
            raise SystemExit(f"{server.name}: {done} succeeded, {failed} failed, {statuses} with status 2xx")
        return Round(float(re.search(r"([\d.]+) req/s", text).group(1)), cpu / done * 1e6)

    def run(self, case):
        with contextlib.ExitStack() as stack:
            servers = self.start(case, stack)
            for server in servers:
                if case.is_grpc:
                    check_answer(server.address)
                self.load(case, server, 1)  # warm
            rounds = {server.name: [] for server in servers}
            for _ in range(self.options.rounds):
                for server in servers:
                    rounds[server.name].append(self.load(case, server, self.options.seconds))
        return rounds


def check_answer(address):
    """h2load looks at no grpc-status: one call of a client that does."""
    source = (
        "import grpc, sys\n"
        "with grpc.insecure_channel(sys.argv[1]) as channel:\n"
        "    assert channel.unary_unary(sys.argv[2])(b'', timeout=10) == b''\n"
    )
    subprocess.run([PYTHON, "-c", source, address, METHOD], check=True, timeout=30)


def ping_pong(directory, seconds):
    """Round trips a second of two processes that only wait in epoll, read and write."""
    program = directory / "pingpong"
    compiler = os.environ.get("CC", "clang")
    subprocess.run([compiler, "-O2", "-o", program, HERE / "pingpong.c"], check=True)
    return statistics.median(
        float(subprocess.run([program, str(seconds)], capture_output=True, check=True).stdout)
        for _ in range(3)
    )


@contextlib.contextmanager
def awake_cores():
    """Work of the class that gives way to all other keeps the cores from sleeping, as `idle=poll` does.

    With one request in flight a virtual machine that is idle measures above all how long its cores take to wake up, and
    that changes from minute to minute.
    """
    spin = "import os; os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))\nwhile os.getppid() == %d: pass"
    spinners = [
        subprocess.Popen([sys.executable, "-c", spin % os.getpid()]) for _ in range(len(os.sched_getaffinity(0)))
    ]
    try:
        yield
    finally:
        for spinner in spinners:
            spinner.kill()
            spinner.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--server", default=".build/release/ganglion-interop", help="our executable")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of every server in every case")
    parser.add_argument("--seconds", type=int, default=2, help="seconds of a round")
    parser.add_argument("--case", default="", help="only cases with this in their names")
    parser.add_argument("--peer", action="append", default=[], help='another gRPC server, "NAME=COMMAND {address}"')
    parser.add_argument("--let-cores-sleep", action="store_true", help="do not keep them awake between requests")
    parser.add_argument("--json", type=Path, help="a file for the results")
    options = parser.parse_args()

    results = {"rounds": options.rounds, "seconds": options.seconds, "cases": []}
    awake = contextlib.nullcontext() if options.let_cores_sleep else awake_cores()
    with awake, tempfile.TemporaryDirectory(prefix="ganglion-bench-") as name:
        bench = Bench(options, Path(name))
        results["pingpong"] = ping_pong(Path(name), 1)
        print(f"{'':<34}{'server':<14}{'requests/s':>12}{'CPU/request':>14}{'of ours':>10}")
        for case in CASES:
            if options.case not in case.name:
                continue
            medians = {}
            for server, rounds in bench.run(case).items():
                rate = statistics.median(each.requests_per_second for each in rounds)
                cpu = statistics.median(each.cpu_microseconds for each in rounds)
                medians[server] = {"requests_per_second": round(rate), "cpu_microseconds": round(cpu, 2)}
                ratio = rate / next(iter(medians.values()))["requests_per_second"]
                label = case.name if len(medians) == 1 else ""
                print(f"{label:<34}{server:<14}{rate:>12,.0f}{cpu:>11.2f} us{ratio:>10.2f}", flush=True)
            results["cases"].append({"name": case.name, "servers": medians})
    print(f"{'epoll ping-pong alone, Unix socket':<48}{results['pingpong']:>12,.0f}")
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(results, indent=2) + "\n")
        print(f"written to {options.json}")


if __name__ == "__main__":
    main()
