"""Writes Sources/NeuronRuntime/CanonicalDecompositions.swift from Python's Unicode database (3.11: Unicode 14), less
what is younger than Unicode 9.0, whose data the crate `tokenizers` has."""
import unicodedata

pairs, singles = [], []
for code in range(0x110000):
    mapping = unicodedata.decomposition(chr(code))
    if not mapping or mapping.startswith("<") or code == 0x11938:
        continue
    parts = [int(part, 16) for part in mapping.split()]
    if len(parts) == 2:
        pairs.append((code, *parts))
    else:
        singles.append((code, *parts))


def rows(entries):
    flat = [f"0x{value:04x}" for entry in entries for value in entry]
    width = 12 if len(entries[0]) == 3 else 12
    lines = [", ".join(flat[i : i + width]) for i in range(0, len(flat), width)]
    return ",\n".join("    " + line for line in lines) + ","


print(
    f"""// Canonical decompositions of Unicode 9.0, made by Tests/Peers/decompositions.py. The standard library has
// them, but lets nobody ask; Foundation would bring 45 MB of ICU. Hangul is computed (Unicode 3.12) and not here.

/// Characters that decompose into two: the character, then both, by character.
let decompositionPairs: [UInt32] = [
{rows(pairs)}
]

/// Characters that decompose into one: the character, then the other, by character.
let decompositionSingles: [UInt32] = [
{rows(singles)}
]"""
)
