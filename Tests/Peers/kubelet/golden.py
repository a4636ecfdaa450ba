#!/usr/bin/env python3
"""Writes messages.txt: every message of the .proto files beside it, all fields set, as Google's implementation
encodes it; one `package.Message hex` a line.

A field's value follows from its number: a string is "NUMBER-FIELDNAME", an integer the number times 1001, a bool is
true; a repeated field has two elements, strings with "a" and "b" at the end; a map has the keys "b" and "a" with
the field's string as value.

usage: golden.py    (needs grpcio-tools 1.85.1, protobuf 7.36.2)
"""
import glob, importlib, os, sys, tempfile
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message_factory import GetMessageClass
from grpc_tools import protoc

here = os.path.dirname(os.path.abspath(__file__))
out = tempfile.mkdtemp()
sources = sorted(glob.glob(os.path.join(here, "*.proto")))
if protoc.main(["protoc", "-I" + here, "--python_out=" + out] + sources):
    sys.exit("protoc failed")
sys.path.insert(0, out)


def text(field):
    return f"{field.number}-{field.name}"


def value(field):
    if field.type == FieldDescriptor.TYPE_STRING:
        return text(field)
    return True if field.type == FieldDescriptor.TYPE_BOOL else field.number * 1001


def fill(message):
    for field in message.DESCRIPTOR.fields:
        if field.message_type and field.message_type.GetOptions().map_entry:
            for key in "ba":
                getattr(message, field.name)[key] = text(field)
        elif field.message_type and field.is_repeated:
            for _ in range(2):
                fill(getattr(message, field.name).add())
        elif field.message_type:
            getattr(message, field.name).SetInParent()
            fill(getattr(message, field.name))
        elif field.is_repeated:
            many = [text(field) + "a", text(field) + "b"] if isinstance(value(field), str) else [value(field), -1]
            getattr(message, field.name).extend(many)
        else:
            setattr(message, field.name, value(field))
    return message


with open(os.path.join(here, "messages.txt"), "w") as file:
    file.write("# made by golden.py: do not edit\n")
    for source in sources:
        module = importlib.import_module(os.path.basename(source)[: -len(".proto")] + "_pb2")
        for descriptor in module.DESCRIPTOR.message_types_by_name.values():
            message = fill(GetMessageClass(descriptor)())
            file.write(f"{descriptor.full_name} {message.SerializeToString(deterministic=True).hex()}\n")
