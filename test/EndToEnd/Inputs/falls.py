#!/usr/bin/env python3
"""Checks in the log of a training run that the loss falls. usage: falls.py LOG.jsonl FIRST_AT_LEAST LAST_AT_MOST"""
import json
import sys

losses = [json.loads(line)["loss"] for line in open(sys.argv[1])]
first, last = losses[0], sum(losses[-3:]) / 3
print(f"{len(losses)} steps, loss {first:.3f} to {last:.3f}")
sys.exit(0 if first >= float(sys.argv[2]) and last <= float(sys.argv[3]) else 1)
