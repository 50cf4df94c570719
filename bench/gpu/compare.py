#!/usr/bin/env python3
# Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Programs of hfc and what people use today, on the same work, in one run, one after the other.

usage: compare.py [WORK...] [--prepare=DIR | --run=DIR] [--peers=REGEX|off] [--results=FILE] [--plot=FILE]

A WORK is one of the list that --list prints. --prepare compiles hfc's programs into a folder and stops; --run uses such a folder
on a machine without hfc's build. Weights and tokens are random. Prints a table: medians after warming up, and the first step by
itself, with whatever it compiles or tunes. --results appends a line of JSON for each; --plot draws them as an SVG, with figures of
other runs and other parties in another colour; with --recorded=FILE instead of a run, what an earlier run measured.
"""
import argparse
import array
import json
import os
import pathlib
import platform
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "bench/peers"))
from common import PEAK, train_flops  # noqa: E402


def training(model, gpus, batch, title, elsewhere, options=(), peers=()):
    shape = [f"--batch={batch}", "--seq=4096"]
    return {"model": model, "gpus": gpus, "title": title, "unit": "tokens/s", "batch": batch, "elsewhere": elsewhere,
            "compile": ["--task=train", "--dtype=bfloat16", *shape, *options],
            "run": ["--tokens={tokens}", "--separator=none", "--steps={steps}", "--lr=1e-4", "--log={log}"],
            "peers": [[*peer, *shape] for peer in peers]}


def decoding(model, gpus, title, elsewhere, options=(), peers=()):
    return {"model": model, "gpus": gpus, "title": title, "unit": "ms a token", "elsewhere": elsewhere,
            "compile": ["--task=generate", "--dtype=bfloat16", "--batch=1", "--seq=768", *options],
            "run": ["--prompt-ids={prompt}", "--max-new-tokens=200", "--ignore-eos", "--time=3", "--json"],
            "prompt": 512, "measured": "token_ms", "peers": [[*peer, "--context=512", "--steps=200", "--warmup=20"] for peer in peers]}


def prefill(model, tokens, title, elsewhere, peers=()):
    return {"model": model, "gpus": 1, "title": title, "unit": "ms", "elsewhere": elsewhere,
            "compile": ["--task=generate", "--dtype=bfloat16", "--batch=1", f"--seq={tokens + 256}"],
            "run": ["--prompt-ids={prompt}", "--max-new-tokens=2", "--ignore-eos", "--time=9", "--json"],
            "prompt": tokens, "measured": "prefill_ms", "peers": [[*peer, f"--seq={tokens}"] for peer in peers]}


def cold(model, gpus, title, elsewhere, options, peers=()):
    """Seconds from the config until the first step is done, without those for weights: all caches are empty."""
    return {"model": model, "gpus": gpus, "title": title, "unit": "s", "elsewhere": elsewhere,
            "compile": ["--task=train", "--dtype=bfloat16", "--seq=4096", *options],
            "run": ["--tokens={tokens}", "--separator=none", "--steps=1", "--lr=1e-4", "--json"],
            "peers": [[*peer, "--seq=4096", "--steps=1", "--warmup=0"] for peer in peers]}


TORCH, JAX = ["torch_train.py", "--compile"], ["jax_train.py"]
PLAIN, HUB = ["torch_decode.py", "--plain"], ["torch_decode.py"]
HALF = ["--master-dtype=bfloat16", "--moments-dtype=bfloat16", "--grad-dtype=bfloat16"]
LLMQ = "LLM.Q (public figure)"
# Figures of other runs are from one H200 machine; they are for orientation, and drawn as such.
WORKS = {
    "train-0.5b": training("qwen2.5-0.5b", 1, 4, "train Qwen2.5-0.5B, 1 GPU, 4 × 4096",
                           {"torch": 89300, "XLA": 103400, LLMQ: 124100}, peers=[TORCH, JAX]),
    "train-1.5b": training("qwen2.5-1.5b", 1, 4, "train Qwen2.5-1.5B, 1 GPU, 4 × 4096",
                           {"torch": 39700, "XLA": 43600, LLMQ: 51500}, peers=[TORCH, JAX]),
    "train-1.5b-dp4": training("qwen2.5-1.5b", 4, 16, "train Qwen2.5-1.5B, dp = 4, 16 × 4096",
                               {"torch": 146400, "XLA": 157300, LLMQ: 197700}, ["--mesh=dp=4"], [[*TORCH, "--parallel=ddp"]]),
    "train-0.5b-dp2": training("qwen2.5-0.5b", 2, 8, "train Qwen2.5-0.5B, dp = 2, 8 × 4096", {},
                               ["--mesh=dp=2", "--partitioner=megatron{zero=1}"], [[*TORCH, "--parallel=ddp"]]),
    "train-7b-tp2": training("qwen2.5-7b", 2, 2, "train Qwen2.5-7B, tp = 2, 2 × 4096", {},
                             ["--mesh=tp=2", "--partitioner=megatron{sequence-parallel=on}"], [[*TORCH, "--parallel=tp"]]),
    "train-7b-tp4": training("qwen2.5-7b", 4, 2, "train Qwen2.5-7B, tp = 4, 2 × 4096", {"torch": 28500, "XLA": 35000},
                             ["--mesh=tp=4", "--partitioner=megatron{sequence-parallel=on}"], [[*TORCH, "--parallel=tp"]]),
    "train-7b-dp2-tp2": training("qwen2.5-7b", 4, 4, "train Qwen2.5-7B, dp = 2 × tp = 2, 4 × 4096", {"XLA": 39400},
                                 ["--mesh=dp=2,tp=2", "--partitioner=megatron{sequence-parallel=on zero=1}"]),
    "decode-7b": decoding("qwen2.5-7b", 1, "decode Qwen2.5-7B, batch 1, context 512",
                          {"transformers": 6.07, "gpt-fast's way": 4.72, "XLA": 11.4}, peers=[PLAIN, HUB]),
    "decode-0.5b": decoding("qwen2.5-0.5b", 1, "decode Qwen2.5-0.5B, batch 1, context 512",
                            {"transformers": 1.81, "gpt-fast's way": 1.25, "XLA": 1.78}, peers=[PLAIN, HUB]),
    "decode-7b-tp2": decoding("qwen2.5-7b", 2, "decode Qwen2.5-7B, tp = 2", {}, ["--mesh=tp=2"]),
    "decode-7b-tp4": decoding("qwen2.5-7b", 4, "decode Qwen2.5-7B, tp = 4", {"transformers": 12.0, "gpt-fast's way": 3.38, "XLA": 8.0},
                              ["--mesh=tp=4"]),
    "prefill-7b": prefill("qwen2.5-7b", 4096, "prefill Qwen2.5-7B, 4096 tokens", {"transformers": 110}, [[*HUB, "--prefill"]]),
    "cold-7b": cold("qwen2.5-7b", 4, "config to first step done, cold, Qwen2.5-7B, tp = 4, weights aside", {"torch": 76, "XLA": 10},
                    ["--batch=2", "--mesh=tp=4", "--partitioner=megatron{sequence-parallel=on}"], [[*TORCH, "--parallel=tp", "--batch=2"]]),
    "cold-7b-one": cold("qwen2.5-7b", 1, "config to first step done, cold, Qwen2.5-7B, 1 GPU, all in bfloat16, weights aside", {},
                        ["--batch=1", *HALF]),
}


def config_of(work):
    return ROOT / "bench/configs" / WORKS[work]["model"]


def prepare(works, folder, build):
    folder.mkdir(parents=True, exist_ok=True)
    for each in ("bin", "lib"):
        (folder / each).mkdir(exist_ok=True)
    shutil.copy(build / "bin/hfc-run", folder / "bin")
    for library in (build / "lib").glob("libhfc_rt*.so.*"):
        shutil.copy(library, folder / "lib")
    commit = subprocess.run(["git", "-C", ROOT, "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()
    (folder / "commit.txt").write_text(commit)
    for work in works:
        begin = time.time()
        subprocess.run([build / "bin/hfc-compile", config_of(work), "--target=cuda", *WORKS[work]["compile"], "-o", folder / f"{work}.so"],
                       check=True)
        seconds = time.time() - begin
        (folder / f"{work}.compiled.json").write_text(json.dumps({"seconds": round(seconds, 2), "machine": platform.node()}))
        print(f"{work}: compiled in {seconds:.1f} s", flush=True)


class Comparison:
    def __init__(self, folder, steps):
        self.folder, self.steps = folder, steps
        self.environment = {**os.environ, "NCCL_NVLS_ENABLE": "0", "PYTHONWARNINGS": "ignore"}
        self.environment["LD_LIBRARY_PATH"] = f"{folder}/lib:" + os.environ.get("LD_LIBRARY_PATH", "")
        self.tokens = folder / "tokens.bin"
        if not self.tokens.exists():
            numbers = random.Random(1)
            with open(self.tokens, "wb") as file:
                array.array("i", (numbers.randrange(151936) for _ in range(1 << 20))).tofile(file)

    def call(self, command, environment=None):
        result = subprocess.run(list(map(str, command)), capture_output=True, text=True, env=environment or self.environment)
        if result.returncode:
            print(f"{command[0]} failed with {result.returncode}:", (result.stdout + result.stderr).strip()[-800:], sep="\n", flush=True)
        return result.stdout if result.returncode == 0 else None

    def ours(self, name, work):
        log = self.folder / "log.jsonl"
        log.unlink(missing_ok=True)
        words = {"tokens": self.tokens, "steps": self.steps + 4, "log": log,
                 "prompt": ",".join(str(i % 1000 + 1) for i in range(work.get("prompt", 0)))}
        command = [self.folder / "bin/hfc-run", self.folder / f"{name}.so", "--weights=random:1",
                   *(each.format(**words) for each in work["run"])]
        if work["unit"] == "s":
            return self.cold(name, command)
        output = self.call(command)
        if output is None:
            return None
        if work["unit"] == "tokens/s":
            times = [json.loads(line)["ms"] for line in log.read_text().splitlines()]
            return {"milliseconds": statistics.median(times[4:]), "first_seconds": round(times[0] / 1e3, 2)}
        told = json.loads(output.splitlines()[-1])
        first = told["start_seconds"]["to the first step"] if work["measured"] == "prefill_ms" else told["prefill_ms"]["median"] / 1e3
        return {"milliseconds": told[work["measured"]]["median"], "first_seconds": round(first, 3)}

    def cold(self, name, command):
        """What compiling took, here or where the programs were prepared, and a first run."""
        with tempfile.TemporaryDirectory() as caches:
            output = self.call(command, {**self.environment, "XDG_CACHE_HOME": caches, "CUDA_CACHE_PATH": caches})
        if output is None:
            return None
        parts = json.loads(output.splitlines()[-1])["start_seconds"]
        compiled = json.loads((self.folder / f"{name}.compiled.json").read_text())
        first = parts["to the first step"] - parts["weights"]
        print("  " + ", ".join(f"{what} {seconds:.2f} s" for what, seconds in {"compiling": compiled["seconds"], **parts}.items()))
        return {"seconds": round(compiled["seconds"] + first, 2), "first_seconds": round(first, 2), "compiled": compiled, "parts": parts}

    def peer(self, work, arguments):
        script, *rest = arguments
        launcher = [sys.executable] if work["gpus"] == 1 else ["torchrun", f"--nproc-per-node={work['gpus']}"]
        config = ROOT / "bench/configs" / work["model"]
        output = self.call([*launcher, ROOT / "bench/peers" / script, config, *rest])
        lines = [line for line in (output or "").splitlines() if line.startswith("{")]
        told = json.loads(lines[-1]) if lines else None
        if told and work["unit"] == "s":
            told["seconds"] = told["first_seconds"]  # Without starting Python and importing.
        return told


def row_of(work, peer, measured, device, commit):
    row = {"work": work["title"], "peer": peer, **measured, "device": device, "commit": commit}
    if work["unit"] == "tokens/s":
        seconds = measured["milliseconds"] / 1e3
        config = json.loads((ROOT / "bench/configs" / work["model"] / "config.json").read_text())
        row["tokens_per_second"] = round(work["batch"] * 4096 / seconds)
        row["mfu"] = round(train_flops(config, work["batch"], 4096) / seconds / PEAK / work["gpus"], 4)
    return row


def spell(work, value):
    return f"{value:,.0f}" if work["unit"] == "tokens/s" else f"{value:.2f}"


def value_of(work, row):
    return row[{"tokens/s": "tokens_per_second", "s": "seconds"}.get(work["unit"], "milliseconds")]


def show(work, row):
    share = f"{row['mfu']:6.1%} of 989 TFLOP/s, causal" if "mfu" in row else ""
    print(f"  {row['peer']:38} {spell(work, value_of(work, row)):>12} {work['unit']:12} first {row['first_seconds']:8.2f} s  {share}", flush=True)


def plot(measured, file):
    """Bars, one group a work; the longest is 100 %. Figures of other runs are pale."""
    parts, y = [], 16
    for work, rows in measured:
        parts.append(f'<text x="12" y="{y + 12}" font-weight="bold">{work["title"]} ({work["unit"]})</text>')
        y += 24
        bars = [(row["peer"], value_of(work, row), "#d9540b" if row["peer"] == "hfc" else "#3b6fd4") for row in rows]
        bars += [(f"{name}, another run", value, "#b9c2cf") for name, value in work["elsewhere"].items()]
        longest = max(value for _, value, _ in bars)
        for name, value, colour in bars:
            parts.append(f'<text x="250" y="{y + 12}" text-anchor="end">{name}</text>'
                         f'<rect x="260" y="{y}" width="{400 * value / longest:.1f}" height="16" rx="3" fill="{colour}"/>'
                         f'<text x="{266 + 400 * value / longest:.1f}" y="{y + 12}">{spell(work, value)}</text>')
            y += 21
        y += 14
    text = "\n".join(parts)
    file.write_text(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 760 {y}" font-family="sans-serif" font-size="12">\n'
                    f'<rect width="760" height="{y}" fill="#ffffff"/>\n{text}\n</svg>\n')


def device_name():
    result = subprocess.run(["nvidia-smi", "--query-gpu=name,driver_version", "--format=csv,noheader"], capture_output=True, text=True)
    return result.stdout.strip().splitlines()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("works", nargs="*", metavar="WORK")
    parser.add_argument("--prepare", type=pathlib.Path)
    parser.add_argument("--run", type=pathlib.Path)
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build")
    parser.add_argument("--peers", default="", metavar="REGEX|off", help="of the peers' command lines; off: none")
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--results", type=pathlib.Path)
    parser.add_argument("--plot", type=pathlib.Path)
    parser.add_argument("--recorded", type=pathlib.Path, metavar="FILE", help="draw these results")
    parser.add_argument("--list", action="store_true")
    options = parser.parse_args()
    if options.recorded:
        rows = [json.loads(line) for line in options.recorded.read_text().splitlines()]
        measured = [(work, [row for row in rows if row["work"] == work["title"]]) for work in WORKS.values()]
        plot([(work, found) for work, found in measured if found], options.plot)
        return
    if options.list:
        print(*(f"{name:18} {work['title']}" for name, work in WORKS.items()), sep="\n")
        return
    works = options.works or list(WORKS)
    folder = options.prepare or options.run or options.build / "gpu-bench"
    if not options.run:
        prepare(works, folder, options.build)
    if options.prepare:
        return
    devices = device_name()
    comparison = Comparison(folder.resolve(), options.steps)
    measured = []
    for name in works:
        work = WORKS[name]
        if work["gpus"] > len(devices):
            print(f"{work['title']}: needs {work['gpus']} GPUs, skipped")
            continue
        print(f"{work['title']} on {devices[0]}; hfc-compile {' '.join(work['compile'])}")
        rows = []
        results = [("hfc", comparison.ours(name, work))]
        for peer in work["peers"]:
            if options.peers == "off" or not re.search(options.peers, " ".join(peer)):
                continue
            told = comparison.peer(work, peer)
            results.append((told["peer"] if told else "", told))
        for peer, told in results:
            if told:
                rows.append(row_of(work, peer, told, devices[0], (folder / "commit.txt").read_text()))
                show(work, rows[-1])
        if options.results:
            with open(options.results, "a") as file:
                file.writelines(json.dumps(row) + "\n" for row in rows)
        measured.append((work, rows))
    if options.plot:
        plot(measured, options.plot)


if __name__ == "__main__":
    main()
