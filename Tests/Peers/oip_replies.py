"""The same requests of the Open Inference Protocol (REST) to our model server and to MLServer, which KServe ships as a reference
runtime: prints where the replies differ, and ends with 1 where they differ in a way that docs/SERVING.md does not list.

    oip_replies.py PROGRAM DEVICES    the built ganglion-model-server, and a directory of fake devices

MLServer runs in this Python (Tests/oip-requirements.txt), with a model that gives back what it gets: ours is `identity:`.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

MODEL = '''
from mlserver import MLModel
from mlserver.types import InferenceResponse, ResponseOutput


class Identity(MLModel):
    async def load(self):
        return True

    async def predict(self, payload):
        return InferenceResponse(
            id=payload.id, model_name=self.name, model_version=self.version,
            outputs=[
                ResponseOutput(name="OUTPUT0", shape=one.shape, datatype=one.datatype, data=one.data)
                for one in payload.inputs
            ])
'''
DATATYPES = ["BOOL", "UINT8", "UINT16", "UINT32", "UINT64", "INT8", "INT16", "INT32", "INT64", "FP16", "FP32", "FP64", "BYTES"]
VALUES = {"BOOL": [True, False], "BYTES": ["a", "\u00e9"], "FP16": [0.5, -2.0], "FP32": [0.5, -2.0], "FP64": [1e-300, 3.5]}


def infer(datatype="FP32", shape=(2,), data=None, **more):
    tensor = {"name": "INPUT0", "datatype": datatype, "shape": list(shape), "data": data or VALUES.get(datatype, [1, 2])}
    return {"inputs": [tensor], **more}


def post(model, body, name=None):
    return (name or f"infer {model}", "POST", f"/v2/models/{model}/infer", body)


REQUESTS = [
    ("server metadata", "GET", "/v2", None),
    ("live", "GET", "/v2/health/live", None),
    ("ready", "GET", "/v2/health/ready", None),
    ("model metadata", "GET", "/v2/models/FP32", None),
    ("model metadata by version", "GET", "/v2/models/FP32/versions/1", None),
    ("model ready", "GET", "/v2/models/FP32/ready", None),
    ("model ready by version", "GET", "/v2/models/FP32/versions/1/ready", None),
    *[post(one, infer(one), f"infer {one}") for one in DATATYPES],
    ("infer by version", "POST", "/v2/models/FP32/versions/1/infer", infer()),
    post("FP32", infer(id="seven"), "infer with an id"),
    post("FP32", infer(shape=(2, 1)), "infer, two dimensions, flat"),
    post("FP32", infer(shape=(2, 2), data=[[1, 2], [3, 4]]), "infer, two dimensions, nested"),
    post("FP32", infer(outputs=[{"name": "OUTPUT0"}]), "infer, the output named"),
    post("FP32", infer(parameters={"mine": "x"}), "infer with a parameter that nobody knows"),
    post("FP32", infer(data=[1, 2]), "infer, whole numbers for FP32"),
    post("FP32", {"inputs": [{"name": "INPUT0", "shape": [0], "datatype": "FP32", "data": []}]}, "infer, no elements"),
    # Faults of the client.
    ("metadata of a model that is not there", "GET", "/v2/models/none", None),
    ("ready of a model that is not there", "GET", "/v2/models/none/ready", None),
    ("metadata of a version that is not there", "GET", "/v2/models/FP32/versions/9", None),
    post("none", infer(), "infer, a model that is not there"),
    ("infer, a version that is not there", "POST", "/v2/models/FP32/versions/9/infer", infer()),
    post("FP32", b"{", "infer, no JSON"),
    post("FP32", b"", "infer, no body"),
    post("FP32", [], "infer, a list"),
    post("FP32", {}, "infer, no inputs"),
    post("FP32", {"inputs": []}, "infer, no tensors"),
    post("FP32", {"inputs": [{"name": "INPUT0", "datatype": "FP32", "data": [1]}]}, "infer, no shape"),
    post("FP32", {"inputs": [{"name": "INPUT0", "shape": [1], "data": [1]}]}, "infer, no datatype"),
    post("FP32", {"inputs": [{"name": "INPUT0", "shape": [1], "datatype": "FP32"}]}, "infer, no data"),
    post("FP32", {"inputs": [{"shape": [1], "datatype": "FP32", "data": [1]}]}, "infer, no name"),
    post("FP32", infer("FLOAT"), "infer, a datatype that is none"),
    post("FP32", infer(shape=(3,)), "infer, fewer elements than the shape has"),
    post("FP32", infer(shape=(1,)), "infer, more elements than the shape has"),
    post("FP32", infer(shape=(-1,)), "infer, a dimension of -1"),
    post("FP32", infer(data=["a", "b"]), "infer, texts for FP32"),
    post("INT8", infer("INT8", data=[1, 300]), "infer, 300 for INT8"),
    post("INT32", infer("INT32", data=[1.5, 2]), "infer, 1.5 for INT32"),
    post("FP32", infer("INT32"), "infer, another datatype than the model's"),
    post("FP32", infer(outputs=[{"name": "none"}]), "infer, an output that is not there"),
    ("infer by GET", "GET", "/v2/models/FP32/infer", None),
    ("a path that is not there", "GET", "/v2/none", None),
]

# What differs, and why both are right or ours is: the rows of the table in docs/SERVING.md.
LISTED = json.load(open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "oip_differences.json")))


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def ask(port, method, path, body):
    data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}", data=data, method=method, headers={"content-type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=60) as reply:
            status, text, kind = reply.status, reply.read(), reply.headers.get("content-type")
    except urllib.error.HTTPError as error:
        status, text, kind = error.code, error.read(), error.headers.get("content-type")
    try:
        return status, kind, json.loads(text) if text else None
    except ValueError:
        return status, kind, text.decode(errors="replace")


def flat(data):
    return [one for part in data for one in flat(part)] if isinstance(data, list) else [data]


def normal(reply, request):
    """The reply without what the specification lets a server choose: sentences, an id where the client has sent none, parameters,
    nesting of data, null for what is not there."""
    status, kind, body = reply
    if isinstance(body, dict):
        body = {name: value for name, value in body.items() if value is not None}
        if not isinstance(request, dict) or "id" not in request:
            body.pop("id", None)
        if "error" in body and isinstance(body["error"], str):
            body = {"error": "a sentence"}
        body.pop("parameters", None)
        for tensor in body.get("outputs", []):
            if "data" in tensor:
                tensor["data"] = flat(tensor["data"])
            tensor.pop("parameters", None)
    return status, (kind or "").split(";")[0], body


def until_ready(port, process):
    for _ in range(600):
        if process.poll() is not None:
            sys.exit(f"a server has ended with {process.returncode}")
        try:
            if ask(port, "GET", "/v2/health/ready", None)[0] == 200:
                return
        except OSError:
            pass
        time.sleep(0.1)
    sys.exit("a server does not get ready")


def start(program, devices, directory):
    ours, theirs = free_port(), free_port()
    with open(f"{directory}/identity.py", "w") as file:
        file.write(MODEL)
    ports = {"http_port": theirs, "grpc_port": free_port(), "metrics_port": free_port()}
    with open(f"{directory}/settings.json", "w") as file:
        json.dump({**ports, "host": "127.0.0.1", "parallel_workers": 0, "debug": False}, file)
    for name in DATATYPES:
        os.mkdir(f"{directory}/{name}")
        tensor = {"datatype": name, "shape": [-1]}
        with open(f"{directory}/{name}/model-settings.json", "w") as file:
            json.dump(
                {
                    "name": name, "implementation": "identity.Identity", "platform": "ganglion_identity", "versions": ["1"],
                    "inputs": [{"name": "INPUT0", **tensor}], "outputs": [{"name": "OUTPUT0", **tensor}],
                    "parameters": {"version": "1"},
                }, file)
    models = [word for name in DATATYPES for word in ("--model", f"{name}=identity:{name}")]
    return ours, theirs, [
        subprocess.Popen(
            [program, "--listen", f"127.0.0.1:{ours}", "--device-root", devices, *models], stderr=subprocess.DEVNULL),
        subprocess.Popen(
            [os.path.join(os.path.dirname(sys.executable), "mlserver"), "start", directory], cwd=directory,
            env={**os.environ, "PYTHONPATH": directory}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL),
    ]


def main(program, devices):
    found = {}
    with tempfile.TemporaryDirectory() as directory:
        ours, theirs, servers = start(program, devices, directory)
        try:
            for port, server in zip((ours, theirs), servers):
                until_ready(port, server)
            for name, method, path, body in REQUESTS:
                one, other = (ask(port, method, path, body) for port in (ours, theirs))
                if name == "server metadata":
                    # Name, version and extensions are the server's own.
                    same = one[0] == other[0] and set(one[2]) == set(other[2])
                else:
                    same = normal(one, body) == normal(other, body)
                if not same:
                    found[name] = (one, other)
        finally:
            for server in servers:
                server.send_signal(signal.SIGTERM)
            for server in servers:
                server.wait()
    for name, (one, other) in found.items():
        print(f"{'listed' if name in LISTED else 'NOT LISTED'}: {name}")
        for who, (status, _, body) in (("ours", one), ("MLServer", other)):
            print(f"    {who:8} {status} {json.dumps(body)[:200]}")
    gone = sorted(set(LISTED) - set(found))
    for name in gone:
        print(f"NO DIFFERENCE ANY MORE: {name}")
    print(f"{len(REQUESTS)} requests, {len(REQUESTS) - len(found)} with the same reply, {len(found)} that differ")
    return 1 if gone or set(found) - set(LISTED) else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
