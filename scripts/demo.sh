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
run() { bold "\$ ${*//$root\//}"; "$@"; }

cat >"$out/model.json" <<JSON
{"hfc": "0.1.0", "model": "$root/$model", "batch": 2, "sequence": 24}
JSON
cd "$out"
model=$root/$model

# A few lines of the IR after a phase, each cut at the terminal's width: what a decoder layer has become.
show() { # PHASE PATTERN LINES
  bold "\$ hfc-compile model.json --emit=$1    (part of the first layer)"
  hfc-compile model.json --target=cpu --emit="$1" >ir.mlir
  grep -E -m "$3" "$2" ir.mlir | cut -c1-118 | sed 's/$/…/'
}
show import 'hf\.(rms_norm|linear|transpose|rotary |attention|activation)' 11
show fuse ' call @| hf\.linear' 9
show rt 'rt\.(launch|gemm)' 9

run hfc-compile model.json --target=cpu -o model.so
run hfc-run model.so --weights="$model" --inputs="$model/reference.safetensors" --check="$model/reference.safetensors" \
  --tolerance=1e-5
run hfc-compile model.json --target=cpu --task=generate --batch=1 --seq=64 -o generate.so
run hfc-run generate.so --weights="$model" --prompt-ids=11,7,42 --max-new-tokens=12 --ignore-eos
