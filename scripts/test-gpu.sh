#!/usr/bin/env bash
# Runs every check that needs GPUs, on 1, 2 or 4 of them, and ends with "N passed, N failed, N skipped".
#
# usage: scripts/test-gpu.sh [--prepare=DIR | --run=DIR] [--only=REGEX] [--goldens=DIR] [--jobs=N] [--results=FILE]
#   --prepare=DIR   compiles the checks' programs into DIR, on a machine that need not have a GPU, and stops
#   --run=DIR       runs what is in DIR, on a machine that need not have hfc's build
#   --results=FILE  appends a line of JSON for each check: commit, device, driver, seconds
# Without the first two it does both, with the build in build/.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
prepare=1 run=1 folder="$root/build/gpu-checks" preparing=() running=()
for argument in "$@"; do
  case $argument in
  --prepare=*) run=0 folder=${argument#*=} ;;
  --run=*) prepare=0 folder=${argument#*=} ;;
  --only=*) preparing+=("$argument") running+=("$argument") ;;
  --goldens=* | --build=*) preparing+=("$argument") ;;
  --jobs=* | --results=*) running+=("$argument") ;;
  *) echo "unknown option $argument; see the head of $0" >&2; exit 2 ;;
  esac
done
# Multicast over NVLink is never used: a program that leaves it in a bad state takes the host's GPUs out of service.
export NCCL_NVLS_ENABLE=0
checks="$root/scripts/gpu_checks.py"
[ $prepare -eq 0 ] || python3 "$checks" prepare --folder="$folder" "${preparing[@]}"
[ $run -eq 0 ] || python3 "$checks" run --folder="$folder" "${running[@]}"
