#!/usr/bin/env python3
"""The ledger's FLOPs and arena against what the interpreter counts when it runs the program. Tools are on PATH.

usage: counted.py GOLDEN [hfc-compile options…]
"""
import json
import re
import subprocess
import sys

golden, options = sys.argv[1], sys.argv[2:]
files = [f"--weights={golden}", f"--inputs={golden}/reference.safetensors"]


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


ledger = json.loads(output("hfc-compile", golden, *options, "--target=cpu", "--report=json"))
steps = ["--steps=1"] if ledger["task"] == "train" else []
costs = output("hfc-interpret", golden, *options, "--stage=rt", *files, *steps, "--costs")
counted = {name: tuple(map(int, numbers)) for name, *numbers in
           re.findall(r"^@(\w+): (\d+) runs?, (\d+) FLOPs, arena (\d+) bytes$", costs, re.M)}
expected = {entry["name"]: (entry["runs"], entry["flops"] * entry["runs"], entry["arena"])
            for entry in ledger["entries"] if entry["runs"]}
if counted != expected:
    sys.exit(f"the ledger has {expected}, the interpreter counted {counted}")
for entry in ledger["entries"]:
    if entry["in_use"] > entry["arena"]:
        sys.exit(f"{entry['name']} has more in use than its arena holds")
memory = ledger["memory"]
if memory["total"] != sum(memory[part] for part in ("parameters", "states", "arena", "constants")):
    sys.exit("the parts of the memory are not its total")
print("equal:", ", ".join(f"{name} {flops} FLOPs" for name, (_, flops, _) in counted.items()))
