"""Header compression of another implementation (PyPI's hpack, pinned in Tests/requirements.txt).

hpack_peer.py INPUT OUTPUT

INPUT is a JSON list of connections, each a list of steps for one pair of tables:
    {"limit": 300}       the decoder's side has announced this SETTINGS_HEADER_TABLE_SIZE
    {"block": "8284"}    a block to decode
    {"list": [["6e", "76", false], ...]}    a list to encode: name, value, whether it is never indexed
OUTPUT has a list for each connection: for each block the list it stands for, for each list its block.
Octets are in hex.
"""

import json
import sys

import hpack


def run(steps):
    decoder = hpack.Decoder(max_header_list_size=1 << 24)
    encoder = hpack.Encoder()
    answers = []
    for step in steps:
        if "limit" in step:
            decoder.max_allowed_table_size = step["limit"]
            encoder.header_table_size = step["limit"]
        elif "block" in step:
            fields = decoder.decode(bytes.fromhex(step["block"]), raw=True)
            answers.append([[name.hex(), value.hex(), not field.indexable] for field in fields for name, value in [field]])
        else:
            fields = [(bytes.fromhex(name), bytes.fromhex(value), never) for name, value, never in step["list"]]
            answers.append(encoder.encode(fields, huffman=step.get("huffman", True)).hex())
    return answers


with open(sys.argv[1]) as source:
    connections = json.load(source)
with open(sys.argv[2], "w") as target:
    json.dump([run(steps) for steps in connections], target)
