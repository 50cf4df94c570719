#!/usr/bin/env bash
# How long a forward takes on the CPU, against what its products alone take in OpenBLAS with the same number of threads.
# Qwen2.5-0.5B's shape, float32, 128 positions, weights resident; medians. Fails if the ratio is above the bar.
#
# usage: bench/cpu_forward.sh [THREADS [REPETITIONS]]     default: all cores, 20
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
threads=${1:-$(nproc)} repeat=${2:-20} sequence=128 bar=1.3
model=$root/bench/models/qwen2.5-0.5b
export PATH=$root/build/bin:$PATH
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

hfc-compile "$model" --target=cpu --batch=1 --seq=$sequence --dtype=float32 -o "$out/program.so"
openblas-products "$model/config.json" --seq=$sequence --threads="$threads" --repeat="$repeat" >"$out/products.json"
hfc-run "$out/program.so" --weights=random:0 --inputs=random:0 --threads="$threads" --time="$repeat" --json >"$out/forward.json"

python3 - "$out" "$bar" "$sequence" <<'PYTHON'
import json, pathlib, sys
out, bar = pathlib.Path(sys.argv[1]), float(sys.argv[2])
products = json.loads((out / "products.json").read_text())
forward = json.loads((out / "forward.json").read_text())["time_ms"]
ratio = forward["median"] / products["median_ms"]
print(f"Qwen2.5-0.5B's shape, float32, batch 1, {sys.argv[3]} positions, {products['threads']} threads, OpenBLAS for {products['core']}")
print(f"  products alone, OpenBLAS   median {products['median_ms']:8.1f} ms   min {products['min_ms']:8.1f} ms")
print(f"  forward, hfc-run           median {forward['median']:8.1f} ms   min {forward['min']:8.1f} ms   of {forward['runs']}")
print(f"  ratio                      {ratio:.3f} (bar: {bar})")
sys.exit(ratio > bar)
PYTHON
