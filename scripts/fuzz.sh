#!/usr/bin/env bash
# Runs every fuzzer of a build for a while. usage: scripts/fuzz.sh BUILD_DIR SECONDS RESULTS_DIR
# Seeds come from the tests; what a fuzzer has found is a test too (test/Fuzz). Writes one JSON result a fuzzer.
set -uo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
build=$1 seconds=$2 results=$3
mkdir -p "$results"
. "$root/scripts/sanitizers.sh"

seed() { # TARGET CORPUS_DIR
  case $1 in
  config) find "$root/test" "$root/python-frontend-spec" -name '*.json' -size -64k -exec cp --backup=numbered {} "$2" \; ;;
  safetensors) head -c 4096 "$root/test/Goldens/clip-vision/model.safetensors" >"$2/head" ;;
  ir) find "$root/test" -name '*.mlir' -size -32k -exec cp --backup=numbered {} "$2" \; ;;
  esac
}

run_fuzzer() { # TARGET
  local corpus code=PASS found
  corpus=$(mktemp -d)
  seed "$1" "$corpus"
  if ! "$build/bin/$1-fuzzer" -keep_seed=1 -max_total_time="$seconds" -timeout=20 -rss_limit_mb=4096 -verbosity=0 \
    -artifact_prefix="$results/$1-" "$corpus" >"$results/$1.log" 2>&1; then
    code=FAIL
    tail -n 40 "$results/$1.log"
    for found in "$results/$1"-{crash,timeout,oom,leak}-*; do
      [ -f "$found" ] && { echo "input of $(basename "$found"), base64:"; head -c 3000 "$found" | base64; }
    done
  fi
  printf '{"tests": [{"name": "fuzz %s for %s s", "code": "%s"}]}' "$1" "$seconds" "$code" >"$results/fuzz-$1.json"
  rm -rf "$corpus"
}

for target in config safetensors ir; do run_fuzzer $target; done
