#!/bin/sh
# Runs a model's kernels on this machine's GPU and compares each with the SIMT interpreter.
# usage: run_kernels.sh BUILD CONFIG [hfc-compile's options…]; prints a line for each kernel, exits with 1 if one differs.
# On a machine without LLVM: first run it with HFC_KERNELS=DIR here, which writes DIR and stops, then there
#   build/bin/run_kernels DIR/kernels.ptx DIR/kernels.dump 1e-5
set -eu
build=$1 config=$2
shift 2
folder=${HFC_KERNELS:-$(mktemp -d)}
mkdir -p "$folder"
"$build/bin/hfc-compile" "$config" --target=cuda --emit=gpu "$@" -o "$folder/kernels.mlir"
"$build/bin/hfc-compile" "$config" --target=cuda --emit=ptx --gpu="${HFC_GPU:-sm_90a}" "$@" -o "$folder/kernels.ptx"
"$build/bin/hfc-opt" "$folder/kernels.mlir" --hfc-run-simt="dump=$folder/kernels.dump" -o /dev/null
[ -n "${HFC_KERNELS:-}" ] || "$build/bin/run_kernels" "$folder/kernels.ptx" "$folder/kernels.dump" 1e-5
