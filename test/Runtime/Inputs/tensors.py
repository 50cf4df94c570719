#!/usr/bin/env python3
"""Writes safetensors files from the command line, good ones and bad ones.

usage: tensors.py FILE NAME:DTYPE:SHAPE:VALUES...     DTYPE F32 F64 F16 BF16 I64 I32 BOOL; SHAPE 2x3; VALUES 1,2,3 or one for all
       tensors.py FILE --raw HEADER [DATA_BYTES]      any text as header
       tensors.py FILE --length N                     a header length that lies
       tensors.py FILE --show                         prints the tensors
       tensors.py FILE --close OTHER TOLERANCE        compares all tensors: norm of the difference / norm; exits with 1 above
"""
import json
import math
import struct
import sys

FORMATS = {"F32": "f", "F64": "d", "F16": "e", "I64": "q", "I32": "i", "BOOL": "?"}


def encode(dtype, values):
    if dtype == "BF16":
        return b"".join(struct.pack("<f", v)[2:] for v in values)
    cast = float if dtype[0] == "F" else int
    return struct.pack(f"<{len(values)}{FORMATS[dtype]}", *map(cast, values))


def decode(dtype, data):
    if dtype == "BF16":
        return [struct.unpack("<f", b"\0\0" + data[i:i + 2])[0] for i in range(0, len(data), 2)]
    form = FORMATS[dtype]
    return list(struct.unpack(f"<{len(data) // struct.calcsize('<' + form)}{form}", data))


def write(path, tensors):
    header, body = {}, b""
    for spec in tensors:
        name, dtype, shape, values = spec.rsplit(":", 3)
        shape = [int(n) for n in shape.split("x")] if shape else []
        values = [float(v) for v in values.split(",") if v]
        if len(values) == 1:
            values *= math.prod(shape)
        data = encode(dtype, values)
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [len(body), len(body) + len(data)]}
        body += data
    write_raw(path, json.dumps(header).encode(), body)


def write_raw(path, header, body, length=None):
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(header) if length is None else length) + header + body)


def read(path):
    """Yields name, dtype, shape and values of each tensor."""
    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        body = file.read()
    for name, entry in header.items():
        if name != "__metadata__":
            begin, end = entry["data_offsets"]
            yield name, entry["dtype"], entry["shape"], decode(entry["dtype"], body[begin:end])


def show(path):
    for name, dtype, shape, values in read(path):
        print(name, dtype, "x".join(map(str, shape)) + ":", " ".join(f"{float(v):g}" for v in values))


def compare(path, other, tolerance):
    own, theirs = ({name: (shape, values) for name, _, shape, values in read(each)} for each in (path, other))
    if {n: s for n, (s, _) in own.items()} != {n: s for n, (s, _) in theirs.items()}:
        sys.exit(f"'{path}' and '{other}' hold other tensors")
    worst = 0
    for name, (_, values) in own.items():
        error, norm = math.dist(values, theirs[name][1]), math.hypot(*theirs[name][1])
        if not error <= tolerance * norm:
            sys.exit(f"{name}: error {error:g} where the norm is {norm:g}")
        worst = max(worst, error / norm if norm else 0)
    print(f"{len(own)} tensors, worst error {worst:.2e}")


if __name__ == "__main__":
    path, *rest = sys.argv[1:]
    if rest[0] == "--raw":
        write_raw(path, rest[1].encode(), b"\0" * int(rest[2] if len(rest) > 2 else 0))
    elif rest[0] == "--length":
        write_raw(path, b"{}", b"", int(rest[1]))
    elif rest[0] == "--show":
        show(path)
    elif rest[0] == "--close":
        compare(path, rest[1], float(rest[2]))
    else:
        write(path, rest)
