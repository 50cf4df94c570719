#!/usr/bin/env python3
"""Loss and gradients of every golden on many meshes, against transformers. Tools are on PATH.

usage: train_matrix.py GOLDENS_DIR [--full [--part=K/N]] [--only KEY=VALUE ...] [--allow-refusals=TEXT] [--list]
A combination is golden × mesh × sequence parallelism × ZeRO × executor × dtype. By default a subset is run in which each
two values of different keys meet; --full runs all, or every N-th; --only keeps combinations with these values. A golden
without gradients in its file is compared with what the compiled program of one rank computes in float32. In bfloat16 every
gradient is compared with transformers', to 5e-2, and their median to 2e-2; and again with float32 gradients of the checkpoint as
bfloat16 holds it. Only the latter median counts where rounding the checkpoint takes too much of the former. Prints what fails, then how
many combinations passed; exits with 1 if any failed. A combination that hfc refuses (exit status 2) fails too, unless the
reason has the text of --allow-refusals.
"""
import argparse
import array
import collections
import itertools
import json
import pathlib
import re
import struct
import subprocess
import sys
import tempfile

KEYS = {
    "golden": None,  # the folders of families that hfc knows
    "mesh": ["dp=1,tp=1", "dp=1,tp=2", "dp=1,tp=4", "dp=2,tp=1", "dp=2,tp=2", "dp=2,tp=4"],
    "sequence-parallel": ["off", "on"],
    "zero": ["0", "1"],
    "executor": ["reduce", "rt", "cpu"],
    "dtype": ["float32", "bfloat16"],
}

# Of a median of 2e-2, what rounding the checkpoint to bfloat16 may take alone; where it takes more, PyTorch too is above 2e-2
# (gemma2: 1.3e-2 by rounding, 2.4e-2 in PyTorch, 2.2e-2 here). See docs/numerics.md.
ROUNDING_LIMIT = 1.25e-2


def header(file):
    with open(file, "rb") as stream:
        return json.loads(stream.read(struct.unpack("<Q", stream.read(8))[0]))


def goldens(folder):
    """The folders with what a loss is computed from, of families that hfc knows."""
    for reference in sorted(pathlib.Path(folder).glob("*/reference.safetensors")):
        imported = subprocess.run(["hfc-compile", reference.parent, "--emit=import"], capture_output=True, text=True)
        if imported.returncode == 0:
            yield reference.parent.name
        else:
            print("skipped:", imported.stderr.strip())


def is_meaningful(combination):
    """What an axis of one rank leaves without meaning is run once."""
    dp, tp = (axis[-1] for axis in combination["mesh"].split(","))
    return not (tp == "1" and combination["sequence-parallel"] == "on" or dp == "1" and combination["zero"] == "1")


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


def round_to_bfloat16(source, target):
    """A copy of a safetensors file whose float32 numbers are the nearest bfloat16 ones, ties to even."""
    content = bytearray(pathlib.Path(source).read_bytes())
    start = 8 + struct.unpack("<Q", content[:8])[0]
    for name, entry in header(source).items():
        if name == "__metadata__" or entry["dtype"] != "F32":
            continue
        place = slice(*(start + offset for offset in entry["data_offsets"]))
        words = array.array("I", content[place])
        content[place] = array.array("I", ((word + 0x7FFF + (word >> 16 & 1)) & 0xFFFF0000 for word in words)).tobytes()
    target.write_bytes(content)


def failures(result):
    return [line for line in result.stdout.splitlines() if line.endswith("FAILED")]


def is_median_only(result):
    return result.returncode == 1 and [line.split()[0] for line in failures(result)] == ["median"]


class Runner:
    """Runs combinations of one folder of goldens, with room for files."""

    def __init__(self, goldens, work, allowed):
        self.goldens, self.work = pathlib.Path(goldens), pathlib.Path(work)
        self.program = self.work / "program.so"
        self.allowed = allowed
        self.counts = collections.Counter()
        self.rounding = {}  # by golden

    def compiling(self, golden, combination):
        return ["hfc-compile", golden, *model_options(golden, combination), "--target=cpu", "-o", self.program]

    def running(self, golden, *run, weights=None):
        return ["hfc-run", self.program, f"--weights={weights or golden}", f"--inputs={golden}/reference.safetensors", *run]

    def on_one_rank(self, golden, made, *run, weights=None):
        """What one rank computes in float32, in the file `made`, when first asked for."""
        if not made.exists():
            one = {"dtype": "float32", "mesh": "dp=1,tp=1", "sequence-parallel": "off", "zero": "0"}
            for command in (self.compiling(golden, one), self.running(golden, *run, f"--outputs={made}", weights=weights)):
                subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        return made

    def reference(self, golden):
        """The file with gradients: the golden's, or what one rank computes."""
        held = golden / "reference.safetensors"
        if any(name.startswith("grad.") for name in header(held)):
            return held
        return self.on_one_rank(golden, self.work / f"{golden.name}.safetensors", f"--check={held}")

    def rounded_reference(self, golden):
        """The exact gradients of the checkpoint as bfloat16 holds it, and their median distance from the checkpoint's."""
        weights = self.work / f"{golden.name}-weights.safetensors"
        made = self.work / f"{golden.name}-rounded.safetensors"
        if not weights.exists():
            round_to_bfloat16(golden / "model.safetensors", weights)
            self.on_one_rank(golden, made, weights=weights)
            check = self.running(golden, f"--check={self.reference(golden)}", weights=weights)
            printed = subprocess.run(check, capture_output=True, text=True).stdout
            self.rounding[golden.name] = float(re.search(r"median of gradients +(\S+)", printed)[1])
        return made, self.rounding[golden.name]

    def commands(self, combination):
        """What to run, each with whether the median of gradients may be too large."""
        golden = self.goldens / combination["golden"]
        checks = [(self.reference(golden), False)]
        if combination["dtype"] == "bfloat16":
            rounded, rounding = self.rounded_reference(golden)
            checks = [(self.reference(golden), rounding > ROUNDING_LIMIT), (rounded, False)]
        if combination["executor"] == "cpu":
            yield self.compiling(golden, combination), False
        for file, is_lenient in checks:
            if combination["executor"] == "cpu":
                yield self.running(golden, f"--check={file}"), is_lenient
            else:
                yield ["hfc-interpret", golden, *model_options(golden, combination), f"--stage={combination['executor']}",
                       f"--weights={golden}", f"--inputs={golden}/reference.safetensors", f"--check={file}"], is_lenient

    def run(self, combination):
        for command, is_lenient in self.commands(combination):
            result = subprocess.run(command, capture_output=True, text=True)
            if result.returncode and not (is_lenient and is_median_only(result)):
                self.report(combination, command, result)
                return
        self.counts["passed"] += 1

    def report(self, combination, command, result):
        if result.returncode == 2 and self.allowed and self.allowed in result.stderr:
            self.counts["refused"] += 1
            return
        print(f"FAILED (exit {result.returncode})",
              " ".join(combination.values()), " ".join(map(str, command)), *failures(result), result.stderr.strip(), sep="\n  ", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("goldens")
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--part", metavar="K/N", default="1/1")
    parser.add_argument("--allow-refusals", metavar="TEXT")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--only", metavar="KEY=VALUE", nargs="*", default=[])
    options = parser.parse_args()
    values = {**KEYS, "golden": list(goldens(options.goldens))}
    for key, _, wanted in (each.partition("=") for each in options.only):
        if wanted not in (values.get(key) or []):
            parser.error(f"--only: there is no {key} '{wanted}'; there are {values.get(key, list(values))}")
        values[key] = [wanted]
    chosen = list(combinations(values))
    part, parts = map(int, options.part.split("/"))
    chosen = chosen[part - 1::parts] if options.full or not chosen else list(pairwise(chosen))
    if options.list:
        print(*(" ".join(f"{key}={value}" for key, value in each.items()) for each in chosen), sep="\n")
        return
    with tempfile.TemporaryDirectory() as work:
        runner = Runner(options.goldens, work, options.allow_refusals)
        for combination in chosen:
            runner.run(combination)
    print(f"of {len(chosen)} combinations:", ", ".join(f"{count} {what}" for what, count in runner.counts.items()))
    sys.exit(0 if runner.counts.total() == len(chosen) and runner.counts["passed"] else 1)


if __name__ == "__main__":
    main()
