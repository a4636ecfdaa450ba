#!/usr/bin/env python3
"""Measures how fast schedulers bind pods to NeuronCores on a real API server, in turns.

Makes nodes that only exist as objects and pods that wait for a scheduler, starts each scheduler as a process of its own and
watches the bindings. What a round says: seconds from the process's start to the first binding, bindings a second from the
first to the last, milliseconds of CPU a pod, and the most memory that was resident. Use a cluster that nothing else uses;
nodes and namespace are removed at the end.

  binding.py --kubeconfig FILE \\
      --scheduler 'ganglion-operator=.build/release/ganglion-operator --kubeconfig FILE' \\
      --scheduler 'kube-scheduler=kube-scheduler --config CONFIG --secure-port 0'

A scheduler's name is its pods' schedulerName. With "NAME@OTHER=..." the pods ask for OTHER.
"""

import argparse
import base64
import http.client
import json
import os
import shlex
import signal
import ssl
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import yaml

NAMESPACE = f"ganglion-binding-bench-{os.getpid()}"
RESOURCE = "aws.amazon.com/neuroncore"
TICK = os.sysconf("SC_CLK_TCK")


class Cluster:
    """An API server, by the current context of a kubeconfig with client certificates."""

    def __init__(self, path):
        config = yaml.safe_load(open(path, encoding="utf-8"))
        context = next(c["context"] for c in config["contexts"] if c["name"] == config["current-context"])
        cluster = next(c["cluster"] for c in config["clusters"] if c["name"] == context["cluster"])
        user = next(u["user"] for u in config["users"] if u["name"] == context["user"])
        self.host = cluster["server"].removeprefix("https://")
        base = os.path.dirname(os.path.abspath(path))
        self.tls = ssl.create_default_context(cafile=file(cluster, "certificate-authority", base))
        self.tls.load_cert_chain(file(user, "client-certificate", base), file(user, "client-key", base))
        self.local = threading.local()

    def connection(self):
        return http.client.HTTPSConnection(self.host, context=self.tls, timeout=120)

    def send(self, method, path, body, kind):
        """On the thread's own connection; on a new one where the server has closed that meanwhile."""
        for _ in range(2):
            if not hasattr(self.local, "connection"):
                self.local.connection = self.connection()
            try:
                self.local.connection.request(method, path, body, {"content-type": kind})
                return self.local.connection.getresponse()
            except (http.client.RemoteDisconnected, ConnectionError):
                del self.local.connection
        sys.exit(f"binding.py: {self.host} closes every connection")

    def call(self, method, path, body=None, kind="application/json", allowed=()):
        response = self.send(method, path, json.dumps(body) if body is not None else None, kind)
        answer = json.loads(response.read())
        if response.status >= 400 and response.status not in allowed:
            sys.exit(f"binding.py: {method} {path} was answered with {response.status}: {answer.get('message')}")
        return answer


def file(entry, key, base):
    """A file's path, or inline data as a file."""
    if key in entry:
        return os.path.join(base, entry[key])
    handle, path = tempfile.mkstemp()
    with os.fdopen(handle, "wb") as out:
        out.write(base64.b64decode(entry[key + "-data"]))
    return path


def make_nodes(cluster, count):
    capacity = {"cpu": "192", "memory": "384Gi", "pods": "1000", "ephemeral-storage": "100Gi", RESOURCE: "24"}
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())

    def make(index):
        name = f"binding-bench-{index}"
        labels = {"node.kubernetes.io/instance-type": "inf2.48xlarge", "kubernetes.io/hostname": name}
        cluster.call("POST", "/api/v1/nodes", {"metadata": {"name": name, "labels": labels}}, allowed=[409])
        ready = {"type": "Ready", "status": "True", "lastHeartbeatTime": now, "lastTransitionTime": now,
                 "reason": "KubeletReady"}
        cluster.call("PATCH", f"/api/v1/nodes/{name}/status",
                     {"status": {"capacity": capacity, "allocatable": capacity, "conditions": [ready]}},
                     "application/strategic-merge-patch+json")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(make, range(count)))


def make_pods(cluster, count, scheduler, cores):
    def make(index):
        resources = {"limits": {RESOURCE: str(cores)}, "requests": {"cpu": "100m", "memory": "64Mi"}}
        cluster.call("POST", f"/api/v1/namespaces/{NAMESPACE}/pods", {
            "metadata": {"name": f"pod-{index}", "labels": {"app": "bench"}},
            "spec": {
                "schedulerName": scheduler, "tolerations": [{"operator": "Exists"}],
                "containers": [{"name": "main", "image": "none.invalid/none", "resources": resources}],
            },
        })

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(make, range(count)))


def remove_pods(cluster):
    path = f"/api/v1/namespaces/{NAMESPACE}/pods"
    while True:
        items = cluster.call("GET", path)["items"]
        if not items:
            return
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda pod: cluster.call(
                "DELETE", f"{path}/{pod['metadata']['name']}", {"gracePeriodSeconds": 0}, allowed=[404]), items))


def watch_bindings(cluster, version, count, times, started):
    """Notes when each pod is seen with a node, until all are."""
    connection = cluster.connection()
    connection.request("GET", f"/api/v1/namespaces/{NAMESPACE}/pods?watch=1&resourceVersion={version}")
    response = connection.getresponse()
    started.set()
    bound = set()
    while len(bound) < count:
        line = response.readline()
        if not line:
            return
        event = json.loads(line)
        pod = event["object"]
        if pod.get("spec", {}).get("nodeName") and pod["metadata"]["name"] not in bound:
            bound.add(pod["metadata"]["name"])
            times.append(time.monotonic())
    connection.close()


def measure(cluster, command, count, limit):
    version = cluster.call("GET", f"/api/v1/namespaces/{NAMESPACE}/pods?limit=1")["metadata"]["resourceVersion"]
    times, started = [], threading.Event()
    watcher = threading.Thread(target=watch_bindings, args=(cluster, version, count, times, started), daemon=True)
    watcher.start()
    started.wait(30)
    start = time.monotonic()
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(shlex.split(command), stdout=log, stderr=log)
        try:
            watcher.join(limit)
            usage = open(f"/proc/{process.pid}/stat", encoding="ascii").read().rsplit(")", 1)[1].split()
            status = open(f"/proc/{process.pid}/status", encoding="ascii").read()
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if len(times) < count:
            log.seek(0)
            sys.stderr.write(log.read()[-3000:].decode(errors="replace"))
            sys.exit(f"binding.py: only {len(times)} of {count} pods were bound within {limit} s by: {command}")
    peak = next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]
    return {
        "first": times[0] - start,
        "rate": (count - 1) / (times[-1] - times[0]),
        "cpu": (int(usage[11]) + int(usage[12])) / TICK / count * 1000,
        "memory": int(peak) / 1024,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kubeconfig", required=True)
    parser.add_argument("--scheduler", action="append", required=True, metavar="NAME=COMMAND")
    parser.add_argument("--nodes", type=int, default=100)
    parser.add_argument("--pods", type=int, default=2000)
    parser.add_argument("--cores", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=4, help="the first is not counted where there are more")
    parser.add_argument("--limit", type=float, default=300, metavar="SECONDS")
    parser.add_argument("--json", metavar="FILE")
    options = parser.parse_args()
    cluster = Cluster(options.kubeconfig)
    cluster.call("POST", "/api/v1/namespaces", {"metadata": {"name": NAMESPACE}}, allowed=[409])
    cluster.call("POST", f"/api/v1/namespaces/{NAMESPACE}/serviceaccounts", {"metadata": {"name": "default"}},
                 allowed=[409])
    remove_pods(cluster)
    make_nodes(cluster, options.nodes)
    results = {}
    try:
        for number in range(options.rounds):
            for entry in options.scheduler:
                names, command = entry.split("=", 1)
                name, _, asked = names.partition("@")
                make_pods(cluster, options.pods, asked or name, options.cores)
                time.sleep(2)
                found = measure(cluster, command, options.pods, options.limit)
                print(f"{name}: first {found['first']:.2f} s, {found['rate']:.0f} a second,"
                      f" {found['cpu']:.2f} ms of CPU a pod, {found['memory']:.0f} MB", file=sys.stderr)
                if number > 0 or options.rounds == 1:
                    results.setdefault(name, []).append(found)
                remove_pods(cluster)
    finally:
        remove_pods(cluster)
        for index in range(options.nodes):
            cluster.call("DELETE", f"/api/v1/nodes/binding-bench-{index}", allowed=[404])
        cluster.call("DELETE", f"/api/v1/namespaces/{NAMESPACE}", allowed=[404, 409])
    medians = {name: {key: statistics.median(r[key] for r in rounds) for key in rounds[0]}
               for name, rounds in results.items()}
    print(json.dumps(medians, indent=2))
    if options.json:
        with open(options.json, "w", encoding="utf-8") as out:
            json.dump({"medians": medians, "rounds": results}, out, indent=2)


if __name__ == "__main__":
    main()
