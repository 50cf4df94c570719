#!/usr/bin/env python3
"""Checks the memory of a report for GPUs: parts make the whole, and what depends on the program follows from its lines.

usage: hfc-compile … --report=json | gpu_memory.py --streams=N --context=BYTES
"""
import argparse
import json
import sys

parser = argparse.ArgumentParser()
parser.add_argument("--streams", type=int)
parser.add_argument("--context", type=int)
options = parser.parse_args()
ledger = json.load(sys.stdin)
memory = ledger["memory"]
runtime = memory["runtime"]
lines = [line for entry in ledger["entries"] for line in entry["lines"]]
groups = {line["axes"]: line["ranks"] for line in lines if "axes" in line}
expected = {
    "cuBLASLt workspace": options.streams << 26,
    "code of kernels": 65536 * len({line["kernel"] for line in lines if "kernel" in line}),
    "graphs": 4096 * len(lines),
    "NCCL": 400_000_000 + 380_000_000 * len(groups),
    "CUDA context": options.context,
}
wrong = {name: (runtime[name], bytes) for name, bytes in expected.items() if runtime[name] != bytes}
if memory["planned"] != sum(memory[part] for part in ("parameters", "states", "arena", "constants")):
    wrong["planned"] = memory
if memory["total"] != memory["planned"] + sum(runtime.values()):
    wrong["total"] = memory
if wrong:
    sys.exit(f"the report has, and should have: {wrong}")
