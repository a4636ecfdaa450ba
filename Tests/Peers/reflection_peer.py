"""Asks a server what it serves with other implementations' tools (grpcio-reflection and grpcio-health-checking, pinned
in Tests/requirements.txt), and prints a line for each answer.

SOCKET   where the server listens
"""

import sys

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

channel = grpc.insecure_channel("unix:" + sys.argv[1])
database = ProtoReflectionDescriptorDatabase(channel)
pool = descriptor_pool.DescriptorPool(database)


def missing(body):
    try:
        body()
    except KeyError as error:
        return f"missing {error}"
    return "found"


def bare(file):
    """A file without what says nothing about its messages: its place and the options for other languages."""
    proto = descriptor_pb2.FileDescriptorProto()
    proto.CopyFrom(file)
    proto.ClearField("name")
    proto.ClearField("options")
    return proto


def own(module):
    proto = descriptor_pb2.FileDescriptorProto()
    module.DESCRIPTOR.CopyToProto(proto)
    return bare(proto)


services = database.get_services()
print(*services)
for name in services:
    service = pool.FindServiceByName(name)
    for method in service.methods:
        streams = "".join("s" if flag else "u" for flag in (method.client_streaming, method.server_streaming))
        print(service.full_name, method.name, streams, method.input_type.name, method.output_type.name)

print("health", bare(database.FindFileContainingSymbol("grpc.health.v1.Health")) == own(health_pb2))
alpha = bare(database.FindFileContainingSymbol("grpc.reflection.v1alpha.ServerReflection"))
print("reflection", alpha == own(reflection_pb2))
first = bare(database.FindFileContainingSymbol("grpc.reflection.v1.ServerReflection"))
print("v1", str(first) == str(alpha).replace("v1alpha", "v1"), first.package)
print(pool.FindFileByName("grpc/testing/test.proto").dependencies[1].name)
print(missing(lambda: database.FindFileByName("nothing.proto")))
print(missing(lambda: database.FindFileContainingSymbol("grpc.testing.Nothing")))
print("extensions", list(database.FindAllExtensionNumbers("grpc.testing.SimpleRequest")))
print(missing(lambda: database.FindAllExtensionNumbers("grpc.testing.Nothing")))

# v1 is asked with the messages of v1alpha, which are the same octets, in one stream.
ask = channel.stream_stream(
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    reflection_pb2.ServerReflectionRequest.SerializeToString,
    reflection_pb2.ServerReflectionResponse.FromString,
)
requests = [
    reflection_pb2.ServerReflectionRequest(host="here", list_services=""),
    reflection_pb2.ServerReflectionRequest(file_containing_symbol="grpc.testing.TestService.UnaryCall"),
    reflection_pb2.ServerReflectionRequest(file_by_filename="grpc/testing/empty.proto"),
    reflection_pb2.ServerReflectionRequest(
        file_containing_extension=reflection_pb2.ExtensionRequest(
            containing_type="grpc.testing.SimpleRequest", extension_number=100
        )
    ),
]
for request, response in zip(requests, ask(iter(requests))):
    assert response.original_request == request and response.valid_host == request.host
    print(
        response.WhichOneof("message_response"),
        len(response.file_descriptor_response.file_descriptor_proto),
        response.error_response.error_message,
    )
try:
    list(ask(iter([reflection_pb2.ServerReflectionRequest()])))
except grpc.RpcError as error:
    print(error.code().name, error.details())


# A call with nothing but what reflection says.
def message(name):
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("grpc.testing." + name))


request = message("SimpleRequest")(response_size=42)
call = channel.unary_unary("/grpc.testing.TestService/UnaryCall")
print("payload", len(message("SimpleResponse").FromString(call(request.SerializeToString())).payload.body))

health = health_pb2_grpc.HealthStub(channel)
print("check", health.Check(health_pb2.HealthCheckRequest()).status)
listed = health.List(health_pb2.HealthListRequest()).statuses
print("list", *sorted(f"{name}={status.status}" for name, status in listed.items()))
watch = health.Watch(health_pb2.HealthCheckRequest(service="nobody"))
print("watch", next(watch).status)
watch.cancel()
