"""A proxy by Python's own HTTP server: whole URLs are forwarded and CONNECT is tunnelled, all to one server, whatever name is asked
for, so that a client that looks names up itself gets nowhere.

    http_proxy.py HOST:PORT [USER:PASSWORD]

Prints its port, then for each request a line of JSON: method, target, Host, Authorization. `refused.invalid` is refused with 403,
`busy.invalid` once with 503, and who does not give user and password where they are asked for with 407. Ends with its standard
input.
"""

import base64
import http.client
import http.server
import json
import select
import socket
import sys
import threading
import urllib.parse

host, port = sys.argv[1].rsplit(":", 1)
wanted = "Basic " + base64.b64encode(sys.argv[2].encode()).decode() if len(sys.argv) > 2 else None
busy = ["busy.invalid"]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def refuse(self):
        """Notes the request; whether it was refused."""
        print(json.dumps([self.command, self.path, self.headers["host"], self.headers["authorization"]]), flush=True)
        asked = urllib.parse.urlsplit(self.path if "://" in self.path else "//" + self.path).hostname
        if self.headers["proxy-authorization"] != wanted:
            status = 407
        elif asked == "refused.invalid":
            status = 403
        elif asked in busy:
            busy.remove(asked)
            status = 503
        else:
            return False
        self.close_connection = True
        self.send_response(status)
        self.send_header("content-length", "0")
        self.end_headers()
        return True

    def do_GET(self):
        if self.refuse():
            return
        connection = http.client.HTTPConnection(host, int(port), timeout=30)
        headers = {name: value for name, value in self.headers.items() if not name.lower().startswith("proxy-")}
        connection.request("GET", "/" + self.path.split("://", 1)[1].partition("/")[2], headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("transfer-encoding", "content-length", "connection"):
                self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        connection.close()

    def do_CONNECT(self):
        if self.refuse():
            return
        self.close_connection = True
        with socket.create_connection((host, int(port)), timeout=30) as other:
            self.send_response(200, "Connection established")
            self.end_headers()
            ends = {self.connection: other, other: self.connection}
            while True:
                for one in select.select(list(ends), [], [])[0]:
                    octets = one.recv(65536)
                    if not octets:
                        return
                    ends[one].sendall(octets)


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
threading.Thread(target=server.serve_forever, daemon=True).start()
print(server.server_address[1], flush=True)
sys.stdin.read()
