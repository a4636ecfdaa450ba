"""The server of gRPC's negative HTTP/2 cases, on an independent implementation of HTTP/2 (h2, pinned in
Tests/requirements.txt).

CASE SOCKET   serves grpc.testing.TestService/UnaryCall as CASE wants until its standard input ends; prints "ready", and
              at the end what it saw: connections, PINGs without answer, and the most calls at a time.
"""

import os
import socket
import struct
import sys
import threading

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import DataReceived, PingAckReceived, RequestReceived, StreamEnded, StreamReset
from h2.exceptions import ProtocolError
from h2.settings import SettingCodes
from hyperframe.frame import GoAwayFrame

from varint import read_varint, varint

CASE, PATH = sys.argv[1:]
seen = {"connections": 0, "pings": 0, "streams": 0}


def response(request):
    """A SimpleResponse of as many zeros as field 2 of the SimpleRequest says, framed."""
    tag, at = read_varint(request, 5)
    assert tag == 2 << 3, tag
    size, _ = read_varint(request, at)
    body = b"\x12" + varint(size) + bytes(size)
    message = b"\x0a" + varint(len(body)) + body
    return b"\x00" + struct.pack(">I", len(message)) + message


class Connection:
    def __init__(self, peer):
        self.peer = peer
        self.h2 = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
        self.bodies = {}
        # Octets that wait for room, by stream, and what comes after them.
        self.waiting = {}

    def run(self):
        self.h2.initiate_connection()
        if CASE == "max_streams":
            self.h2.update_settings({SettingCodes.MAX_CONCURRENT_STREAMS: 1})
        self.flush()
        while data := self.peer.recv(65536):
            for event in self.h2.receive_data(data):
                self.handle(event)
            self.pump()
            self.flush()

    def flush(self):
        self.peer.sendall(self.h2.data_to_send())

    def handle(self, event):
        if isinstance(event, RequestReceived):
            self.bodies[event.stream_id] = b""
            seen["streams"] = max(seen["streams"], len(self.bodies))
        elif isinstance(event, DataReceived):
            self.bodies[event.stream_id] += event.data
            self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, PingAckReceived):
            seen["pings"] -= 1
        elif isinstance(event, StreamReset):
            self.bodies.pop(event.stream_id, None)
            self.waiting.pop(event.stream_id, None)
        elif isinstance(event, StreamEnded):
            self.answer(event.stream_id, response(self.bodies[event.stream_id]))

    def ping(self):
        if CASE == "ping":
            seen["pings"] += 1
            self.h2.ping(bytes(8))

    def answer(self, stream, data):
        if CASE == "goaway":
            # By hand: h2 sends nothing after its own GOAWAY, but this call is to be answered.
            self.flush()
            self.peer.sendall(GoAwayFrame(0, last_stream_id=stream).serialize())
        self.ping()
        self.h2.send_headers(stream, [(":status", "200"), ("content-type", "application/grpc")])
        self.ping()
        if CASE == "rst_after_header":
            self.reset(stream)
            return
        if CASE == "rst_during_data":
            data = data[: len(data) // 2]
        self.waiting[stream] = data
        self.ping()

    def pump(self):
        padding = 255 if CASE == "data_frame_padding" else None
        size = 5 if CASE in ("data_frame_padding", "no_df_padding_sanity_test") else 16384
        for stream in list(self.waiting):
            while data := self.waiting[stream]:
                room = self.h2.local_flow_control_window(stream) - (0 if padding is None else padding + 1)
                size_now = min(size, len(data), room)
                if size_now <= 0:
                    break
                self.h2.send_data(stream, data[:size_now], pad_length=padding)
                self.waiting[stream] = data[size_now:]
            if not self.waiting[stream]:
                del self.waiting[stream]
                self.end(stream)

    def end(self, stream):
        self.ping()
        if CASE.startswith("rst_"):
            self.reset(stream)
            return
        self.h2.send_headers(stream, [("grpc-status", "0")], end_stream=True)
        self.bodies.pop(stream)

    def reset(self, stream):
        self.h2.reset_stream(stream, ErrorCodes.NO_ERROR)
        self.bodies.pop(stream)


def serve(peer):
    seen["connections"] += 1
    try:
        Connection(peer).run()
    except ProtocolError as error:
        print("fault", repr(error), flush=True)
    except OSError:
        pass  # The client has what it wanted and is gone.
    peer.close()


def accept(listener):
    while True:
        peer, _ = listener.accept()
        thread = threading.Thread(target=serve, args=(peer,), daemon=True)
        serving.append(thread)
        thread.start()


serving = []
listener = socket.socket(socket.AF_UNIX)
listener.bind(PATH)
listener.listen()
threading.Thread(target=accept, args=(listener,), daemon=True).start()
print("ready", flush=True)
sys.stdin.read()
os.unlink(PATH)
# The client has closed its connections; what it said last may be on its way still.
for thread in serving:
    thread.join(timeout=300)
print("connections {connections} pings {pings} streams {streams}".format(**seen), flush=True)
