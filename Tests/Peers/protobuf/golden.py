#!/usr/bin/env python3
"""Writes sample.txt: messages as Google's own implementation encodes them, one `name hex` a line.

usage: golden.py    (needs grpcio-tools 1.85.1, protobuf 7.36.2)
"""
import os, sys, tempfile
from grpc_tools import protoc

here = os.path.dirname(os.path.abspath(__file__))
with tempfile.TemporaryDirectory() as out:
    if protoc.main(["protoc", "-I" + here, "--python_out=" + out, os.path.join(here, "sample.proto")]):
        sys.exit("protoc failed")
    sys.path.insert(0, out)
    from sample_pb2 import Inner, Sample

samples = {
    "empty": Sample(),
    "text": Sample(text="Nervenzelle: ganglion ⚡"),
    "maybe-empty": Sample(maybe=""),
    "data": Sample(data=bytes(range(256))),
    "numbers": Sample(
        flag=True, long=-1, short=-2147483648, size=2**64 - 1, signed=-3, wide=2**63 + 1, narrow=0xDEADBEEF,
        real=-0.5),
    "extremes": Sample(long=-(2**63), signed=-(2**63), short=2147483647),
    "nested": Sample(inner=Inner(id=1, inner=Inner(inner=Inner()))),
    "long-nested": Sample(inners=[Inner(id=i) for i in range(60)] + [Inner()], names=["x" * 200, "", "y" * 20000]),
    "packed": Sample(numbers=[0, 1, -1, 300, 2**62], loose=[0, 1, -1]),
    "map": Sample(labels={"b": "2", "a": "", "ä": "3"}),
    "map-empty-key": Sample(labels={"": "empty key"}),
    "far": Sample(far="away"),
}
with open(os.path.join(here, "sample.txt"), "w") as file:
    file.write("# made by golden.py: do not edit\n")
    for name, message in samples.items():
        file.write(f"{name} {message.SerializeToString(deterministic=True).hex()}\n")
