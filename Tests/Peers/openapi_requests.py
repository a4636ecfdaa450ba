"""Asks a model server all that its OpenAPI document allows and some that it does not (schemathesis): no answer may be an error of
the server, a status or a body that the document does not have, or a refusal of what it allows.

    openapi_requests.py PROGRAM DEVICES [MODEL] [FLAGS OF schemathesis ...]

PROGRAM is the built ganglion-model-server, DEVICES a directory of fake devices, MODEL an encoder's directory that is served
beside models which compute nothing.
"""

import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent


def address(server):
    """Where the server listens, as its log says."""
    for line in server.stderr:
        if " listening " in line and "protocol=grpc" not in line:
            return next(word.split("=", 1)[1] for word in line.split() if word.startswith("address="))
    sys.exit("the server does not listen")


def ask(url, model, flags):
    """Runs schemathesis with paths that name this model, or any; the status that it ends with."""
    with tempfile.TemporaryDirectory() as directory:
        configuration = pathlib.Path(directory) / "schemathesis.toml"
        text = (HERE / "schemathesis.toml").read_text()
        if model:
            text += f'\n[parameters]\n"path.model" = "{model}"\n"path.version" = "1"\n'
        configuration.write_text(text)
        print(f"paths with {model or 'any model'}", flush=True)
        command = [
            os.path.join(os.path.dirname(sys.executable), "schemathesis"), "--config-file", str(configuration), "run",
            f"{url}/openapi.json", "--no-color", "--generation-deterministic",
            *(flags or ["--max-examples=50"])]
        return subprocess.run(command, check=False, cwd=directory).returncode


def main(program, devices, *rest):
    flags = [word for word in rest if word.startswith("-")]
    models = [f"tiny={word}" for word in rest if not word.startswith("-")]
    arguments = [program, "--listen", "127.0.0.1:0", "--device-root", devices]
    for model in ["texts=identity:BYTES", "numbers=identity:FP32", *models]:
        arguments += ["--model", model]
    server = subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True)
    try:
        url = f"http://{address(server)}"
        # Nobody reads the log any more, and it must not fill its pipe.
        subprocess.Popen(["cat"], stdin=server.stderr, stdout=subprocess.DEVNULL)
        for _ in range(1200):
            try:
                urllib.request.urlopen(f"{url}/ping", timeout=60).close()
                break
            except OSError:
                time.sleep(0.1)
        results = [ask(url, name, flags) for name in (None, "texts", *(["tiny"] if models else []))]
        return max(results) or (0 if server.poll() is None else 1)
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
