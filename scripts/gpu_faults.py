#!/usr/bin/env python3
# Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What goes wrong with GPUs, made to happen: checks of scripts/test-gpu.sh.

gpu_faults.py kill --times=N --ranks=N --weights=WEIGHTS --save=DIR -- hfc-run PROGRAM option...
    Trains, a process for each rank, saves now and then, and kills one rank at a random moment, again and again: the others end
    within the timeout and name it, and training goes on from the last checkpoint.
gpu_faults.py refused PATTERN [NAME=VALUE...] -- command...
    With these variables the command ends with 2 and one message, in which the pattern is found.
"""
import argparse
import json
import os
import pathlib
import random
import re
import shutil
import socket
import subprocess
import sys
import time

TIMEOUT = 30
# Seconds beyond a rank's timeout in which it must have ended, and in which training must have begun.
GRACE, START = 10, 300


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def start(ranks, command):
    common = {**os.environ, "WORLD_SIZE": str(ranks), "LOCAL_WORLD_SIZE": str(ranks), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": free_port()}
    return [subprocess.Popen(command, env={**common, "RANK": str(rank), "LOCAL_RANK": str(rank)}, stdout=subprocess.DEVNULL,
                             stderr=subprocess.PIPE, text=True) for rank in range(ranks)]


def steps_in(log):
    return len(log.read_text().splitlines()) if log.exists() else 0


def await_steps(processes, log, steps):
    """Whether training came so far."""
    end = time.time() + START
    while time.time() < end and all(process.poll() is None for process in processes):
        if steps_in(log) >= steps:
            return True
        time.sleep(0.01)
    return False


def end_all(processes, victim, limit):
    """What is wrong with how ranks end: all by themselves, those beside a victim with its number."""
    wrong, last = [], time.time() + limit
    for rank, process in enumerate(processes):
        try:
            message = process.communicate(timeout=max(last - time.time(), 0.1))[1].strip()
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            wrong.append(f"rank {rank} was still there after {limit} s")
            continue
        expected = process.returncode == 0 if victim is None else process.returncode == 1 and f"rank {victim} ended" in message
        if rank != victim and not expected:
            wrong.append(f"rank {rank} ended with {process.returncode}: {message}")
    return wrong


def kill_once(options, log):
    every = 5
    shutil.rmtree(options.save, ignore_errors=True)
    log.unlink(missing_ok=True)
    command = [*options.command, f"--log={log}", f"--save={options.save}", f"--timeout={TIMEOUT}"]
    processes = start(options.ranks, [*command, f"--weights={options.weights}", f"--save-every={every}", "--steps=1000000"])
    victim = random.randrange(options.ranks)
    if not await_steps(processes, log, random.randrange(2 * every, 8 * every)):
        for process in processes:
            process.kill()
        return [f"training did not begin: {process.communicate()[1].strip()}" for process in processes]
    time.sleep(random.random() / 10)
    processes[victim].kill()
    wrong = end_all(processes, victim, TIMEOUT + GRACE)
    if wrong:
        return [f"rank {victim} was killed; {each}" for each in wrong]
    steps = steps_in(log) + 2
    resumed = start(options.ranks, [*command, f"--resume={options.save}", f"--steps={steps}"])
    wrong = end_all(resumed, None, START)
    if not wrong and json.loads(log.read_text().splitlines()[-1])["step"] != steps:
        wrong = [f"it did not go on to step {steps}"]
    return [f"from the last checkpoint: {each}" for each in wrong]


def kill(options):
    log = options.save.with_suffix(".jsonl")
    wrong = [each for _ in range(options.times) for each in kill_once(options, log)]
    print("\n".join(wrong) or f"{options.times} of {options.times} as they should be")
    return 1 if wrong else 0


def refused(options):
    variables = dict(each.split("=", 1) for each in options.variables)
    result = subprocess.run(options.command, env={**os.environ, **variables}, capture_output=True, text=True, timeout=START)
    messages = [line for line in result.stderr.splitlines() if line.startswith("hfc-run:")]
    print(f"ended with {result.returncode}:", result.stderr.strip())
    return 0 if result.returncode == 2 and len(messages) == 1 and re.search(options.pattern, result.stderr) else 1


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(required=True)
    killing = verbs.add_parser("kill")
    killing.add_argument("--times", type=int, default=10)
    killing.add_argument("--ranks", type=int, required=True)
    killing.add_argument("--weights", required=True)
    killing.add_argument("--save", type=pathlib.Path, required=True)
    killing.set_defaults(run=kill)
    refusing = verbs.add_parser("refused")
    refusing.add_argument("pattern")
    refusing.add_argument("variables", nargs="*")
    refusing.set_defaults(run=refused)
    if "--" not in sys.argv:
        parser.error("no command; it stands behind --")
    at = sys.argv.index("--")
    options = parser.parse_args(sys.argv[1:at])
    options.command = sys.argv[at + 1:]
    return options.run(options)


if __name__ == "__main__":
    sys.exit(main())
