"""grpc.testing.TestService of another implementation (grpcio and protobuf, pinned in Tests/requirements.txt).

server SOCKET [CHAIN KEY]    serves it until its standard input ends
client SOCKET [AUTHORITY]    runs the interop cases against it and prints a line for each

With files of PEM there is TLS in between.

The messages are described here and not generated, with the numbers of grpc/testing/messages.proto.
"""

import gzip
import sys
import threading
from concurrent import futures

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

F = descriptor_pb2.FieldDescriptorProto
MESSAGES = {
    "Empty": [],
    "Payload": [("type", 1, F.TYPE_INT32), ("body", 2, F.TYPE_BYTES)],
    "EchoStatus": [("code", 1, F.TYPE_INT32), ("message", 2, F.TYPE_STRING)],
    "BoolValue": [("value", 1, F.TYPE_BOOL)],
    "SimpleRequest": [
        ("response_size", 2, F.TYPE_INT32),
        ("payload", 3, "Payload"),
        ("response_compressed", 6, "BoolValue"),
        ("response_status", 7, "EchoStatus"),
        ("expect_compressed", 8, "BoolValue"),
    ],
    "SimpleResponse": [("payload", 1, "Payload")],
    "StreamingInputCallRequest": [("payload", 1, "Payload"), ("expect_compressed", 2, "BoolValue")],
    "StreamingInputCallResponse": [("aggregated_payload_size", 1, F.TYPE_INT32)],
    "ResponseParameters": [("size", 1, F.TYPE_INT32), ("interval_us", 2, F.TYPE_INT32), ("compressed", 3, "BoolValue")],
    "StreamingOutputCallRequest": [
        ("response_parameters", 2, "[ResponseParameters"),
        ("payload", 3, "Payload"),
        ("response_status", 7, "EchoStatus"),
    ],
    "StreamingOutputCallResponse": [("payload", 1, "Payload")],
}


def messages():
    file = descriptor_pb2.FileDescriptorProto(name="messages.proto", package="grpc.testing", syntax="proto3")
    for name, fields in MESSAGES.items():
        message = file.message_type.add(name=name)
        for field, number, kind in fields:
            repeated = isinstance(kind, str) and kind.startswith("[")
            label = F.LABEL_REPEATED if repeated else F.LABEL_OPTIONAL
            if isinstance(kind, str):
                kind = kind.removeprefix("[")
                message.field.add(
                    name=field, number=number, label=label, type=F.TYPE_MESSAGE, type_name=".grpc.testing." + kind
                )
            else:
                message.field.add(name=field, number=number, label=label, type=kind)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return {
        name: message_factory.GetMessageClass(pool.FindMessageTypeByName("grpc.testing." + name)) for name in MESSAGES
    }


M = messages()
Empty, Payload, EchoStatus = M["Empty"], M["Payload"], M["EchoStatus"]
SimpleRequest, SimpleResponse = M["SimpleRequest"], M["SimpleResponse"]
InputRequest, InputResponse = M["StreamingInputCallRequest"], M["StreamingInputCallResponse"]
OutputRequest, OutputResponse = M["StreamingOutputCallRequest"], M["StreamingOutputCallResponse"]
Parameters = M["ResponseParameters"]

# Kind, request and response of each method.
METHODS = {
    "EmptyCall": ("unary_unary", Empty, Empty),
    "UnaryCall": ("unary_unary", SimpleRequest, SimpleResponse),
    "CacheableUnaryCall": ("unary_unary", SimpleRequest, SimpleResponse),
    "StreamingInputCall": ("stream_unary", InputRequest, InputResponse),
    "StreamingOutputCall": ("unary_stream", OutputRequest, OutputResponse),
    "FullDuplexCall": ("stream_stream", OutputRequest, OutputResponse),
}
INITIAL, TRAILING = "x-grpc-test-echo-initial", "x-grpc-test-echo-trailing-bin"
SERVICE = "/grpc.testing.TestService/"


# grpcio hides whether a message was compressed. With this it hands compressed messages out as they came, and they are
# unpacked here: no message of protobuf begins as gzip does.
OPTIONS = (("grpc.per_message_decompression", 0),)


class Received:
    def __init__(self, kind, octets):
        self.was_compressed = octets.startswith(b"\x1f\x8b")
        self.message = kind.FromString(gzip.decompress(octets) if self.was_compressed else octets)

    def __getattr__(self, name):
        return getattr(self.message, name)


def reader(kind):
    return lambda octets: Received(kind, octets)


def zeros(size):
    return Payload(body=bytes(size))


class Service(grpc.GenericRpcHandler):
    def service(self, details):
        method = details.method.removeprefix(SERVICE)
        if method not in METHODS:
            return None
        kind, request, response = METHODS[method]
        handler = getattr(grpc, kind + "_rpc_method_handler")
        return handler(getattr(self, method), reader(request), response.SerializeToString)

    def echo(self, context):
        metadata = dict(context.invocation_metadata())
        if INITIAL in metadata:
            context.send_initial_metadata(((INITIAL, metadata[INITIAL]),))
        if TRAILING in metadata:
            context.set_trailing_metadata(((TRAILING, metadata[TRAILING]),))

    def status(self, request, context):
        if request.response_status.code:
            code = next(code for code in grpc.StatusCode if code.value[0] == request.response_status.code)
            context.abort(code, request.response_status.message)

    def EmptyCall(self, request, context):
        self.echo(context)
        return Empty()

    def expect(self, request, context):
        if request.HasField("expect_compressed") and request.expect_compressed.value != request.was_compressed:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "the request's compression is not as it says")

    def compress(self, choice, context):
        if choice.value:
            context.set_compression(grpc.Compression.Gzip)
        else:
            context.disable_next_message_compression()

    def UnaryCall(self, request, context):
        if request.HasField("response_compressed"):
            self.compress(request.response_compressed, context)
        self.expect(request, context)
        self.echo(context)
        self.status(request, context)
        return SimpleResponse(payload=zeros(request.response_size))

    CacheableUnaryCall = UnaryCall

    def StreamingInputCall(self, requests, context):
        self.echo(context)
        size = 0
        for request in requests:
            self.expect(request, context)
            size += len(request.payload.body)
        return InputResponse(aggregated_payload_size=size)

    def StreamingOutputCall(self, request, context):
        self.echo(context)
        self.status(request, context)
        for parameters in request.response_parameters:
            if parameters.HasField("compressed"):
                self.compress(parameters.compressed, context)
            yield OutputResponse(payload=zeros(parameters.size))

    def FullDuplexCall(self, requests, context):
        self.echo(context)
        for request in requests:
            self.status(request, context)
            for parameters in request.response_parameters:
                yield OutputResponse(payload=zeros(parameters.size))


def serve(socket, *pem):
    server = grpc.server(futures.ThreadPoolExecutor(8), handlers=[Service()], options=OPTIONS)
    if pem:
        chain, key = pem
        server.add_secure_port("unix:" + socket, grpc.ssl_server_credentials([(key, chain)]))
    else:
        server.add_insecure_port("unix:" + socket)
    server.start()
    print("ready", flush=True)
    sys.stdin.read()
    server.stop(0)


class Client:
    def __init__(self, socket, *authority):
        if authority:
            credentials = grpc.ssl_channel_credentials(authority[0])
            # A Unix socket has no host whose name the certificate could be for.
            options = OPTIONS + (("grpc.ssl_target_name_override", "localhost"),)
            self.channel = grpc.secure_channel("unix:" + socket, credentials, options=options)
        else:
            self.channel = grpc.insecure_channel("unix:" + socket, options=OPTIONS)

    def call(self, method):
        kind, request, response = METHODS[method]
        return getattr(self.channel, kind)(SERVICE + method, request.SerializeToString, reader(response))

    def ends(self, code, body, message=None):
        try:
            body()
        except grpc.RpcError as error:
            assert error.code() == code, error
            assert message is None or error.details() == message, error
            return
        raise AssertionError("the call ended well")

    def empty_unary(self):
        assert self.call("EmptyCall")(Empty()) .message == Empty()

    def cacheable_unary(self):
        for _ in range(2):
            self.call("CacheableUnaryCall")(SimpleRequest(response_size=10), metadata=(("x-user-ip", "1.2.3.4"),))

    def large_unary(self):
        response = self.call("UnaryCall")(SimpleRequest(response_size=314159, payload=zeros(271828)))
        assert response.payload.body == bytes(314159)

    def client_streaming(self):
        requests = (InputRequest(payload=zeros(size)) for size in (27182, 8, 1828, 45904))
        assert self.call("StreamingInputCall")(requests).aggregated_payload_size == 74922

    def server_streaming(self):
        sizes = [31415, 9, 2653, 58979]
        request = OutputRequest(response_parameters=[Parameters(size=size) for size in sizes])
        assert [len(answer.payload.body) for answer in self.call("StreamingOutputCall")(request)] == sizes

    def client_compressed_unary(self):
        def call(expected, **options):
            request = SimpleRequest(response_size=314159, payload=zeros(271828))
            request.expect_compressed.value = expected
            assert len(self.call("UnaryCall")(request, **options).payload.body) == 314159

        self.ends(grpc.StatusCode.INVALID_ARGUMENT, lambda: call(True))
        call(True, compression=grpc.Compression.Gzip)
        call(False)

    def server_compressed_unary(self):
        for choice in (True, False):
            request = SimpleRequest(response_size=314159, payload=zeros(271828))
            request.response_compressed.value = choice
            response = self.call("UnaryCall")(request)
            assert len(response.payload.body) == 314159
            assert response.was_compressed == choice

    def client_compressed_streaming(self):
        # grpcio compresses all messages of a call or none, so the two of the case are in calls of their own.
        def call(expected, size, **options):
            request = InputRequest(payload=zeros(size))
            request.expect_compressed.value = expected
            response = self.call("StreamingInputCall")(iter([request]), **options)
            assert response.aggregated_payload_size == size

        self.ends(grpc.StatusCode.INVALID_ARGUMENT, lambda: call(True, 27182))
        call(True, 27182, compression=grpc.Compression.Gzip)
        call(False, 45904)

    def server_compressed_streaming(self):
        request = OutputRequest()
        for size, choice in ((31415, True), (92653, False)):
            parameters = request.response_parameters.add(size=size)
            parameters.compressed.value = choice
        responses = self.call("StreamingOutputCall")(request)
        got = [(len(response.payload.body), response.was_compressed) for response in responses]
        assert got == [(31415, True), (92653, False)], got

    def ping_pong(self):
        turn = threading.Semaphore(0)
        sizes = [(27182, 31415), (8, 9), (1828, 2653), (45904, 58979)]

        def requests():
            for size, answer in sizes:
                yield OutputRequest(response_parameters=[Parameters(size=answer)], payload=zeros(size))
                turn.acquire()

        got = []
        for response in self.call("FullDuplexCall")(requests()):
            got.append(len(response.payload.body))
            turn.release()
        assert got == [answer for _, answer in sizes], got

    def empty_stream(self):
        assert list(self.call("FullDuplexCall")(iter(()))) == []

    def custom_metadata(self):
        metadata = ((INITIAL, "test_initial_metadata_value"), (TRAILING, b"\xab\xab\xab"))
        request = SimpleRequest(response_size=314159, payload=zeros(271828))
        _, call = self.call("UnaryCall").with_call(request, metadata=metadata)
        self.has_metadata(call, metadata)
        request = OutputRequest(response_parameters=[Parameters(size=314159)], payload=zeros(271828))
        call = self.call("FullDuplexCall")(iter([request]), metadata=metadata)
        assert [len(response.payload.body) for response in call] == [314159]
        self.has_metadata(call, metadata)

    def has_metadata(self, call, metadata):
        assert metadata[0] in [tuple(pair) for pair in call.initial_metadata()]
        assert metadata[1] in [tuple(pair) for pair in call.trailing_metadata()]

    def echo_status(self, message, method="UnaryCall"):
        status = EchoStatus(code=2, message=message)
        if method == "UnaryCall":
            request = SimpleRequest(response_status=status)
            self.ends(grpc.StatusCode.UNKNOWN, lambda: self.call(method)(request), message)
        else:
            request = OutputRequest(response_status=status)
            self.ends(grpc.StatusCode.UNKNOWN, lambda: list(self.call(method)(iter([request]))), message)

    def status_code_and_message(self):
        self.echo_status("test status message")
        self.echo_status("test status message", "FullDuplexCall")

    def special_status_message(self):
        self.echo_status("\t\ntest with whitespace\r\nand Unicode BMP \u263a and non-BMP \U0001f608\t\n")

    def unimplemented_method(self):
        self.unimplemented(SERVICE + "UnimplementedCall")

    def unimplemented_service(self):
        self.unimplemented("/grpc.testing.UnimplementedService/UnimplementedCall")

    def unimplemented(self, path):
        self.ends(grpc.StatusCode.UNIMPLEMENTED, lambda: self.channel.unary_unary(path)(b""))

    def cancel_after_begin(self):
        ended = threading.Event()

        def requests():
            ended.wait()
            yield from ()

        call = self.call("StreamingInputCall").future(requests())
        call.cancel()
        ended.set()
        assert call.cancelled() and call.code() == grpc.StatusCode.CANCELLED

    def cancel_after_first_response(self):
        ended = threading.Event()

        def requests():
            yield OutputRequest(response_parameters=[Parameters(size=31415)], payload=zeros(27182))
            ended.wait()

        call = self.call("FullDuplexCall")(requests())
        assert len(next(call).payload.body) == 31415
        call.cancel()
        self.ends(grpc.StatusCode.CANCELLED, lambda: next(call))
        ended.set()

    def timeout_on_sleeping_server(self):
        ended = threading.Event()

        def requests():
            yield OutputRequest(payload=zeros(27182))
            ended.wait()

        call = self.call("FullDuplexCall")(requests(), timeout=0.001)
        self.ends(grpc.StatusCode.DEADLINE_EXCEEDED, lambda: list(call))
        ended.set()


CASES = [name for name in vars(Client) if name.islower() and name not in ("call", "ends") and not name.startswith("__")]
HELPERS = {"has_metadata", "echo_status", "unimplemented"}


def run(socket, *authority):
    client = Client(socket, *authority)
    for name in CASES:
        if name in HELPERS:
            continue
        try:
            getattr(client, name)()
            print("passed", name, flush=True)
        except Exception as error:
            print("failed", name, repr(error)[:300], flush=True)


def read(path):
    with open(path, "rb") as file:
        return file.read()


{"server": serve, "client": run}[sys.argv[1]](sys.argv[2], *map(read, sys.argv[3:]))
