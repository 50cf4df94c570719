#!/usr/bin/env python3
"""Dropout in compiled training programs: the same masks on every mesh, when computed again and after a resumption.

usage: dropout.py GOLDENS_DIR WORK_DIR. Tools are on PATH. Prints what fails and exits with 1 if anything did.
"""
import json
import math
import pathlib
import re
import subprocess
import sys

GOLDENS, WORK = (pathlib.Path(argument) for argument in sys.argv[1:])
RATES = {"gpt2": {"embd_pdrop": 0.2, "resid_pdrop": 0.1, "attn_pdrop": 0.3}, "qwen2": {"attention_dropout": 0.3},
         "siglip-vision": {"attention_dropout": 0.3}}
MEGATRON = "--partitioner=megatron{sequence-parallel=%s zero=%s}"
MESHES = {
    "recompute": ["--recompute=full"],
    "dp=4": ["--mesh=dp=4"],
    "tp=2": ["--mesh=tp=2", MEGATRON % ("on", 0)],
    "dp=2,tp=2": ["--mesh=dp=2,tp=2"],
    "dp=2,tp=2 sequence-parallel": ["--mesh=dp=2,tp=2", MEGATRON % ("on", 1), "--recompute=selective"],
}


def run(*command, **options):
    return subprocess.run(command, capture_output=True, text=True, cwd=WORK, check=True, **options).stdout


def model(name):
    folder = WORK / name
    folder.mkdir(parents=True, exist_ok=True)
    config = json.loads((GOLDENS / name / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | RATES[name]))
    return folder


def build(folder, name, *options):
    shape = [] if "vision" in folder.name else ["--seq=21"]
    run("hfc-compile", folder, "--task=train", "--target=cpu", "--dtype=float32", "--batch=4", *shape, *options, "-o", name)
    return f"./{name}"


def evaluate(program, seed, *options):
    return run("hfc-run", program, "--weights=random:3", "--inputs=random:5", f"--seed={seed}", *options)


def passes(*command):
    done = subprocess.run(command, capture_output=True, text=True, cwd=WORK)
    return done.returncode == 0, done.stdout + done.stderr


def check_meshes(name):
    """Loss and every gradient, on every mesh, are those of one rank; another seed, or none dropped, gives others."""
    folder = model(name)
    one = build(folder, f"{name}.so")
    evaluate(one, 7, f"--outputs={name}.safetensors")
    check = ("--weights=random:3", "--inputs=random:5", f"--check={name}.safetensors", "--tolerance=1e-5")
    wrong = []
    for what, options in MESHES.items():
        same, text = passes("hfc-run", build(folder, "mesh.so", *options), *check, "--seed=7")
        if not same:
            wrong.append(f"{name}, {what}: not what one rank computes\n{text}")
    if passes("hfc-run", one, *check, "--seed=8")[0]:
        wrong.append(f"{name}: another seed drops the same")
    if passes("hfc-run", build(folder, "off.so", "--dropout=off"), *check)[0]:
        wrong.append(f"{name}: nothing is dropped")
    return wrong


STATISTICS = """
func.func @forward() -> (tensor<f32> {hf.output = "attention"}, tensor<f32> {hf.output = "hidden"}, tensor<f32> {hf.output = "square"}) {
  %key = hf.constant dense<12345> : tensor<i32>
  %one = hf.constant dense<1.0> : tensor<4x64x4x8xf32>
  %zero = hf.constant dense<0.0> : tensor<4x64x4x8xf32>
  %batch = hf.iota 0 : tensor<4x4xi32>
  %head = hf.iota 1 : tensor<4x4xi32>
  %c256 = hf.constant dense<256> : tensor<4x4xi32>
  %c64 = hf.constant dense<64> : tensor<4x4xi32>
  %0 = hf.mul %batch, %c256 : tensor<4x4xi32>
  %1 = hf.mul %head, %c64 : tensor<4x4xi32>
  %rows = hf.add %0, %1 : tensor<4x4xi32>
  %2 = hf.attention %zero, %zero, %one drop(%key, %rows : tensor<4x4xi32>) {scale = 1.0 : f64, dropout = 0.25 : f64}
    : (tensor<4x64x4x8xf32>, tensor<4x64x4x8xf32>, tensor<4x64x4x8xf32>) -> tensor<4x64x4x8xf32>
  %3 = hf.reduce sum, %2 dims [0, 1, 2, 3] : tensor<4x64x4x8xf32> -> tensor<f32>
  %4 = hf.dropout %one, %key {p = 0.25 : f64} : tensor<4x64x4x8xf32>
  %5 = hf.reduce sum, %4 dims [0, 1, 2, 3] : tensor<4x64x4x8xf32> -> tensor<f32>
  %6 = hf.mul %4, %4 : tensor<4x64x4x8xf32>
  %7 = hf.reduce sum, %6 dims [0, 1, 2, 3] : tensor<4x64x4x8xf32> -> tensor<f32>
  return %3, %5, %7 : tensor<f32>, tensor<f32>, tensor<f32>
}
"""


def check_statistics():
    """Means of what is left, and of its square, are within five standard deviations of what they should be."""
    (WORK / "statistics.mlir").write_text(STATISTICS)
    text = run("hfc-interpret", "statistics.mlir", "--print")
    found = {name: float(value) / 8192 for name, value in re.findall(r"^(\w+): \[\] \w+ = (\S+)$", text, re.M)}
    # One kept element is 4/3; 8192 are drawn for hidden values, and 64 weights for each of 1024 rows.
    deviation = math.sqrt(1 / 3)
    bounds = {"attention": (1, deviation / math.sqrt(65536)), "hidden": (1, deviation / math.sqrt(8192)),
              "square": (4 / 3, 16 / 9 * math.sqrt(3 / 16 / 8192))}
    return [f"mean of {name} is {found.get(name)} instead of {mean}" for name, (mean, sigma) in bounds.items()
            if not abs(found.get(name, math.inf) - mean) < 5 * sigma]


def check_resumption():
    """Four steps are two steps and two more on another mesh; every step and every micro-batch drops others."""
    folder = model("gpt2")
    one = build(folder, "steps.so", "--micro-batches=2")
    mesh = build(folder, "steps-mesh.so", "--micro-batches=2", "--mesh=dp=2,tp=2", MEGATRON % ("on", 1))
    # Parameters stay as they are, so that losses differ by what is dropped alone.
    still = ("--weights=random:3", "--inputs=random:5", "--seed=7", "--lr=0")

    def losses(log):
        lines = (WORK / log).read_text().splitlines()
        return [entry["loss"] for entry in map(json.loads, lines) if "loss" in entry]

    run("hfc-run", one, *still, "--steps=4", "--log=whole.jsonl")
    run("hfc-run", one, *still, "--steps=2", "--log=half.jsonl", "--save=saved")
    run("hfc-run", mesh, "--inputs=random:5", "--lr=0", "--steps=4", "--log=rest.jsonl", "--resume=saved")
    whole, parts = losses("whole.jsonl"), losses("half.jsonl") + losses("rest.jsonl")
    wrong = []
    if len(whole) != 4 or len(parts) != 4 or any(abs(a - b) > 1e-5 * abs(a) for a, b in zip(whole, parts)):
        wrong.append(f"resumed: losses {parts} instead of {whole}")
    if len({round(loss, 4) for loss in whole}) != 4:
        wrong.append(f"steps drop the same: losses {whole}")
    return wrong


def main():
    wrong = sum((check_meshes(name) for name in RATES), []) + check_statistics() + check_resumption()
    print("\n".join(wrong) or f"the same masks on {len(MESHES)} meshes for {len(RATES)} models, and after a resumption")
    return 1 if wrong else 0


sys.exit(main())
