#!/usr/bin/env bash
# Configures and builds hfc. usage: scripts/build.sh [BUILD_DIR] [CMake options…]
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
build=${1:-$root/build}
shift || true

llvm=/usr/lib/llvm-22
if ! command -v nvcc >/dev/null && [ ! -x "${CUDA_HOME:-/usr/local/cuda}/bin/nvcc" ]; then
  echo "No CUDA toolkit found: building for the CPU only (GPU kernels are still generated, but not assembled)."
fi
if [ ! -f "$build/build.ninja" ] || [ $# -gt 0 ]; then
  log=$(mktemp)
  cmake -G Ninja -S "$root" -B "$build" -DMLIR_DIR=$llvm/lib/cmake/mlir \
    -DCMAKE_C_COMPILER=$llvm/bin/clang -DCMAKE_CXX_COMPILER=$llvm/bin/clang++ "$@" >"$log" 2>&1 ||
    { cat "$log" >&2; exit 1; }
  rm -f "$log"
fi
if [ -t 1 ]; then
  ninja -C "$build"
else # Without a terminal only what a compiler has to say.
  ninja -C "$build" | { grep -vE '^(\[[0-9]+/[0-9]+\]|ninja: )' || true; }
fi
