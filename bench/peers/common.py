# Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What all peers share: arguments, timing, and the one line of JSON that a peer prints."""
import argparse
import json
import statistics
import time

PEAK = 989e12  # dense bfloat16 FLOP/s of an H100 or H200, by the data sheet


def arguments(description):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("model", help="a folder with config.json, or that file")
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--seq", type=int, default=4096)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--warmup", type=int, default=3)
    parser.add_argument("--context", type=int, default=512, help="of decoding: tokens in the cache")
    return parser


def train_flops(config, batch, sequence):
    """Of a step: 6 a parameter of a product and token, and causal attention, 6 · layers · heads · head size · sequence a token."""
    hidden, layers, heads = config["hidden_size"], config["num_hidden_layers"], config["num_attention_heads"]
    size = config.get("head_dim") or hidden // heads
    keys = config.get("num_key_value_heads") or heads
    layer = hidden * size * (2 * heads + 2 * keys) + 3 * hidden * config["intermediate_size"]
    products = layers * layer + hidden * config["vocab_size"]
    return batch * sequence * (6 * products + 6 * layers * heads * size * sequence)


def median_seconds(run, wait, steps, warmup):
    """Median time of `run`, and how long the first took: with whatever it compiles."""
    begin = time.perf_counter()
    run()
    wait()
    cold = time.perf_counter() - begin
    for _ in range(warmup):
        run()
    wait()
    times = []
    for _ in range(steps):
        begin = time.perf_counter()
        run()
        wait()
        times.append(time.perf_counter() - begin)
    return statistics.median(times), cold


def report(name, seconds, cold, **more):
    print(json.dumps({"peer": name, "milliseconds": round(seconds * 1e3, 3), "first_seconds": round(cold, 2), **more}), flush=True)
