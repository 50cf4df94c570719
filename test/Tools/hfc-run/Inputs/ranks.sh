#!/bin/sh
# Starts several processes of hfc-run under torchrun's variables, waits for all, and shows what rank 0 prints.
# usage: ranks.sh COUNT [KILLED:SECONDS] -- ARGUMENTS…     KILLED: a rank that is killed after some time
# Every rank's messages go to rankN.err; the exit statuses, in the order of ranks, to standard error.
count=$1; shift
killed=none
[ "$1" = -- ] || { killed=${1%:*}; after=${1#*:}; shift; }
shift
# A port of its own for each run: tests run side by side.
export MASTER_ADDR=${MASTER_ADDR:-localhost} MASTER_PORT=${MASTER_PORT:-$((20000 + $$ % 20000))} WORLD_SIZE=$count LOCAL_WORLD_SIZE=$count
pids=
rank=0
while [ $rank -lt $count ]; do
  RANK=$rank hfc-run "$@" > rank$rank.out 2> rank$rank.err &
  pids="$pids $!"
  [ $rank = $killed ] && victim=$!
  rank=$((rank + 1))
done
[ $killed = none ] || { sleep $after; kill -9 $victim; }
statuses=
for pid in $pids; do
  wait $pid
  statuses="$statuses $?"
done
cat rank0.out
echo "statuses:$statuses" >&2
