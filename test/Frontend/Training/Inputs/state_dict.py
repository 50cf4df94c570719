"""Checks that a program's parameters make up state_dict(). usage: state_dict.py IR CHECKPOINT_FOLDER

The pieces that parameters are of each tensor fill it, without holes and overlaps. Where the folder's reference.safetensors holds
gradients, these are the tensors and shapes.
"""
import json
import pathlib
import re
import struct
import sys

PARAMETER = re.compile(r"hf\.parameter @(\S+|\"[^\"]*\") : tensor<([0-9x]*)x\w+> from \[(.*?)\](?: \{(.*)\})?$")
PIECE = re.compile(r"#hf\.piece<\"([^\"]*)\"(?:, offsets = \[([^\]]*)\])?(?:, sizes = \[([^\]]*)\])?"
                   r"(?:, permutation = \[([^\]]*)\])?>")


def numbers(text, separator=","):
    return [int(number) for number in (text or "").split(separator) if number]


def pieces_of(line):
    """The tensors that the parameter is part of, and the box in each."""
    match = PARAMETER.search(line)
    shape = numbers(match[2], "x")
    own = re.search(r"hf\.state_dict = \[(.*?>)\]", line)
    for tensor, offsets, sizes, permutation in PIECE.findall(own[1] if own else line[:match.end(3)]):
        size = numbers(sizes)
        if not size:
            size = [shape[numbers(permutation).index(i)] if permutation else n for i, n in enumerate(shape)]
        yield tensor, numbers(offsets) or [0] * len(size), size


def volume(shape):
    return shape[0] * volume(shape[1:]) if shape else 1


def assemble(text):
    boxes = {}
    for line in text.splitlines():
        if "hf.parameter @" in line:
            for tensor, offsets, size in pieces_of(line):
                boxes.setdefault(tensor, []).append((offsets, size))
    shapes = {}
    for tensor, parts in boxes.items():
        shapes[tensor] = [max(o[i] + s[i] for o, s in parts) for i in range(len(parts[0][1]))]
        if len({tuple(offsets) for offsets, _ in parts}) != len(parts) or \
                sum(volume(size) for _, size in parts) != volume(shapes[tensor]):
            sys.exit(f"{tensor}: {parts} do not fill {shapes[tensor]}")
    return shapes


def header(path):
    with open(path, "rb") as file:
        return json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))


shapes = assemble(pathlib.Path(sys.argv[1]).read_text())
reference = header(pathlib.Path(sys.argv[2]) / "reference.safetensors")
gradients = {name[5:]: value["shape"] for name, value in reference.items() if name.startswith("grad.")}
gradients.pop("inputs_embeds", None)
if not shapes:
    sys.exit("the program has no parameters")
if gradients and gradients != shapes:
    names = sorted(set(gradients) ^ set(shapes)) or [n for n in shapes if shapes[n] != gradients[n]]
    sys.exit(f"state_dict() is not made up: {names}")
print(f"{len(shapes)} tensors, {len(gradients)} gradients")
