#!/usr/bin/env bash
# Makes faults in models × meshes, and sees whether the compiler's checks find them: docs/verification.md.
# usage: scripts/mutation_suite.sh BUILD_DIR GOLDENS_DIR RESULTS_DIR [FAULTS_PER_PROGRAM] [SEED]
# Writes RESULTS_DIR/mutants.csv, a row a fault, and prints a table by kind; exits with 1 if a fault was not found, or
# what is right was called wrong.
set -uo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
build=$1 goldens=$2 results=$3 most=${4:-60} seed=${5:-1}
mkdir -p "$results"
rm -f "$results"/mutants-*.csv

sequence_parallel='megatron{sequence-parallel=on zero=0}' both='megatron{sequence-parallel=on zero=1}' zero='megatron{sequence-parallel=off zero=1}'

programs() { # one a line: the golden, and options
  cat <<END
qwen2 --task=train --mesh=dp=2,tp=2 --batch=4 --seq=8 --micro-batches=2 --partitioner=$both
qwen2 --task=train --mesh=dp=2,tp=4 --batch=4 --seq=8 --partitioner=$sequence_parallel
qwen2 --task=forward --mesh=tp=2 --batch=2 --seq=8
qwen2 --task=generate --mesh=dp=2,tp=2 --batch=2 --seq=16
llama --task=train --mesh=dp=2 --batch=4 --seq=8 --partitioner=$zero
llama --task=generate --mesh=tp=4 --batch=2 --seq=16
gemma2 --task=train --mesh=dp=2,tp=2 --batch=4 --seq=10 --partitioner=$zero
gpt2 --task=train --mesh=tp=4 --batch=4 --seq=10 --partitioner=$both
phi3 --task=train --mesh=tp=2 --batch=2 --seq=10 --recompute=full --partitioner=$sequence_parallel
qwen3-moe --task=train --mesh=tp=4 --batch=4 --seq=12
siglip-vision --task=train --mesh=dp=2,tp=2 --batch=4 --partitioner=$both
clip-vision --task=forward --mesh=dp=2,tp=4 --batch=4
END
}

number=0
while IFS= read -r line; do
  number=$((number + 1))
  golden=${line%% *} text=${line#* } options=()
  while IFS= read -r option; do options+=("--${option% }"); done < <(printf '%s' "${text#--}" | sed 's/ --/\n/g'; echo)
  echo "$line"
  "$build/bin/hfc-mutate" "$goldens/$golden" "${options[@]}" --max="$most" --seed="$seed" \
    --csv="$results/mutants-$number.csv" | grep -E '^(survived|false alarm|[0-9]+ faults)'
done < <(programs)
head -n 1 "$results/mutants-1.csv" >"$results/mutants.csv"
for file in "$results"/mutants-*.csv; do tail -n +2 "$file"; done >>"$results/mutants.csv"
python3 "$root/scripts/summarize_mutants.py" "$results/mutants.csv"
