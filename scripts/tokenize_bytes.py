#!/usr/bin/env python3
"""Writes texts as a token file of their bytes (python-frontend-spec/tokens.md): each text is a document that ends with a 0.

usage: tokenize_bytes.py TEXT... -o FILE
"""
import argparse
import array
import os
import pathlib
import sys
import tempfile


def tokens_of(path):
    text = pathlib.Path(path).read_bytes()
    if 0 in text:
        sys.exit(f"tokenize_bytes.py: '{path}' has a byte 0, which separates documents")
    return array.array("i", [*text, 0])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("texts", nargs="+", metavar="TEXT")
    parser.add_argument("-o", "--output", required=True, metavar="FILE")
    options = parser.parse_args()
    tokens = array.array("i")
    for path in options.texts:
        tokens.extend(tokens_of(path))
    if sys.byteorder == "big":
        tokens.byteswap()
    folder = os.path.dirname(os.path.abspath(options.output))
    with tempfile.NamedTemporaryFile(dir=folder, delete=False) as file:
        tokens.tofile(file)
    os.chmod(file.name, 0o644)
    os.replace(file.name, options.output)
    print(f"{options.output}: {len(tokens)} tokens, {len(options.texts)} documents")


if __name__ == "__main__":
    main()
