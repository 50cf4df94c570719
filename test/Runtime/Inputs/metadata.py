#!/usr/bin/env python3
"""Writes a program whose metadata has one thing changed. usage: metadata.py SOURCE.c TARGET.c OLD NEW

SOURCE.c is a program written by hand; OLD and NEW are texts of its metadata."""
import sys

source, target, old, new = sys.argv[1:]
text = open(source).read()
old, new = (part.replace('"', '\\"') for part in (old, new))
if old not in text:
    sys.exit(f"'{old}' is not in {source}")
open(target, "w").write(text.replace(old, new, 1))
