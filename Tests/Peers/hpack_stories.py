"""Packs stories of http2jp/hpack-test-case into Tests/Fixtures/hpack, and says which rules of HPACK they exercise.

    hpack_stories.py pack CHECKOUT   writes the fixtures from a checkout of https://github.com/http2jp/hpack-test-case
    hpack_stories.py coverage        prints the rules that the fixtures exercise, a line each: encoder, rule

headers.txt has the lists of all stories, once: `== STORY`, then a line `name TAB value` for each field and an empty line after
each list. ENCODER.txt has the blocks of one encoder: `== STORY`, then a line of hexadecimal digits for each list, before it
`table SIZE` where the limit of the table changes.

All stories of one encoder are taken, the one that changes the table's size. Of the others as few as exercise together what
all of them exercise; a symbol of the Huffman code that an encoder before has used counts as exercised.
"""
import json
import pathlib
import re
import sys

FIXTURES = pathlib.Path(__file__).resolve().parent.parent / "Fixtures/hpack"
WHOLE = ["nghttp2-change-table-size"]
THINNED = ["nghttp2", "go-hpack", "haskell-http2-static-huffman"]
STATIC = 61


class Block:
    """Walks over a block's representations; the fields are known, so that nothing has to be decoded (RFC 7541 §6)."""

    def __init__(self, wire):
        self.wire, self.at = wire, 0

    def integer(self, prefix):
        """The number, and how many octets followed the prefix (§5.1)."""
        value, more = self.wire[self.at] & (1 << prefix) - 1, 0
        self.at += 1
        if value == (1 << prefix) - 1:
            while True:
                octet = self.wire[self.at]
                self.at += 1
                value += (octet & 127) << 7 * more
                more += 1
                if octet < 128:
                    break
        return value, more

    def string(self):
        """Whether it is Huffman coded, and how many octets its length took (§5.2)."""
        is_huffman = self.wire[self.at] & 128 != 0
        length, more = self.integer(7)
        self.at += length
        return is_huffman, more


class Table:
    """The dynamic table's sizes (§4)."""

    def __init__(self):
        self.entries, self.limit = [], 4096

    def resize(self, limit):
        self.limit = limit
        return self.evict(0)

    def evict(self, room):
        before = len(self.entries)
        while self.entries and sum(self.entries) + room > self.limit:
            self.entries.pop()
        return before - len(self.entries)

    def add(self, size):
        evicted = self.evict(size)
        if size <= self.limit:
            self.entries.insert(0, size)
            return evicted, True
        return evicted, False


def rules(story):
    """The rules that a story's blocks exercise: one for each place in the standard and each of its cases."""
    found, table = set(), Table()

    def text(what, value, string):
        is_huffman, more = string
        found.add(f"{what} {'huffman' if is_huffman else 'plain'}, length in {1 + more}")
        if not value:
            found.add(f"{what} empty")
        if is_huffman:
            found.update(f"huffman symbol {octet:02x}" for octet in value.encode())

    for limit, wire, fields in story:
        if limit is not None and limit < table.limit:
            found.add("limit lowered by the peer")
        block, fields, updates = Block(bytes.fromhex(wire)), list(fields), 0
        while block.at < len(block.wire):
            first = block.wire[block.at]
            if first & 0xE0 == 0x20:
                size, more = block.integer(5)
                updates += 1
                evicted = table.resize(size)
                found.add(f"size update {updates} of a block in {1 + more}, {'evicts' if evicted else 'evicts nothing'}")
                if size == 0:
                    found.add("size update to 0")
                continue
            name, value = fields.pop(0)
            size = len(name.encode()) + len(value.encode()) + 32
            if first & 0x80:
                index, more = block.integer(7)
                found.add(f"indexed static {index}" if index <= STATIC else f"indexed dynamic in {1 + more}")
                if index == STATIC + len(table.entries):
                    found.add("indexed the oldest entry")
                continue
            kind, prefix = ("incremental", 6) if first & 0x40 else ("never", 4) if first & 0x10 else ("without", 4)
            index, more = block.integer(prefix)
            where = "new" if index == 0 else "static" if index <= STATIC else "dynamic"
            found.add(f"literal {kind}, {where} name, index in {1 + more}")
            if index == 0:
                text("name", name, block.string())
            text("value", value, block.string())
            if kind == "incremental":
                evicted, fits = table.add(size)
                found.add(f"added, evicts {min(evicted, 3)}" if fits else "too large for the table, empties it")
    return found


def read_headers():
    stories = {}
    for part in re.split("(?m)^== ", (FIXTURES / "headers.txt").read_text())[1:]:
        name, body = part.split("\n", 1)
        lists = body.split("\n\n")[:-1]
        stories[name] = [[tuple(line.split("\t", 1)) for line in one.split("\n") if line] for one in lists]
    return stories


def read_encoder(encoder, headers):
    stories = {}
    for part in re.split("(?m)^== ", (FIXTURES / f"{encoder}.txt").read_text())[1:]:
        name, *lines = part.splitlines()
        blocks, limit = [], None
        for line in lines:
            if line.startswith("table "):
                limit = int(line.removeprefix("table "))
            else:
                blocks.append((limit, line, headers[name][len(blocks)]))
                limit = None
        stories[name] = blocks
    return stories


def load(path):
    """A story of a checkout."""
    return [
        (case.get("header_table_size"), case.get("wire", ""), [pair for field in case["headers"] for pair in field.items()])
        for case in json.loads(path.read_text())["cases"]]


def pack(checkout):
    def stories(folder):
        return {path.stem.removeprefix("story_"): load(path) for path in sorted((checkout / folder).glob("*.json"))}

    FIXTURES.mkdir(exist_ok=True)
    raw = stories("raw-data")
    with open(FIXTURES / "headers.txt", "w") as file:
        for name, story in raw.items():
            file.write(f"== {name}\n")
            for _, _, fields in story:
                assert fields and not any("\t" in a or "\n" in a + b for a, b in fields)
                file.write("".join(f"{a}\t{b}\n" for a, b in fields) + "\n")
    symbols = set()
    for encoder in WHOLE + THINNED:
        all_stories = stories(encoder)
        for name, story in all_stories.items():
            assert [fields for _, _, fields in story] == [fields for _, _, fields in raw[name]]
        found = {name: rules(story) for name, story in all_stories.items()}
        chosen = all_stories if encoder in WHOLE else thin(all_stories, found, set().union(*found.values()) - symbols)
        symbols |= {rule for one in found.values() for rule in one if rule.startswith("huffman symbol")}
        with open(FIXTURES / f"{encoder}.txt", "w") as file:
            for name, story in chosen.items():
                file.write(f"== {name}\n")
                before = 4096
                for limit, wire, _ in story:
                    file.write(f"table {limit}\n" if limit not in (None, before) else "")
                    file.write(f"{wire}\n")
                    before = limit or before


def thin(stories, found, wanted):
    """Few and small stories that together exercise what is wanted: the one that adds most for its size, until none adds."""
    size = {name: sum(len(wire) for _, wire, _ in story) for name, story in stories.items()}
    missing, chosen = set(wanted), []
    while missing:
        best = max(stories, key=lambda name: len(found[name] & missing) / size[name])
        missing -= found[best]
        chosen.append(best)
    # What a later one made superfluous.
    for name in sorted(chosen, key=lambda name: -size[name]):
        rest = [other for other in chosen if other != name]
        if wanted <= set().union(*(found[other] for other in rest)):
            chosen = rest
    return {name: stories[name] for name in sorted(chosen)}


def coverage():
    headers = read_headers()
    for encoder in WHOLE + THINNED:
        for rule in sorted(set().union(*(rules(story) for story in read_encoder(encoder, headers).values()))):
            yield f"{encoder}: {rule}"


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["pack", checkout]:
            pack(pathlib.Path(checkout))
        case ["coverage"]:
            print(*coverage(), sep="\n")
        case _:
            sys.exit(__doc__)
