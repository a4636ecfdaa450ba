"""A gRPC server and a gRPC client of another implementation (grpcio, pinned in Tests/requirements.txt).

server SOCKET   serves test.Service until its standard input ends
client SOCKET   calls test.Service and prints a line for each call

Messages are test notes: field 1 a string, field 2 an int64, written by hand so that no generated code is needed.
"""

import sys
import threading
from concurrent import futures

import grpc

from varint import read_varint, varint


def encode(text, number=0):
    data = text.encode()
    out = b""
    if data:
        out += b"\x0a" + varint(len(data)) + data
    if number:
        out += b"\x10" + varint(number)
    return out


def decode(data):
    text, number, at = "", 0, 0
    while at < len(data):
        tag, at = read_varint(data, at)
        value, at = read_varint(data, at)
        if tag == 0x0A:
            text = data[at : at + value].decode()
            at += value
        else:
            number = value
    return text, number


class Service(grpc.GenericRpcHandler):
    def service(self, details):
        method = details.method.removeprefix("/test.Service/")
        unary = grpc.unary_unary_rpc_method_handler
        match method:
            case "Echo":
                return unary(lambda request, context: request)
            case "Fail":
                return unary(self.fail)
            case "Large":
                return unary(lambda request, context: encode("x" * decode(request)[1]))
            case "Context":
                return unary(self.context)
            case "Hang":
                return unary(self.hang)
            case "Count":
                return grpc.unary_stream_rpc_method_handler(self.count)
        return None

    def fail(self, request, context):
        text, number = decode(request)
        code = next(code for code in grpc.StatusCode if code.value[0] == number)
        context.abort(code, text)

    def context(self, request, context):
        metadata = dict(context.invocation_metadata())
        remaining = context.time_remaining()
        deadline = "deadline" if remaining is not None and remaining < 100 else "no deadline"
        trace = list(metadata.get("trace-bin", b""))
        return encode(f"{deadline} {metadata.get('x-name')} {trace}")

    def hang(self, request, context):
        ended = threading.Event()
        context.add_callback(ended.set)
        ended.wait()
        return request

    def count(self, request, context):
        text, number = decode(request)
        for index in range(number):
            yield encode(text, index)
        if text == "fail":
            context.abort(grpc.StatusCode.DATA_LOSS, f"after {number}")


def serve(socket):
    server = grpc.server(futures.ThreadPoolExecutor(4), handlers=[Service()])
    server.add_insecure_port("unix:" + socket)
    server.start()
    print("ready", flush=True)
    sys.stdin.read()
    server.stop(0)


def call(socket):
    channel = grpc.insecure_channel("unix:" + socket)
    service = "/test.Service/"

    def status(body):
        try:
            return body()
        except grpc.RpcError as error:
            return f"{error.code().name} {error.details()!r}"

    def unary(method, request, **options):
        return channel.unary_unary(service + method)(request, **options)

    def stream(method, request):
        notes = []
        try:
            for note in channel.unary_stream(service + method)(request):
                notes.append(decode(note)[1])
        except grpc.RpcError as error:
            return f"{sum(notes)} {error.code().name} {error.details()!r}"
        return f"{sum(notes)} {len(notes)}"

    print("echo", decode(unary("Echo", encode("hello", 7))))
    print("empty", decode(unary("Echo", b"")))
    large = encode("y" * 3_000_000)
    print("large", unary("Echo", large) == large)
    print("answer", len(decode(unary("Large", encode("", 4_000_000)))[0]))
    print("many", sum(decode(unary("Echo", encode("z" * 1000, n)))[1] for n in range(1000)))
    print("fail", status(lambda: unary("Fail", encode("Grüße: 100%\n\U0001f9e0", 9))))
    print("throw", status(lambda: unary("Throw", b"")))
    print("method", status(lambda: unary("Nothing", b"")))
    print("service", status(lambda: channel.unary_unary("/other.Service/Echo")(b"")))
    print("deadline", status(lambda: unary("Hang", b"", timeout=0.05)).split()[0])
    metadata = (("x-name", "value"), ("trace-bin", bytes([0, 255, 128])))
    print("context", decode(unary("Context", b"", metadata=metadata, timeout=60))[0])
    gzip = status(lambda: str(len(unary("Echo", large, compression=grpc.Compression.Gzip))))
    print("gzip", gzip.split()[0])
    print("count", stream("Count", encode("n", 500)))
    print("bad end", stream("Count", encode("fail", 3)))
    call = channel.unary_stream(service + "Watch")(b"")
    print("watch", decode(next(call))[0])
    call.cancel()
    print("after", decode(unary("Echo", encode("still here")))[0], flush=True)
    channel.close()


{"server": serve, "client": call}[sys.argv[1]](sys.argv[2])
