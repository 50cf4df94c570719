"""Reads a program's schedule (--emit=rt) and reports what only moves data: kernels that compute nothing but permute, and copies.

Prints the numbers of launches, products and copies of each entry. Exits 1 if anything only moves data."""

import re
import sys

MOVES = {"hf.transpose", "hf.reshape", "hf.convert", "hf.slice", "hf.concat", "hf.broadcast"}


def bodies(text):
    """The ops of each kernel body, by its name."""
    found = {}
    for match in re.finditer(r"^  func\.func private @(\S+?)\(.*?\{\n(.*?)^  \}", text, re.M | re.S):
        found[match[1]] = re.findall(r"(?:^|= )\s*(hf\.\w+)", match[2], re.M)
    return found


def entries(text):
    for match in re.finditer(r"^  rt\.entry @(\S+).*?\{\n(.*?)^  \}", text, re.M | re.S):
        yield match[1], match[2]


def main():
    text = sys.stdin.read()
    permuting = {name for name, ops in bodies(text).items() if "hf.transpose" in ops and set(ops) <= MOVES}
    wrong = False
    for name, body in entries(text):
        launched = re.findall(r"rt\.launch @(\w+)", body)
        copies = body.count("rt.copy ")
        print(f"{name}: {len(launched)} launches, {body.count('rt.gemm ')} products, {copies} copies")
        for kernel in sorted(set(launched) & permuting):
            print(f"{name}: @{kernel} only permutes")
            wrong = True
        wrong |= copies > 0
    return 1 if wrong else 0


sys.exit(main())
