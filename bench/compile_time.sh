#!/usr/bin/env bash
# How long hfc-compile takes, cold, with its peak memory: a Llama-3-70B-shaped config to its schedule, forward, and training
# on 16, 64 and 1,024 ranks; and Qwen2.5-0.5B's shape to the finished program. usage: bench/compile_time.sh [BIN_DIR] [RUNS]
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
bin=${1:-$root/build/bin} runs=${2:-5}
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

measure() { # NAME COMMAND…
  local name=$1
  shift
  for _ in $(seq "$runs"); do
    python3 - "$@" <<'PY'
import os, resource, subprocess, sys, time
start = time.monotonic()
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
print(f"{time.monotonic() - start:.3f} {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024:.0f}")
PY
  done | sort -n | awk -v name="$name" '{t[NR]=$1; if ($2>m) m=$2} END {printf "%-46s median %s s (min %s, max %s), peak %d MB\n", name, t[int((NR+1)/2)], t[1], t[NR], m}'
}

measure "Llama-3-70B shape, seq 4096, to --emit=rt" \
  "$bin/hfc-compile" "$root/bench/models/llama-3-70b" --target=cpu --batch=1 --seq=4096 --emit=rt
for dp in 2 8 128; do
  measure "the same, training, dp=$dp × tp=8, to --emit=rt" \
    "$bin/hfc-compile" "$root/bench/models/llama-3-70b" --target=cpu --task=train --batch=$dp --seq=4096 --mesh=dp=$dp,tp=8 --emit=rt
done
measure "Qwen2.5-0.5B shape, seq 128, to the program" \
  "$bin/hfc-compile" "$root/bench/models/qwen2.5-0.5b" --target=cpu --dtype=float32 --batch=1 --seq=128 -o "$out/p.so"
