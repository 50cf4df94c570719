#!/usr/bin/env python3
"""Every golden × dtype × executor, against what transformers computed. usage: matrix.py GOLDENS_DIR; tools are on PATH.

Prints what fails, then how many combinations passed; exits with 1 if any failed.
"""
import itertools
import json
import pathlib
import struct
import subprocess
import sys
import tempfile

TOLERANCE = {"float32": "1e-5", "bfloat16": "2e-2"}
EXECUTORS = ["cpu", "import", "layout", "fuse", "rt", "kernel", "gpu"]


def shapes(reference):
    with open(reference, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
    return {name: entry["shape"] for name, entry in header.items() if name != "__metadata__"}


def options(golden):
    held = shapes(golden / "reference.safetensors")
    if "pixel_values" in held and "input_ids" not in held:
        return [f"--batch={held['pixel_values'][0]}"]
    name = "inputs_embeds" if "inputs_embeds" in held else "input_ids"
    return [f"--inputs={name}", f"--batch={held[name][0]}", f"--seq={held[name][1]}"]


def commands(golden, dtype, executor, program):
    files = [f"--weights={golden}", f"--inputs={golden}/reference.safetensors", f"--check={golden}/reference.safetensors",
             f"--tolerance={TOLERANCE[dtype]}"]
    compiling = [str(golden), f"--dtype={dtype}", *options(golden)]
    if executor == "cpu":
        return [["hfc-compile", *compiling, "--target=cpu", "-o", program], ["hfc-run", program, *files]]
    return [["hfc-interpret", *compiling, f"--stage={executor}", *files]]


def main():
    goldens = sorted(p.parent for p in pathlib.Path(sys.argv[1]).glob("*/reference.safetensors"))
    passed = failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for golden, dtype, executor in itertools.product(goldens, TOLERANCE, EXECUTORS):
            for command in commands(golden, dtype, executor, f"{folder}/program.so"):
                result = subprocess.run(command, capture_output=True, text=True)
                if result.returncode:
                    print("FAILED", " ".join(command), result.stdout, result.stderr, sep="\n")
                    failed += 1
                    break
            else:
                passed += 1
    print(f"{passed} of {passed + failed} combinations passed")
    sys.exit(1 if failed or not passed else 0)


if __name__ == "__main__":
    main()
