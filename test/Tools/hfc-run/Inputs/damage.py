#!/usr/bin/env python3
"""Writes damaged copies of a shared object. usage: damage.py PROGRAM FOLDER"""
import pathlib
import struct
import sys

program, folder = pathlib.Path(sys.argv[1]).read_bytes(), pathlib.Path(sys.argv[2])
folder.mkdir()


def patched(offset, form, value):
    data = bytearray(program)
    struct.pack_into("<" + form, data, offset, value)
    return data


MACHINE, PHOFF, SHOFF, PHENTSIZE, SHNUM = 18, 32, 40, 54, 60
copies = {
    "half": program[: len(program) // 2],
    "header": program[:64],
    "no-elf": b"\x7fELG" + program[4:],
    "wrong-machine": patched(MACHINE, "H", 40),
    "segments-outside": patched(PHOFF, "Q", 1 << 62),
    "sections-outside": patched(SHOFF, "Q", (1 << 64) - 8),
    "entries-of-no-size": patched(PHENTSIZE, "H", 0),
    "many-sections": patched(SHNUM, "H", 65535),
    "other-names": program.replace(b"hfc_program_abi", b"hfc_program_abc"),
    "no-metadata": program.replace(b"hfc_program_json", b"hfc_program_jsen"),
}
for name, data in copies.items():
    (folder / name).write_bytes(data)
