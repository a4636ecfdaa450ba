"""Helm's own engine on a chart, and Kubernetes' schemas on what it makes.

usage: helm_chart.py CHART REQUEST

REQUEST is a JSON file: {"sets": {NAME: VALUES as YAML}, "files": [PATH], "versions": [KUBERNETES VERSION]}. Prints one
JSON object. For each set: {"error": TEXT}, or {"objects": [...], "notes": TEXT, "text": TEXT, "faults": [...]} where faults
are what strict validation has against the objects. For each file: its objects and their faults. Beside them "misspelt" has
the faults of an object that is wrong, "lint" what Helm's linter says, "old" what an installation on an older Kubernetes
ends with and the requests that it made.
"""

import functools
import http.server
import json
import sys
import threading

import helm_python
import jsonschema
import yaml
from kubernetes_validate.utils import schema_contents
from referencing import Registry, Resource

# Kinds of other projects, whose schemas are not Kubernetes' own.
FOREIGN = {"monitoring.coreos.com/v1"}


def documents(text):
    return [document for document in yaml.load_all(text, Loader=yaml.CSafeLoader) if document]


def render(chart, values):
    try:
        files = chart.render(values, name="ganglion", namespace="ganglion-system")
    except helm_python.HelmError as error:
        return {"error": str(error)}
    notes, objects = "", []
    for name, text in files.items():
        if name.endswith(".txt"):
            notes = text
        else:
            objects += documents(text)
    return {"objects": objects, "notes": notes, "text": "\n".join(files.values())}


@functools.cache
def validator(kind, version):
    """Kubernetes' strict schema of a kind. kubernetes_validate.validate would read its definitions for each object."""
    folder = f"kubernetes-json-schema/v{version}-local-strict"
    schema = schema_contents(f"{folder}/{kind}.json", version)
    return jsonschema.Draft202012Validator(schema, registry=Resource.from_contents(schema) @ definitions(folder, version))


@functools.cache
def definitions(folder, version):
    contents = schema_contents(f"{folder}/_definitions.json", version)
    return (Resource.from_contents(contents) @ Registry()).crawl()


@functools.cache
def fault(text, version):
    """What strict validation has against an object in JSON: most sets of values make the same objects."""
    item = json.loads(text)
    group, _, name = item["apiVersion"].rpartition("/")
    kind = "-".join(part for part in (item["kind"].lower(), group.partition(".")[0], name) if part)
    for error in validator(kind, version).iter_errors(item):
        path = ".".join(str(step) for step in error.path)
        return f"{version} {item['kind']} {item['metadata']['name']} {path}: {error.message}"
    return None


def faults(objects, versions):
    texts = [json.dumps(item, sort_keys=True) for item in objects if item["apiVersion"] not in FOREIGN]
    found = (fault(text, version) for version in versions for text in texts)
    return [sentence for sentence in found if sentence]


def old(chart):
    """An API server of Kubernetes 1.29 that has no resources, and what Helm does with it."""
    requests = []
    answers = {
        "/version": {"major": "1", "minor": "29", "gitVersion": "v1.29.15"},
        "/api": {"kind": "APIVersions", "versions": ["v1"]},
        "/api/v1": {"kind": "APIResourceList", "groupVersion": "v1", "resources": []},
        "/apis": {"kind": "APIGroupList", "apiVersion": "v1", "groups": []},
    }

    class Server(http.server.BaseHTTPRequestHandler):
        def answer(self):
            requests.append(f"{self.command} {self.path.partition('?')[0]}")
            body = answers.get(self.path.partition("?")[0])
            self.send_response(200 if body else 404)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(body or {"kind": "Status", "code": 404, "reason": "NotFound"}).encode())

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = answer

        def log_message(self, *arguments):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_address[1]}"
    with helm_python.Config(
        kube_apiserver=address, kubeconfig_content="apiVersion: v1\nkind: Config\n", namespace="ganglion-system"
    ) as config:
        try:
            config.install(chart, "ganglion", {}, dry_run="server")
            error = ""
        except helm_python.HelmError as refusal:
            error = str(refusal)
    server.shutdown()
    return {"error": error, "requests": requests}


def main(path, request):
    with open(request, encoding="utf-8") as file:
        request = json.load(file)
    answer = {}
    with helm_python.Chart.load(path) as chart:
        for name, values in request["sets"].items():
            answer[name] = render(chart, yaml.safe_load(values))
            answer[name]["faults"] = faults(answer[name].get("objects", []), request["versions"])
        misspelt = next(item for item in render(chart, {})["objects"] if item["kind"] == "DaemonSet")
        misspelt["spec"]["template"]["spec"]["containers"][0]["imagePullPolcy"] = "Never"
        answer["misspelt"] = {"faults": faults([misspelt], request["versions"])}
        answer["old"] = old(chart)
    for path_of_file in request["files"]:
        with open(path_of_file, encoding="utf-8") as file:
            objects = documents(file.read())
        answer[path_of_file] = {"objects": objects, "faults": faults(objects, request["versions"])}
    messages = helm_python.lint(path, {}, strict=True)["messages"]
    # Severity 1 is information: it asks for an icon.
    answer["lint"] = {"messages": [message["error"] for message in messages if message["severity"] > 1]}
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
