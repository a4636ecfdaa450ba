"""MLCommons' LoadGen, as MLPerf Inference measures with it, against a server: python3 mlperf_client.py URL [MODEL].

Asks the Open Inference Protocol for vectors of texts in the scenarios SingleStream (one query after another, the 90th
percentile) and Server (queries as a Poisson process, the 90th percentile within a bound), and prints LoadGen's own verdict of
each as a line of JSON.
"""

import array
import http.client
import json
import pathlib
import queue
import re
import sys
import tempfile
import threading
import urllib.parse

import mlperf_loadgen as loadgen

TEXTS = [f"the neuron core of chip {number} computes a text" for number in range(64)]


class Server:
    """Threads that keep a connection each and take queries from a queue."""

    def __init__(self, url, model, threads):
        self.host = urllib.parse.urlsplit(url).netloc
        self.path = f"/v2/models/{model}/infer"
        self.queries = queue.SimpleQueue()
        self.failures = []
        self.threads = [threading.Thread(target=self.work, daemon=True) for _ in range(threads)]
        for thread in self.threads:
            thread.start()

    def work(self):
        connection = http.client.HTTPConnection(self.host)
        while (query := self.queries.get()) is not None:
            body = json.dumps({"id": str(query.id), "inputs": [
                {"name": "text", "datatype": "BYTES", "shape": [1], "data": [TEXTS[query.index]]}]})
            connection.request("POST", self.path, body, {"content-type": "application/json"})
            response = connection.getresponse()
            reply = json.loads(response.read())
            if response.status != 200:
                self.failures.append(reply)
                vector = array.array("f", [0])
            else:
                vector = array.array("f", next(o["data"] for o in reply["outputs"] if o["name"] == "embedding"))
            address, size = vector.buffer_info()
            loadgen.QuerySamplesComplete([loadgen.QuerySampleResponse(query.id, address, size * vector.itemsize)])
        connection.close()

    def issue(self, queries):
        for query in queries:
            self.queries.put(query)

    def stop(self):
        for _ in self.threads:
            self.queries.put(None)
        for thread in self.threads:
            thread.join()


def run(url, model, scenario, threads, configure):
    settings = loadgen.TestSettings()
    settings.scenario = scenario
    settings.mode = loadgen.TestMode.PerformanceOnly
    settings.min_duration_ms = 2000
    settings.min_query_count = 100
    configure(settings)
    server = Server(url, model, threads)
    with tempfile.TemporaryDirectory() as directory:
        output = loadgen.LogOutputSettings()
        output.outdir = directory
        output.copy_summary_to_stdout = False
        log = loadgen.LogSettings()
        log.log_output = output
        log.enable_trace = False
        system = loadgen.ConstructSUT(server.issue, lambda: None)
        samples = loadgen.ConstructQSL(len(TEXTS), len(TEXTS), lambda _: None, lambda _: None)
        loadgen.StartTestWithLogSettings(system, samples, settings, log)
        loadgen.DestroyQSL(samples)
        loadgen.DestroySUT(system)
        server.stop()
        summary = (pathlib.Path(directory) / "mlperf_log_summary.txt").read_text()
    values = dict(re.findall(r"^\s*([^:\n]+?)\s*: (.+)$", summary, re.MULTILINE))
    print(json.dumps({
        "scenario": scenario.name, "result": values.get("Result is"), "failures": len(server.failures),
        "samplesPerSecond": values.get("Completed samples per second") or values.get("QPS w/o loadgen overhead"),
        "p90Nanoseconds": values.get("90.00 percentile latency (ns)"),
        "p99Nanoseconds": values.get("99.00 percentile latency (ns)")}), flush=True)


def main():
    url, model = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "tiny"

    def single(settings):
        # As many queries as are asked for, however fast they are.
        settings.min_duration_ms = 0
        settings.single_stream_expected_latency_ns = 10_000_000

    def server(settings):
        settings.server_target_qps = 20
        # Whether it answers, and not how fast the machine of the moment is.
        settings.server_target_latency_ns = 20_000_000_000
        settings.server_target_latency_percentile = 0.9

    run(url, model, loadgen.TestScenario.SingleStream, 1, single)
    run(url, model, loadgen.TestScenario.Server, 8, server)


main()
