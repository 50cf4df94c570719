"""same_masters.py A.safetensors B.safetensors: whether the masters in two optimizers' files are the same bits, and not all 0; says what differs."""
import json
import sys


def masters(path):
    with open(path, "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        data = file.read()
    return {name: data[slice(*info["data_offsets"])] for name, info in header.items() if name.startswith("master.")}


first, second = map(masters, sys.argv[1:3])
for name in sorted(first.keys() | second.keys()):
    if first.get(name) != second.get(name):
        print(f"{name} differs")
sys.exit(first != second or not any(map(any, first.values())))
