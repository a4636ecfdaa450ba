"""Writes Tests/Fixtures/protobuf: messages as Google's own implementation encodes them, one `name hex` a line.

kubelet.txt has every message of Sources/Kubernetes/KubeletAPI/Proto with all fields set. A field's value follows from its
number: a string is "NUMBER-FIELDNAME", an integer the number times 1001, an enum its last value, a bool is true; a repeated
field has two elements, strings with "a" and "b" at the end; a map has the keys "b" and "a" with the field's string as value.

usage: protobuf_golden.py    (needs grpcio-tools 1.85.1, protobuf 7.36.2)
"""
import importlib
import pathlib
import sys
import tempfile

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message_factory import GetMessageClass
from grpc_tools import protoc

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
FIXTURES = ROOT / "Tests/Fixtures/protobuf"
work = tempfile.TemporaryDirectory()
sys.path.insert(0, work.name)


def modules(folder):
    """The modules that protoc makes of the files of a folder."""
    sources = sorted(folder.glob("*.proto"))
    if protoc.main(["protoc", f"-I{folder}", f"--python_out={work.name}"] + [str(source) for source in sources]):
        sys.exit("protoc failed")
    return [importlib.import_module(source.stem + "_pb2") for source in sources]


def text(field):
    return f"{field.number}-{field.name}"


def value(field):
    if field.type == FieldDescriptor.TYPE_STRING:
        return text(field)
    if field.type == FieldDescriptor.TYPE_ENUM:
        return field.enum_type.values[-1].number
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


def write(name, messages):
    with open(FIXTURES / name, "w") as file:
        file.write("# made by Tests/Peers/protobuf_golden.py: do not edit\n")
        for name, message in messages:
            file.write(f"{name} {message.SerializeToString(deterministic=True).hex()}\n")


write("kubelet.txt", [
    (descriptor.full_name, fill(GetMessageClass(descriptor)()))
    for module in modules(ROOT / "Sources/Kubernetes/KubeletAPI/Proto")
    for descriptor in module.DESCRIPTOR.message_types_by_name.values()])

[sample] = modules(FIXTURES)
Inner, Sample = sample.Inner, sample.Sample
write("sample.txt", {
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
}.items())

[kinds] = modules(ROOT / "Tests/Wire/ProtobufTests/Proto")
Kinds, Part = kinds.Kinds, kinds.Part
write("kinds.txt", {
    "empty": Kinds(),
    "scalars": Kinds(
        flag=True, data=b"\0\1", real=-0.5, short=-1, long=-(2**63), text="t", narrow=2**32 - 1, wide=2**64 - 1),
    "enum": Kinds(level=kinds.HIGH_LEVEL, inner=Kinds.Inner(grade=Kinds.Inner.GOOD)),
    "message": Kinds(part=Part(number=7)),
    "message-empty": Kinds(part=Part()),
    "optional": Kinds(note="n", core_id=-1, size=2**64 - 1),
    "optional-default": Kinds(note="", core_id=0, size=0),
    "oneof-text": Kinds(chosen_text="c"),
    "oneof-text-empty": Kinds(chosen_text=""),
    "oneof-part": Kinds(chosen_part=Part(number=3)),
    "repeated": Kinds(
        pod_uids=["a", ""], blocks=[b"\1\2", b""], parts=[Part(number=1), Part()], shorts=[0, 1, -1, 2**31 - 1],
        longs=[0, -1, 2**62]),
    "maps": Kinds(labels={"b": "", "a": "1"}, parts_by_name={"y": Part(number=2), "x": Part()}),
}.items())
