"""Reads .proto files: the part of proto3 that this repository's have, and a sentence with the line for all else.

A comment that stands right before a declaration is its documentation. A line `swift: NAME` in it gives the declaration
another name in Swift than the one that follows from its own.
"""
import dataclasses
import pathlib
import re

SCALARS = {"bool", "bytes", "double", "float", "int32", "int64", "string", "uint32", "uint64"}
TOKEN = re.compile(r'[ \t\r]+|(?P<end>\n)|//(?P<note>[^\n]*)|(?P<word>[A-Za-z_.][\w.]*|-?\d+)|"(?P<text>[^"\\\n]*)"|(?P<mark>[{}<>()=;,])')


class ProtoError(Exception):
    """What is wrong, and where."""


@dataclasses.dataclass
class Declaration:
    name: str
    doc: list
    swift: str = ""


@dataclasses.dataclass
class Field(Declaration):
    number: int = 0
    type: str = ""
    #: "" for a singular field, else "optional", "repeated" or "map" (from strings to `type`).
    label: str = ""
    oneof: Declaration = None
    #: The message or enum that `type` names, with its path; nothing for a scalar.
    target: object = None
    path: str = ""


@dataclasses.dataclass
class Enum(Declaration):
    values: list = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class Message(Declaration):
    fields: list = dataclasses.field(default_factory=list)
    oneofs: list = dataclasses.field(default_factory=list)
    messages: list = dataclasses.field(default_factory=list)
    enums: list = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class Method(Declaration):
    input: str = ""
    output: str = ""
    streams: tuple = (False, False)


@dataclasses.dataclass
class Service(Declaration):
    methods: list = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class File(Declaration):
    """`name` is the path by which others import it, `doc` belongs to its package, `header` is its first comment."""

    header: list = dataclasses.field(default_factory=list)
    package: str = ""
    imports: list = dataclasses.field(default_factory=list)
    messages: list = dataclasses.field(default_factory=list)
    enums: list = dataclasses.field(default_factory=list)
    services: list = dataclasses.field(default_factory=list)


class Parser:
    def __init__(self, text, name):
        self.name, self.tokens, self.index = name, [], 0
        line, at, notes, is_bare = 1, 0, [], True
        self.header = None
        while at < len(text):
            match = TOKEN.match(text, at)
            if not match:
                raise ProtoError(f"{name}:{line}: cannot read {text[at:at + 10].splitlines()[0]!r}")
            at = match.end()
            kind = match.lastgroup
            if kind == "end":
                if is_bare:  # An empty line: what stood before it documents nothing.
                    self.header = self.header or notes
                    notes = []
                line, is_bare = line + 1, True
            elif kind == "note":
                if self.tokens and self.tokens[-1][2] == line:
                    raise ProtoError(f"{name}:{line}: a comment stands before what it is about, not behind it")
                notes = notes + [match["note"].removeprefix(" ")]
                is_bare = False
            elif kind:
                self.header = self.header or notes
                self.tokens.append((kind, match[kind], line, notes))
                notes, is_bare = [], False
        self.tokens.append(("mark", "", line, []))

    def fail(self, what):
        raise ProtoError(f"{self.name}:{self.tokens[self.index][2]}: {what}")

    @property
    def next(self):
        return self.tokens[self.index][1]

    def take(self, *expected, kind=None):
        found, text, _, _ = self.tokens[self.index]
        if (expected and text not in expected) or (kind and found != kind):
            self.fail(f"found {text or 'the end'!r}, expected {' or '.join(expected) or 'a ' + kind}")
        self.index += 1
        return text

    def word(self):
        return self.take(kind="word")

    def begin(self):
        """The documentation of what begins here, and its name in Swift."""
        notes = self.tokens[self.index][3]
        names = [note.removeprefix("swift:").strip() for note in notes if note.startswith("swift:")]
        return [note for note in notes if not note.startswith("swift:")], names[0] if names else ""

    def file(self):
        file = File(self.name, [], header=self.header or [])
        self.take("syntax"), self.take("=")
        if self.take(kind="text") != "proto3":
            self.fail("only proto3 is read")
        self.take(";")
        while self.next:
            doc, swift = self.begin()
            keyword = self.take("package", "import", "message", "enum", "service")
            if keyword == "package":
                file.package, file.doc, file.swift = self.word(), doc, swift
                self.take(";")
            elif keyword == "import":
                file.imports.append(self.take(kind="text"))
                self.take(";")
            elif keyword == "message":
                file.messages.append(self.message(doc, swift))
            elif keyword == "enum":
                file.enums.append(self.enum(doc, swift))
            else:
                file.services.append(self.service(doc, swift))
        return file

    def message(self, doc, swift):
        message = Message(self.word(), doc, swift)
        self.take("{")
        while self.next != "}":
            doc, swift = self.begin()
            if self.next == "message":
                self.take()
                message.messages.append(self.message(doc, swift))
            elif self.next == "enum":
                self.take()
                message.enums.append(self.enum(doc, swift))
            elif self.next == "reserved":
                while self.take() != ";":
                    pass
            elif self.next == "oneof":
                self.take()
                oneof = Declaration(self.word(), doc, swift)
                message.oneofs.append(oneof)
                self.take("{")
                while self.next != "}":
                    message.fields.append(self.field(*self.begin(), oneof))
                self.take("}")
            else:
                message.fields.append(self.field(doc, swift))
        self.take("}")
        return message

    def field(self, doc, swift, oneof=None):
        label = self.take() if self.next in ("optional", "repeated", "map") else ""
        if label == "map":
            self.take("<"), self.take("string"), self.take(",")
        type = self.word()
        if label == "map":
            self.take(">")
        name = self.word()
        self.take("=")
        number = int(self.word())
        self.take(";")
        return Field(name, doc, swift, number, type, label, oneof)

    def enum(self, doc, swift):
        enum = Enum(self.word(), doc, swift)
        self.take("{")
        while self.next != "}":
            doc, swift = self.begin()
            name = self.word()
            self.take("=")
            if int(self.word()) != len(enum.values):
                self.fail(f"the values of {enum.name} do not count from 0")
            self.take(";")
            enum.values.append(Declaration(name, doc, swift))
        self.take("}")
        return enum

    def service(self, doc, swift):
        service = Service(self.word(), doc, swift)
        self.take("{")
        while self.next != "}":
            doc, swift = self.begin()
            self.take("rpc")
            method = Method(self.word(), doc, swift)
            sides = []
            for _ in range(2):
                self.take("(")
                streams = self.next == "stream" and bool(self.take())
                sides.append((self.word(), streams))
                self.take(")")
                if len(sides) == 1:
                    self.take("returns")
            self.take(";")
            (method.input, first), (method.output, second) = sides
            method.streams = (first, second)
            service.methods.append(method)
        self.take("}")
        return service


def read(path, root):
    """The file at `path`, its types resolved with the files that it imports from `root`."""
    name = str(path.relative_to(root))
    file = Parser(path.read_text(), name).file()
    known = {}
    for one in [read(root / other, root) for other in file.imports] + [file]:
        for type in one.messages + one.enums:
            known[type.name] = (type, f".{one.package}.{type.name}")

    def resolve(messages, known, scope):
        for message in messages:
            path = f"{scope}.{message.name}"
            inner = known | {type.name: (type, f"{path}.{type.name}") for type in message.messages + message.enums}
            for field in message.fields:
                if field.type not in SCALARS:
                    if field.type not in inner:
                        raise ProtoError(f"{name}: there is no {field.type} for {message.name}.{field.name}")
                    field.target, field.path = inner[field.type]
            resolve(message.messages, inner, path)

    resolve(file.messages, known, f".{file.package}")
    for service in file.services:
        for method in service.methods:
            for type in (method.input, method.output):
                if type not in known:
                    raise ProtoError(f"{name}: there is no {type} for {service.name}.{method.name}")
            method.input, method.output = known[method.input][1], known[method.output][1]
    return file


def folders(repository):
    """The folders of .proto files: each is the root of its imports and belongs to the module that it stands in."""
    return sorted(
        path for top in ("Sources", "Tests") for path in (pathlib.Path(repository) / top).glob("*/*/Proto"))
