"""The same gRPC service on grpcio, the implementation in C that most Python programs use.

usage: grpcio_server.py ADDRESS     (unix:PATH or HOST:PORT)
"""

import sys
from concurrent import futures

import grpc


def empty_call(_request, _context):
    return b""


server = grpc.server(futures.ThreadPoolExecutor(max_workers=2))
handlers = {"EmptyCall": grpc.unary_unary_rpc_method_handler(empty_call)}
server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("grpc.testing.TestService", handlers),))
server.add_insecure_port(sys.argv[1])
server.start()
server.wait_for_termination()
