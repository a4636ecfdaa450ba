"""Writes Tests/Fixtures/text/wordpiece-sweep.txt: what PyPI `tokenizers` makes of every code point, as a hash per block.

    python3 -m venv V && V/bin/pip install tokenizers==0.23.3
    V/bin/python Tests/Peers/wordpiece_sweep.py > Tests/Fixtures/text/wordpiece-sweep.txt
    V/bin/python Tests/Peers/wordpiece_sweep.py 1700     the words of the block at U+1700, to see what differs

A block is 256 code points, in texts of up to 40. Each text has every one of them between letters, in a row with its
neighbours, and before marks: so it shows whether it is dropped, a space, punctuation, an ideograph or a mark, what
its small and decomposed forms are, and which marks change places. Planes 0 and 1 are there in full; of the others,
whose blocks are all alike, only where something begins or ends.
"""
import sys

from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer

BLOCKS = [*range(0, 0x20000, 0x100), 0x20000, 0x2A600, 0x2A700, 0x2B700, 0x2B800, 0x2B900, 0x2CE00, 0x2F700, 0x2F800,
          0x2F900, 0x2FA00, 0x30000, 0x3FF00, 0xE0000, 0xE0100, 0xEFF00, 0xF0000, 0xFFF00, 0x100000, 0x10FF00]
normalizer, splitter = BertNormalizer(lowercase=True), BertPreTokenizer()


def words(block):
    scalars = [chr(code) for code in range(block, block + 256) if not 0xD800 <= code < 0xE000]
    for start in range(0, len(scalars), 40):
        some = scalars[start : start + 40]
        text = " ".join(f"a{c}b" for c in some) + " " + "".join(some) + "".join(f" A{c}\u0301\u0334" for c in some)
        for word, _ in splitter.pre_tokenize_str(normalizer.normalize_str(text)):
            yield word


if len(sys.argv) > 1:
    for word in words(int(sys.argv[1], 16)):
        print(word, *(f"{ord(c):x}" for c in word))
    sys.exit()
print("# block, FNV-1a of its words; made by wordpiece_sweep.py with tokenizers 0.23.3")
for block in BLOCKS:
    digest = 0xCBF29CE484222325
    for byte in "".join(word + "\n" for word in words(block)).encode():
        digest = (digest ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    print(f"{block:x} {digest:016x}")
