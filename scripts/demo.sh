#!/usr/bin/env bash
# From nothing to a running model: installs, builds, compiles the checkpoint in test/Goldens/qwen2 to native code, shows its
# IR on the way, runs it, compares it with transformers' answer, and generates.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
scripts/install.sh
scripts/build.sh
export PATH=$root/build/bin:$PATH
model=test/Goldens/qwen2
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

bold() { if [ -t 1 ]; then printf '\n\033[1m%s\033[0m\n' "$1"; else printf '\n%s\n' "$1"; fi; }
run() { bold "\$ $*"; "$@"; }

cat >"$out/model.json" <<JSON
{"hfc": "0.1.0", "model": "$root/$model", "batch": 2, "sequence": 24}
JSON

bold "\$ hfc-compile model.json --emit=import        (one MLP, of the model as Hugging Face has it)"
hfc-compile "$out/model.json" --target=cpu --emit=import | grep 'layers.0.mlp\|hf.activation' | head -n 8 || true
bold "\$ hfc-compile model.json --emit=fuse          (the same layer as products and fused kernels)"
hfc-compile "$out/model.json" --target=cpu --emit=fuse | grep -E 'call|hf.linear' | head -n 12 || true
bold "\$ hfc-compile model.json --emit=rt            (the schedule, at planned addresses)"
hfc-compile "$out/model.json" --target=cpu --emit=rt | grep -E 'rt.(launch|gemm)' | head -n 8 || true

run hfc-compile "$out/model.json" --target=cpu -o "$out/model.so"
run hfc-run "$out/model.so" --weights=$model --inputs=$model/reference.safetensors --check=$model/reference.safetensors \
  --tolerance=1e-5
run hfc-compile "$out/model.json" --target=cpu --task=generate --batch=1 --seq=64 -o "$out/generate.so"
run hfc-run "$out/generate.so" --weights=$model --prompt-ids=11,7,42 --max-new-tokens=12 --ignore-eos
