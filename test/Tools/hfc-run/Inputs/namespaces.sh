#!/bin/sh
# Two hosts, as network namespaces joined by a cable, with two ranks each. usage: namespaces.sh ARGUMENTS-OF-hfc-run…
# Shows what rank 0 prints; the exit statuses to standard error. All namespaces end with the script.
[ "$HFC_IN_NAMESPACE" ] || HFC_IN_NAMESPACE=1 exec unshare -n -m sh "$0" "$@"
# The other namespace is that of a process.
unshare -n sleep 600 & other=$!
while [ "$(readlink /proc/$other/ns/net)" = "$(readlink /proc/self/ns/net)" ]; do sleep 0.02; done
ip link add name here0 type veth peer name there0 netns $other
ip address add 10.99.0.1/24 dev here0 && ip link set here0 up && ip link set lo up
nsenter -t $other -n sh -c 'ip address add 10.99.0.2/24 dev there0 && ip link set there0 up && ip link set lo up'
export MASTER_ADDR=10.99.0.1 MASTER_PORT=29500 WORLD_SIZE=4 LOCAL_WORLD_SIZE=2
pids=
for rank in 0 1 2 3; do
  enter=
  [ $rank -ge 2 ] && enter="nsenter -t $other -n"
  RANK=$rank $enter hfc-run "$@" > rank$rank.out 2> rank$rank.err &
  pids="$pids $!"
done
statuses=
for pid in $pids; do
  wait $pid
  statuses="$statuses $?"
done
kill $other
cat rank0.out
echo "statuses:$statuses" >&2
