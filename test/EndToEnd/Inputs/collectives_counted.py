#!/usr/bin/env python3
"""Collectives of training steps: as the compiled IR says, as the runtime and the interpreter count them. Tools are on PATH.

usage: collectives_counted.py GOLDENS_DIR
Compiles models for meshes, counts what stands in the schedule (--emit=rt), each entry as often as a step runs it, and compares
count and bytes of every (entry, kind, axes) with what rank 0 did in hfc-run and in hfc-interpret. Exits with 1 if any differ.
"""
import collections
import json
import pathlib
import re
import subprocess
import sys
import tempfile

STEPS, MICRO_BATCHES, BATCH = 2, 2, 4
# Model, mesh, partitioner, further options: every kind of collective that training knows is in one of them.
PROGRAMS = [
    ("qwen2", "dp=2,tp=2", "megatron{sequence-parallel=on zero=1}", []),
    ("qwen2", "dp=1,tp=4", "megatron{sequence-parallel=on}", ["--recompute=full"]),  # two ranks share a key head
    ("qwen2", "dp=2,tp=2", "replicate", []),
    ("gpt2", "dp=2,tp=2", "megatron", ["--freeze=transformer.h.0.*"]),
    ("gemma2", "dp=2,tp=2", "megatron{zero=1}", ["--dtype=bfloat16"]),
    ("phi3", "dp=1,tp=2", "megatron{sequence-parallel=on}", ["--recompute=selective"]),
    ("llama", "dp=2,tp=1", "megatron{zero=1}", ["--grad-dtype=bfloat16"]),
    ("qwen3-moe", "dp=2,tp=2", "megatron", []),
    ("clip-vision", "dp=2,tp=2", "megatron{zero=1}", []),
    ("siglip-vision", "dp=1,tp=2", "megatron{sequence-parallel=on}", []),
]
RUNS = {"begin_step": STEPS, "micro_step": STEPS * (MICRO_BATCHES - 1), "last_micro_step": STEPS, "optimizer_step": STEPS}
SIZES = {"f32": 4, "bf16": 2, "i32": 4, "i1": 1}
COLLECTIVE = re.compile(r"rt\.collective\s+(\w+)(?: by\s+\w+)? ins\((.*?)\) outs\((.*?)\) over \{(.*?)\}")


def bytes_of(operands):
    total = 0
    for shape in re.findall(r"memref<([^>]*)>", operands):
        *sizes, element = shape.split("x")
        elements = 1
        for size in sizes:
            elements *= int(size)
        total += elements * SIZES[element]
    return total


def counted_in_ir(text):
    counts, runs, entry = collections.defaultdict(lambda: [0, 0]), 0, None
    for line in text.splitlines():
        if begins := re.search(r"rt\.entry @(\w+)", line):
            entry = begins[1]
            runs = RUNS[entry]
        if found := COLLECTIVE.search(line):
            kind, ins, outs, axes = found.groups()
            row = counts[entry, kind, axes.replace('"', "")]
            row[0] += runs
            row[1] += runs * max(bytes_of(ins), bytes_of(outs))
        elif "rt.collective" in line:
            raise SystemExit(f"not understood: {line}")
    return dict(counts)


def run(*command):
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode:
        raise SystemExit(f"exit status {result.returncode}: {' '.join(map(str, command))}\n{result.stderr}")
    return result.stdout


def counted_when_run(output, total):
    """Rows of a tool's JSON, added up; the interpreter's bytes are those of one time, the runtime's of all."""
    counts = collections.defaultdict(lambda: [0, 0])
    for row in json.loads(output.splitlines()[-1])["collectives"]:
        sums = counts[row["entry"], row["kind"], row["axes"].replace('"', "")]
        sums[0] += row["count"]
        sums[1] += row["bytes"] * (1 if total else row["count"])
    return dict(counts)


def differences(expected, found):
    return [f"    {' '.join(key)}: {expected.get(key, [0, 0])} in the IR, {found.get(key, [0, 0])} when run"
            for key in sorted(set(expected) | set(found)) if expected.get(key) != found.get(key)]


def main():
    goldens, failed, kinds = pathlib.Path(sys.argv[1]), False, set()
    work = tempfile.TemporaryDirectory()
    for golden, mesh, partitioner, further in PROGRAMS:
        model = ["--task=train", f"--batch={BATCH}", f"--micro-batches={MICRO_BATCHES}", f"--mesh={mesh}", f"--partitioner={partitioner}", *further]
        if not golden.endswith("vision"):
            model.append("--seq=16")
        data = ["--weights=random:0", "--inputs=random:0", f"--steps={STEPS}", "--json"]
        program = pathlib.Path(work.name) / "program.so"
        run("hfc-compile", goldens / golden, *model, "--target=cpu", "-o", program)
        expected = counted_in_ir(run("hfc-compile", goldens / golden, *model, "--target=cpu", "--emit=rt"))
        executed = counted_when_run(run("hfc-run", program, *data), total=True)
        interpreted = counted_when_run(run("hfc-interpret", goldens / golden, *model, *data, "--stage=rt", "--collectives"), total=False)
        wrong = differences(expected, executed) + differences(expected, interpreted)
        kinds |= {kind for _, kind, _ in expected}
        failed |= bool(wrong) or not expected
        print(f"{golden} {mesh} {partitioner}: {sum(count for count, _ in expected.values())} collectives", "DIFFER" if wrong else "equal", *wrong, sep="\n" if wrong else " ")
    print("kinds:", *sorted(kinds))
    sys.exit(failed)


main()
