#!/usr/bin/env python3
"""Kills one rank of a program at a random moment, again and again: the others must end, soon, with its number.

usage: kill_ranks.py TIMES RANKS PROGRAM [option...]     the ranks are processes over TCP
"""
import os
import random
import socket
import subprocess
import sys
import time

LIMIT = 30


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def start(ranks, command):
    common = {**os.environ, "WORLD_SIZE": str(ranks), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": free_port()}
    return [subprocess.Popen(command, env={**common, "RANK": str(rank)}, stdout=subprocess.DEVNULL,
                             stderr=subprocess.PIPE, text=True) for rank in range(ranks)]


def kill_one(processes, victim):
    """What is wrong with how the others end."""
    processes[victim].kill()
    wrong = []
    for rank, process in enumerate(processes):
        try:
            message = process.communicate(timeout=LIMIT)[1].strip()
        except subprocess.TimeoutExpired:
            process.kill()
            wrong.append(f"rank {rank} was still there {LIMIT} s after rank {victim} was killed")
            continue
        if rank != victim and (process.returncode != 1 or f"rank {victim} ended" not in message):
            wrong.append(f"rank {victim} was killed; rank {rank} ended with {process.returncode}: {message}")
    return wrong


def main():
    times, ranks, command = int(sys.argv[1]), int(sys.argv[2]), ["hfc-run", *sys.argv[3:]]
    wrong = []
    for _ in range(times):
        processes = start(ranks, command)
        time.sleep(1 + random.random())
        wrong += kill_one(processes, random.randrange(ranks))
    print("\n".join(wrong) or f"{times} of {times} as they should be")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
