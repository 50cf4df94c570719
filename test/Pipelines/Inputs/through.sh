# through.sh PHASE MODEL DIR: stops at a phase, goes on from its text; DIR/p.safetensors holds what must come out.
set -e
phase=$1 model=$2 dir=$3
hfc-compile "$model" --target=cpu --batch=2 --seq=24 --emit="$phase" >"$dir/$phase.mlir"
hfc-opt "$dir/$phase.mlir" >"$dir/$phase.opt.mlir"
cmp "$dir/$phase.mlir" "$dir/$phase.opt.mlir"
# The whole pipeline up to this phase changes nothing more.
hfc-opt "$dir/$phase.mlir" --hfc-cpu-pipeline=phase="$phase" | cmp - "$dir/$phase.mlir"
hfc-compile - -o "$dir/$phase.so" <"$dir/$phase.opt.mlir"
hfc-run "$dir/$phase.so" --weights="$model" --inputs="$model/reference.safetensors" --outputs="$dir/$phase.safetensors"
cmp "$dir/p.safetensors" "$dir/$phase.safetensors"
