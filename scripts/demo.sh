#!/usr/bin/env bash
# From nothing to a trained model: installs, builds, compiles the checkpoint in test/Goldens/qwen2 to native code, shows its
# IR on the way, runs it and compares it with transformers' answer; deletes an all-reduce, which hfc notices; then trains a byte-level Qwen2 on this repository's
# documentation, on four ranks (dp = 2, tp = 2), and generates a line with one.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
scripts/install.sh
scripts/build.sh
export PATH=$root/build/bin:$PATH
model=test/Goldens/qwen2
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

exec 3>&1 # Commands are shown here, wherever their output goes.
bold() { if [ -t 3 ]; then printf '\n\033[1m%s\033[0m\n' "$1"; else printf '\n%s\n' "$1"; fi >&3; }
run() { bold "\$ ${*//$root\//}"; "$@"; }
run_failing() { bold "\$ ${*//$root\//}"; ! "$@"; }

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

# Every program for several ranks is verified when it is compiled. With one all-reduce deleted, hfc says where it is missing.
run hfc-compile "$model" --target=cpu --task=train --batch=2 --seq=24 --mesh=tp=2 --emit=reduce --locations -o local.mlir
"$root/scripts/drop_all_reduce.py" <local.mlir >broken.mlir
run_failing hfc-compile broken.mlir -o broken.so

# Training: one program for four ranks, which run as threads here. The ledger says why each collective is there.
small=$root/bench/models/byte-qwen2
run "$root/scripts/tokenize_bytes.py" "$root"/README.md "$root"/CONTRIBUTING.md "$root"/docs/*.md \
  "$root"/docs/decisions/*.md "$root"/dialects/*/README.md "$root"/python-frontend-spec/*.md -o text.tokens
run hfc-compile "$small" --target=cpu --task=train --batch=8 --seq=128 --mesh=dp=2,tp=2 \
  --partitioner='megatron{sequence-parallel=on zero=1}' --report -o train.so >ledger.txt
grep ' over ' ledger.txt # collectives: how many, bytes, axes, causes
run hfc-run train.so --weights=random:0 --tokens=text.tokens --steps=800 --lr=3e-3 --warmup=20 --schedule=cosine \
  --betas=0.9,0.95 --weight-decay=0.1 --clip=1 --save=trained

# What one rank makes of it: the prompt's bytes are its tokens.
prompt='The compiler '
ids=$(printf %s "$prompt" | od -An -v -tu1 | tr -s ' \n' , | sed 's/^,//; s/,$//')
run hfc-compile "$small" --target=cpu --task=generate --batch=1 --seq=128 -o generate.so
run hfc-run generate.so --weights=trained --prompt-ids="$ids" --max-new-tokens=72 --temperature=0.5 --seed=1 >generated.txt
python3 -c 'print(bytes(map(int, input().split(","))).decode(errors="replace"))' <generated.txt
