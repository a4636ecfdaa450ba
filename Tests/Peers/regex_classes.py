"""Prints what the regular expressions of PyPI's `tokenizers` take each code point for: runs of letters, numbers, spaces, others.

A line is: the first code point of a run in hex, and L, N, S or O.
"""
from tokenizers import Regex
from tokenizers.normalizers import Replace

CLASSES = [(r"\p{L}", "L"), (r"\p{N}", "N"), (r"\s", "S")]
last = None
for block in range(0, 0x110000, 0x800):
    if 0xD800 <= block < 0xE000:
        continue
    text = "".join(map(chr, range(block, block + 0x800)))
    found = ["O"] * len(text)
    for pattern, name in CLASSES:
        # A private-use character is in none of the classes.
        for place, character in enumerate(Replace(Regex(pattern), "\ue000").normalize_str(text)):
            if character == "\ue000" and text[place] != "\ue000":
                found[place] = name
    for place, name in enumerate(found):
        if name != last:
            print(f"{block + place:x} {name}")
            last = name
