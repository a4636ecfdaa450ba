"""Writes a GGUF file with a tensor of each stored type, and beside each what gguf (of llama.cpp) makes of it.

    pip install gguf==0.19.0 numpy==2.4.6
    gguf_types.py Tests/Fixtures/gguf/types.gguf

The blocks are random octets, with scales that are finite numbers: NAME is stored as its type, NAME.f32 as single precision.
"""

import sys

import gguf
import numpy as np

TYPES = "F32 F16 BF16 Q4_0 Q4_1 Q5_0 Q5_1 Q8_0 Q2_K Q3_K Q4_K Q5_K Q6_K".split()
# Where a block has numbers of half precision.
SCALES = {"Q4_0": [0], "Q4_1": [0, 2], "Q5_0": [0], "Q5_1": [0, 2], "Q8_0": [0], "Q2_K": [80, 82], "Q3_K": [108],
          "Q4_K": [0, 2], "Q5_K": [0, 2], "Q6_K": [208]}

random = np.random.default_rng(20)
writer = gguf.GGUFWriter(sys.argv[1], "llama")
writer.add_uint8("test.uint8", 200)
writer.add_int8("test.int8", -100)
writer.add_uint16("test.uint16", 60_000)
writer.add_int16("test.int16", -30_000)
writer.add_uint32("test.uint32", 4_000_000_000)
writer.add_int32("test.int32", -2_000_000_000)
writer.add_uint64("test.uint64", 18_000_000_000_000_000_000)
writer.add_int64("test.int64", -9_000_000_000_000_000_000)
writer.add_float32("test.float32", 0.1)
writer.add_float64("test.float64", 0.1)
writer.add_bool("test.bool", True)
writer.add_string("test.string", "Gänglion\n")
writer.add_array("test.strings", ["a", "", "ĠĊ"])
writer.add_array("test.integers", [1, -2, 3])
writer.add_array("test.numbers", [0.5, -0.25])
writer.add_array("test.bools", [True, False])

for name in TYPES:
    type = gguf.GGMLQuantizationType[name]
    numbers, octets = gguf.GGML_QUANT_SIZES[type]
    rows, columns = 3, 256
    data = random.integers(0, 256, (rows, columns // numbers, octets), np.uint8)
    for place in SCALES.get(name, []):
        scales = random.normal(0, 0.01, data.shape[:2]).astype(np.float16)
        data[:, :, place:place + 2] = scales.view(np.uint8).reshape(*data.shape[:2], 2)
    if name == "F16":
        data = random.normal(0, 1, (rows, columns)).astype(np.float16)
        data[0, :6] = [0, -0.0, 6e-8, -3e-5, 65504, np.inf]
        data = data.view(np.uint8)
    if name in ("BF16", "F32"):
        data = random.normal(0, 1, (rows, columns)).astype(np.float32).view(np.uint8).reshape(rows, columns, 4)
        if name == "BF16":
            data = np.ascontiguousarray(data[:, :, 2:])
    data = data.reshape(rows, -1)
    writer.add_tensor(name, data, raw_dtype=type)
    writer.add_tensor(name + ".f32", gguf.dequantize(data, type).astype(np.float32))

writer.write_header_to_file()
writer.write_kv_data_to_file()
writer.write_tensors_to_file()
writer.close()
