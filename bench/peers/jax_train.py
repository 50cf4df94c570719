#!/usr/bin/env python3
# Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A training step of a Qwen2-like decoder through jax.jit: XLA's kernels, cuDNN's attention, bfloat16 over float32 masters and
moments, AdamW in the same program, on one GPU."""
import functools
import json
import pathlib

import jax
import jax.numpy as jnp
from common import PEAK, arguments, median_seconds, report, train_flops


def initial(config, key):
    hidden, heads, keys = config["hidden_size"], config["num_attention_heads"], config["num_key_value_heads"]
    size, inner = config.get("head_dim") or hidden // heads, config["intermediate_size"]
    shapes = {"q": (hidden, heads, size), "k": (hidden, keys, size), "v": (hidden, keys, size), "o": (heads, size, hidden),
              "gate": (hidden, inner), "up": (hidden, inner), "down": (inner, hidden)}
    layers = config["num_hidden_layers"]
    draws = jax.random.split(key, len(shapes) + 2)
    stacked = {name: 0.02 * jax.random.normal(draw, (layers, *shape)) for (name, shape), draw in zip(shapes.items(), draws)}
    stacked |= {name: jnp.zeros((layers, *shapes[name[0]][1:])) for name in ("q_bias", "k_bias", "v_bias")}
    stacked |= {"first": jnp.ones((layers, hidden)), "second": jnp.ones((layers, hidden))}
    whole = {"layers": stacked, "embed": 0.02 * jax.random.normal(draws[-1], (config["vocab_size"], hidden)), "norm": jnp.ones(hidden)}
    if not config.get("tie_word_embeddings"):
        whole["head"] = 0.02 * jax.random.normal(draws[-2], (config["vocab_size"], hidden))
    return whole


def norm(x, weight, epsilon):
    wide = x.astype(jnp.float32)
    return (wide * jax.lax.rsqrt(jnp.mean(wide * wide, -1, keepdims=True) + epsilon) * weight).astype(x.dtype)


def rotate(x, cos, sin):
    a, b = jnp.split(x.astype(jnp.float32), 2, axis=-1)
    return jnp.concatenate((a * cos - b * sin, b * cos + a * sin), -1).astype(x.dtype)


def layer(x, p, cos, sin, epsilon):
    y = norm(x, p["first"], epsilon)
    q, k, v = (jnp.einsum("bsh,hnd->bsnd", y, p[name]) + p[name + "_bias"] for name in "qkv")
    y = jax.nn.dot_product_attention(rotate(q, cos, sin), rotate(k, cos, sin), v, is_causal=True, implementation="cudnn")
    x = x + jnp.einsum("bsnd,ndh->bsh", y, p["o"])
    y = norm(x, p["second"], epsilon)
    return x + (jax.nn.silu(y @ p["gate"]) * (y @ p["up"])) @ p["down"]


def loss_of(parameters, ids, config):
    half = jax.tree.map(lambda each: each.astype(jnp.bfloat16), parameters)
    size = config.get("head_dim") or config["hidden_size"] // config["num_attention_heads"]
    base = config.get("rope_theta") or config["rope_parameters"]["rope_theta"]
    angles = jnp.outer(jnp.arange(ids.shape[1]), base ** (-jnp.arange(0, size, 2) / size))[None, :, None]
    x = half["embed"][ids]
    for i in range(config["num_hidden_layers"]):
        x = layer(x, {name: each[i] for name, each in half["layers"].items()}, jnp.cos(angles), jnp.sin(angles), config["rms_norm_eps"])
    x = norm(x, half["norm"], config["rms_norm_eps"])
    logits = (x @ half.get("head", half["embed"]).T)[:, :-1].astype(jnp.float32)
    chosen = jnp.take_along_axis(logits, ids[:, 1:, None], -1)[..., 0]
    return jnp.mean(jax.nn.logsumexp(logits, -1) - chosen)


@functools.partial(jax.jit, static_argnums=3, donate_argnums=(0, 1))
def step(parameters, moments, ids, config):
    loss, gradients = jax.value_and_grad(loss_of)(parameters, ids, json.loads(config))
    count = moments["count"] + 1
    first = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, moments["first"], gradients)
    second = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, moments["second"], gradients)

    def update(p, m, v):
        return p * (1 - 1e-6) - 1e-4 * (m / (1 - 0.9**count)) / (jnp.sqrt(v / (1 - 0.999**count)) + 1e-8)

    return jax.tree.map(update, parameters, first, second), {"first": first, "second": second, "count": count}, loss


def main():
    options = arguments(__doc__).parse_args()
    file = pathlib.Path(options.model)
    config = json.loads((file / "config.json" if file.is_dir() else file).read_text())
    parameters = jax.jit(functools.partial(initial, config))(jax.random.key(1))
    zeros = jax.tree.map(jnp.zeros_like, parameters)
    state = [parameters, {"first": zeros, "second": jax.tree.map(jnp.copy, zeros), "count": jnp.zeros((), jnp.int32)}, None]
    del parameters, zeros
    ids = jax.random.randint(jax.random.key(2), (options.batch, options.seq), 0, config["vocab_size"])
    text = json.dumps(config)

    def run():
        state[:] = step(state[0], state[1], ids, text)

    seconds, cold = median_seconds(run, lambda: state[2].block_until_ready(), options.steps, options.warmup)
    flops = train_flops(config, options.batch, options.seq)
    report("XLA through jax.jit", seconds, cold, tokens_per_second=round(options.batch * options.seq / seconds), mfu=round(flops / seconds / PEAK, 4),
           gigabytes=round(jax.devices()[0].memory_stats()["peak_bytes_in_use"] / 1e9, 2), device=jax.devices()[0].device_kind,
           versions={"jax": jax.__version__})


main()
