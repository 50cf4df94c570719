#!/usr/bin/env python3
"""An independent forward of a Llama checkpoint with greedy decoding, in numpy and nothing else, to compare with.

usage: reference_llama.py FOLDER PROMPT_IDS NEW_TOKENS      as in: reference_llama.py smollm2 1,504,3575 64

Prints the ids of prompt and continuation. Written from the definition of the model, without a cache of anything but
keys and values; float64 where it is cheap (norms, softmax), float32 in the products.
"""
import json
import pathlib
import struct
import sys

import numpy as np


def read_safetensors(path):
    data = np.memmap(path, dtype=np.uint8, mode="r")
    length, = struct.unpack("<Q", data[:8].tobytes())
    header = json.loads(data[8:8 + length].tobytes())
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        begin, end = (8 + length + each for each in entry["data_offsets"])
        if entry["dtype"] != "F32":
            sys.exit(f"{name}: this reference reads F32 only")
        tensors[name] = data[begin:end].view("<f4").reshape(entry["shape"])
    return tensors


def rms_norm(x, weight, eps):
    wide = x.astype(np.float64)
    return (weight * wide / np.sqrt((wide**2).mean(-1, keepdims=True) + eps)).astype(np.float32)


def silu(x):
    return x / (1 + np.exp(-x))


class Llama:
    def __init__(self, folder):
        folder = pathlib.Path(folder)
        self.config = json.loads((folder / "config.json").read_text())
        self.weights = read_safetensors(folder / "model.safetensors")
        self.heads, self.kv_heads = self.config["num_attention_heads"], self.config["num_key_value_heads"]
        self.head_dim = self.config.get("head_dim") or self.config["hidden_size"] // self.heads
        self.cache = {}

    def linear(self, x, name):
        return x @ self.weights[name + ".weight"].T

    def rotate(self, x, positions):
        """x: [tokens, heads, head_dim]; the two halves of a head are the two coordinates that turn."""
        half = self.head_dim // 2
        frequencies = self.config["rope_theta"] ** (-np.arange(half) / half)
        angles = positions[:, None, None] * frequencies
        cos, sin = np.cos(angles), np.sin(angles)
        first, second = x[..., :half], x[..., half:]
        return np.concatenate([first * cos - second * sin, second * cos + first * sin], -1).astype(np.float32)

    def attention(self, x, layer, positions):
        name = f"model.layers.{layer}.self_attn."
        split = lambda y, heads: y.reshape(len(x), heads, self.head_dim)
        query = self.rotate(split(self.linear(x, name + "q_proj"), self.heads), positions)
        key = self.rotate(split(self.linear(x, name + "k_proj"), self.kv_heads), positions)
        value = split(self.linear(x, name + "v_proj"), self.kv_heads)
        if layer in self.cache:
            key = np.concatenate([self.cache[layer][0], key])
            value = np.concatenate([self.cache[layer][1], value])
        self.cache[layer] = key, value
        out = np.empty_like(query)
        hidden = np.arange(len(key)) > positions[:, None]
        for head in range(self.heads):
            shared = head // (self.heads // self.kv_heads)
            scores = (query[:, head] @ key[:, shared].T).astype(np.float64) / np.sqrt(self.head_dim)
            scores[hidden] = -np.inf
            scores = np.exp(scores - scores.max(-1, keepdims=True))
            out[:, head] = (scores / scores.sum(-1, keepdims=True)) @ value[:, shared]
        return self.linear(out.reshape(len(x), -1), name + "o_proj")

    def forward(self, tokens, past):
        eps, positions = self.config["rms_norm_eps"], np.arange(past, past + len(tokens))
        x = np.array(self.weights["model.embed_tokens.weight"][tokens])
        for layer in range(self.config["num_hidden_layers"]):
            name = f"model.layers.{layer}."
            x = x + self.attention(rms_norm(x, self.weights[name + "input_layernorm.weight"], eps), layer, positions)
            y = rms_norm(x, self.weights[name + "post_attention_layernorm.weight"], eps)
            y = silu(self.linear(y, name + "mlp.gate_proj")) * self.linear(y, name + "mlp.up_proj")
            x = x + self.linear(y, name + "mlp.down_proj")
        x = rms_norm(x[-1], self.weights["model.norm.weight"], eps)
        return self.linear(x, "model.embed_tokens" if self.config["tie_word_embeddings"] else "lm_head")


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    model, tokens, new = Llama(sys.argv[1]), [int(each) for each in sys.argv[2].split(",")], int(sys.argv[3])
    logits, past = model.forward(tokens, 0), len(tokens)
    for _ in range(new):
        tokens.append(int(np.argmax(logits)))
        logits, past = model.forward(tokens[-1:], past), past + 1
    print(",".join(map(str, tokens)))


if __name__ == "__main__":
    main()
