#!/usr/bin/env python3
"""Writes a golden's inputs with the cotangent of its logits, so that a module's gradients are those of the golden's loss.

usage: cotangent.py REFERENCE.safetensors OUT.safetensors
"""
import json
import math
import struct
import sys

FORMATS = {"F32": "f", "I64": "q", "I32": "i"}
IGNORED = -100


def read(path):
    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        body = file.read()
    for name, entry in header.items():
        if name != "__metadata__" and entry["dtype"] in FORMATS:
            yield name, entry["dtype"], entry["shape"], body[slice(*entry["data_offsets"])]


def numbers(dtype, data):
    return struct.unpack(f"<{len(data) // struct.calcsize('<' + FORMATS[dtype])}{FORMATS[dtype]}", data)


def cotangent(logits, shape, labels):
    """Of the mean over counted tokens of the cross-entropy with the next position's label."""
    batch, sequence, vocabulary = shape
    counted = [(b, s) for b in range(batch) for s in range(sequence - 1) if labels[b * sequence + s + 1] != IGNORED]
    result = [0.0] * len(logits)
    for b, s in counted:
        begin = (b * sequence + s) * vocabulary
        row = logits[begin:begin + vocabulary]
        largest = max(row)
        powers = [math.exp(x - largest) for x in row]
        total = sum(powers)
        result[begin:begin + vocabulary] = [x / total / len(counted) for x in powers]
        result[begin + labels[b * sequence + s + 1]] -= 1 / len(counted)
    return struct.pack(f"<{len(result)}f", *result)


def main():
    tensors = {name: rest for name, *rest in read(sys.argv[1])}
    dtype, shape, data = tensors["logits"]
    labels = numbers(*[tensors["labels"][i] for i in (0, 2)])
    kept = {name: tensors[name] for name in ("input_ids", "attention_mask", "position_ids") if name in tensors}
    kept["grad.logits"] = ["F32", shape, cotangent(numbers(dtype, data), shape, labels)]
    header, body = {}, b""
    for name, (dtype, shape, data) in kept.items():
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [len(body), len(body) + len(data)]}
        body += data
    text = json.dumps(header).encode()
    with open(sys.argv[2], "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + body)


if __name__ == "__main__":
    main()
