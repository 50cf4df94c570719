#!/usr/bin/env python3
"""Compares programs that plugins had a part in with the global program, and runs them. Tools are those in BIN.

usage: check_plugin.py BIN PLUGIN PARTITIONER MESH BATCH GOLDEN...
Each golden's forward and training programs are interpreted before partitioning and after it, on random values; where its
file has a reference of a batch of BATCH, the executables are run and compared with it too, gradients included.
"""
import json
import pathlib
import struct
import subprocess
import sys
import tempfile


def header(file):
    with open(file, "rb") as stream:
        return json.loads(stream.read(struct.unpack("<Q", stream.read(8))[0]))


def run(*command):
    result = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if result.returncode:
        sys.exit(f"{' '.join(map(str, command))}\nexit status {result.returncode}\n{result.stdout}{result.stderr}")
    return result.stdout


def main():
    tools, plugin, partitioner, mesh, batch, *goldens = sys.argv[1:]
    tools = pathlib.Path(tools)
    for golden in map(pathlib.Path, goldens):
        options = [golden, f"--load-pass-plugin={plugin}", f"--partitioner={partitioner}", f"--mesh={mesh}", f"--batch={batch}"]
        compared = run(tools / "hfc-interpret", *options, "--stage=reduce", "--compare=import")
        compared += run(tools / "hfc-interpret", *options, "--task=train", "--stage=reduce", "--compare=differentiate")
        reference = golden / "reference.safetensors"
        tensors = header(reference)
        shape = next(iter(tensors[name]["shape"] for name in ("input_ids", "pixel_values", "inputs_embeds") if name in tensors))
        tasks = ["forward"] if shape[0] == int(batch) else []
        if tasks and any(name.startswith("grad.") for name in tensors):
            tasks.append("train")
        for task in tasks:
            program = pathlib.Path(tempfile.gettempdir()) / f"{golden.name}-{pathlib.Path(plugin).stem}.hfc"
            sequence = [f"--seq={shape[1]}"] if len(shape) < 4 else []
            run(tools / "hfc-compile", *options, *sequence, f"--task={task}", "-o", program)
            run(tools / "hfc-run", program, f"--weights={golden}", f"--inputs={reference}", f"--check={reference}")
            program.unlink()
        print(f"{golden.name}: {compared.count('same')} values the same; ran: {', '.join(tasks) or 'nothing'}")


main()
