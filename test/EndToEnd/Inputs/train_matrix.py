#!/usr/bin/env python3
"""Loss and gradients of every golden on many meshes, against transformers. Tools are on PATH.

usage: train_matrix.py GOLDENS_DIR [--full] [--only KEY=VALUE ...] [--list]
A combination is golden × mesh × sequence parallelism × ZeRO × executor × dtype. By default a subset is run in which each
two values of different keys meet; --full runs all; --only keeps combinations with these values. Prints what fails, then how
many combinations passed; exits with 1 if any failed.
"""
import argparse
import itertools
import json
import pathlib
import struct
import subprocess
import sys
import tempfile

KEYS = {
    "golden": None,  # the folders with gradients
    "mesh": ["dp=1,tp=1", "dp=1,tp=2", "dp=1,tp=4", "dp=2,tp=1", "dp=2,tp=2", "dp=2,tp=4"],
    "sequence-parallel": ["off", "on"],
    "zero": ["0", "1"],
    "executor": ["differentiate", "reduce", "rt", "kernel", "cpu"],
    "dtype": ["float32", "bfloat16"],
}


def header(file):
    with open(file, "rb") as stream:
        return json.loads(stream.read(struct.unpack("<Q", stream.read(8))[0]))


def goldens(folder):
    """The folders with gradients, of families that hfc knows."""
    for reference in sorted(pathlib.Path(folder).glob("*/reference.safetensors")):
        if not any(name.startswith("grad.") for name in header(reference)):
            continue
        imported = subprocess.run(["hfc-compile", reference.parent, "--emit=import"], capture_output=True, text=True)
        if imported.returncode == 0:
            yield reference.parent.name
        else:
            print("skipped:", imported.stderr.strip())


def is_meaningful(combination):
    """What an axis of one rank leaves without meaning, or a stage before partitioning, is run once."""
    dp, tp = (axis[-1] for axis in combination["mesh"].split(","))
    if tp == "1" and combination["sequence-parallel"] == "on" or dp == "1" and combination["zero"] == "1":
        return False
    return combination["executor"] != "differentiate" or combination["mesh"] == "dp=1,tp=1"


def combinations(values):
    for chosen in itertools.product(*values.values()):
        combination = dict(zip(values, chosen))
        if is_meaningful(combination):
            yield combination


def pairs(combination):
    return set(itertools.combinations(sorted(combination.items()), 2))


def pairwise(candidates):
    """Greedily, combinations with the most pairs of values that none before them has."""
    missing = set().union(*(pairs(candidate) for candidate in candidates))
    while missing:
        best = max(candidates, key=lambda candidate: len(pairs(candidate) & missing))
        missing -= pairs(best)
        yield best


def model_options(golden, combination):
    held = header(golden / "reference.safetensors")
    options = [f"--dtype={combination['dtype']}", "--task=train", f"--mesh={combination['mesh']}",
               f"--partitioner=megatron{{sequence-parallel={combination['sequence-parallel']} zero={combination['zero']}}}"]
    for name in ("inputs_embeds", "input_ids"):
        if name in held:
            batch, sequence = held[name]["shape"][:2]
            return options + [f"--inputs={name}", f"--batch={batch}", f"--seq={sequence}"]
    return options + [f"--batch={held['pixel_values']['shape'][0]}"]


def commands(folder, combination, program):
    golden = pathlib.Path(folder) / combination["golden"]
    reference = f"{golden}/reference.safetensors"
    files = [f"--weights={golden}", f"--inputs={reference}", f"--check={reference}"]
    model = [str(golden), *model_options(golden, combination)]
    if combination["executor"] == "cpu":
        return [["hfc-compile", *model, "--target=cpu", "-o", program], ["hfc-run", program, *files]]
    return [["hfc-interpret", *model, f"--stage={combination['executor']}", *files]]


def passes(folder, combination, program):
    for command in commands(folder, combination, program):
        result = subprocess.run(command, capture_output=True, text=True)
        if result.returncode:
            wrong = [line for line in result.stdout.splitlines() if "FAILED" in line]
            print("FAILED", f"(exit {result.returncode})", " ".join(command), *wrong, result.stderr.strip(), sep="\n  ",
                  flush=True)
            return False
    return True


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("goldens")
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--only", metavar="KEY=VALUE", nargs="*", default=[])
    options = parser.parse_args()
    values = {**KEYS, "golden": list(goldens(options.goldens))}
    for key, _, wanted in (each.partition("=") for each in options.only):
        if wanted not in (values.get(key) or []):
            parser.error(f"--only: there is no {key} '{wanted}'; there are {values.get(key, list(values))}")
        values[key] = [wanted]
    chosen = list(combinations(values))
    chosen = chosen if options.full or not chosen else list(pairwise(chosen))
    if options.list:
        print(*(" ".join(f"{key}={value}" for key, value in each.items()) for each in chosen), sep="\n")
        return
    with tempfile.TemporaryDirectory() as folder:
        passed = sum(passes(options.goldens, each, f"{folder}/program.so") for each in chosen)
    print(f"{passed} of {len(chosen)} combinations passed")
    sys.exit(0 if passed == len(chosen) and chosen else 1)


if __name__ == "__main__":
    main()
