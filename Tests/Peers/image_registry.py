"""The registry of the distribution project (Debian's docker-registry) with images in it, and a server of tokens before it.

usage: image_registry.py FOLDER    serves until standard input ends; prints a JSON object with the addresses and digests
"""

import base64
import datetime
import gzip
import hashlib
import http.server
import io
import json
import random
import socket
import subprocess
import sys
import tarfile
import threading
import time
import urllib.parse
import urllib.request

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

USER = "puller:s3cret"


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def start(folder, port, auth=None):
    config = {"version": "0.1", "log": {"level": "error"},
              "storage": {"filesystem": {"rootdirectory": folder + "/storage"}},
              "http": {"addr": f"127.0.0.1:{port}"}}
    if auth:
        config["auth"] = auth
    path = f"{folder}/{port}.yml"
    with open(path, "w") as file:
        json.dump(config, file)
    process = subprocess.Popen(["docker-registry", "serve", path], stdout=subprocess.DEVNULL, stderr=sys.stderr)
    for _ in range(600):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return process
        except OSError:
            time.sleep(0.05)
    raise SystemExit("the registry does not start")


def ask(method, url, data=None, headers={}):
    request = urllib.request.Request(url, data=data, method=method, headers=headers)
    return urllib.request.urlopen(request)


def push(base, repository, octets):
    digest = "sha256:" + hashlib.sha256(octets).hexdigest()
    place = ask("POST", f"{base}/v2/{repository}/blobs/uploads/", b"").headers["Location"]
    place = urllib.parse.urljoin(base, place)
    ask("PUT", place + ("&" if "?" in place else "?") + "digest=" + urllib.parse.quote(digest), octets,
        {"content-type": "application/octet-stream"})
    return digest


def layer(*files):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, content in files:
            entry = tarfile.TarInfo(name)
            if content is None:
                entry.type = tarfile.DIRTYPE
            elif isinstance(content, str):
                entry.type, entry.linkname = tarfile.SYMTYPE, content
            else:
                entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content) if isinstance(content, bytes) else None)
    return out.getvalue()


def image(base, repository, tag, layers, media="application/vnd.oci.image.layer.v1.tar+gzip"):
    config = push(base, repository, b"{}")
    entries = []
    for octets in layers:
        if media.endswith("gzip"):
            octets = gzip.compress(octets, mtime=0)
        entries.append({"mediaType": media, "digest": push(base, repository, octets), "size": len(octets)})
    manifest = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
                "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": config, "size": 2},
                "layers": entries}
    return put(base, repository, tag, manifest)


def put(base, repository, tag, manifest):
    octets = json.dumps(manifest).encode()
    ask("PUT", f"{base}/v2/{repository}/manifests/{tag}", octets, {"content-type": manifest["mediaType"]})
    return {"mediaType": manifest["mediaType"], "digest": "sha256:" + hashlib.sha256(octets).hexdigest(),
            "size": len(octets)}


def fill(base):
    weights = random.Random("weights").randbytes(400_000)
    lower = layer(("models", None), ("models/config.json", b"{}"), ("models/old.bin", b"old"),
                  ("models/sub", None), ("models/sub/gone", b"x"), ("etc/other", b"not the model"))
    upper = layer(("models/.wh.old.bin", b""), ("models/sub/.wh..wh..opq", b""), ("models/sub/new", b"new"),
                  ("models/weights.bin", weights), ("models/link", "weights.bin"), ("models/abs", "/models/config.json"))
    made = image(base, "team/minilm", "v1", [lower, upper])
    image(base, "team/plain", "v1", [lower, upper], media="application/vnd.oci.image.layer.v1.tar")
    image(base, "team/zstd", "v1", [b"none"], media="application/vnd.oci.image.layer.v1.tar+zstd")
    index = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": []}
    for architecture in ["amd64", "arm64"]:
        entry = image(base, "team/many", architecture, [layer(("models/which", architecture.encode()))])
        index["manifests"].append({**entry, "platform": {"os": "linux", "architecture": architecture}})
    put(base, "team/many", "latest", index)
    image(base, "team/evil", "v1", [layer(("link", "/"), ("link/etc/passwd", b"x"))])
    return made["digest"]


def make_certificate(folder):
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tokens")])
    now = datetime.datetime.now(datetime.timezone.utc)
    certificate = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
                   .serial_number(1).not_valid_before(now - datetime.timedelta(days=1))
                   .not_valid_after(now + datetime.timedelta(days=1)).sign(key, hashes.SHA256()))
    with open(folder + "/tokens.pem", "wb") as file:
        file.write(certificate.public_bytes(serialization.Encoding.PEM))
    return key, base64.b64encode(certificate.public_bytes(serialization.Encoding.DER)).decode()


def bare(octets):
    return base64.urlsafe_b64encode(octets).rstrip(b"=")


def tokens(key, certificate, asked):
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            query = urllib.parse.parse_qs(urllib.parse.urlparse(self.path).query)
            authorization = self.headers.get("authorization", "")
            if authorization != "Basic " + base64.b64encode(USER.encode()).decode():
                self.send_response(401)
                self.end_headers()
                return
            asked.append(self.path)
            access = []
            for scope in query.get("scope", []):
                kind, name, actions = scope.rsplit(":", 2)[0].split(":", 1)[0], scope.split(":")[1], scope.split(":")[-1]
                access.append({"type": kind, "name": name, "actions": actions.split(",")})
            now = int(time.time())
            head = {"typ": "JWT", "alg": "RS256", "x5c": [certificate]}
            claims = {"iss": "tests", "sub": "puller", "aud": query["service"][0], "exp": now + 300, "nbf": now - 10,
                      "iat": now, "jti": str(random.random()), "access": access}
            text = bare(json.dumps(head).encode()) + b"." + bare(json.dumps(claims).encode())
            token = text + b"." + bare(key.sign(text, padding.PKCS1v15(), hashes.SHA256()))
            body = json.dumps({"token": token.decode()}).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]


def main(folder):
    plain, guarded = free_port(), free_port()
    first = start(folder, plain)
    try:
        digest = fill(f"http://127.0.0.1:{plain}")
        key, certificate = make_certificate(folder)
        asked = []
        port = tokens(key, certificate, asked)
        second = start(folder, guarded, {"token": {
            "realm": f"http://127.0.0.1:{port}/token", "service": "registry", "issuer": "tests",
            "rootcertbundle": folder + "/tokens.pem"}})
        try:
            print(json.dumps({"plain": f"127.0.0.1:{plain}", "guarded": f"127.0.0.1:{guarded}", "digest": digest}),
                  flush=True)
            sys.stdin.read()
        finally:
            second.kill()
    finally:
        first.kill()


if __name__ == "__main__":
    main(sys.argv[1])
