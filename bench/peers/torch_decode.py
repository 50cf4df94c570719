#!/usr/bin/env python3
# Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A token of greedy decoding at --context, and a prefill of --seq tokens, in bfloat16 on one GPU: transformers with a compiled static
cache, or (--plain) a decoder written as gpt-fast is: static cache, one graph for a token, fused QKV and gate/up."""
import json
import pathlib

import torch
import transformers
from common import arguments, median_seconds, report


class Layer(torch.nn.Module):
    def __init__(self, c):
        super().__init__()
        self.heads, self.keys = c["num_attention_heads"], c["num_key_value_heads"]
        self.size = c.get("head_dim") or c["hidden_size"] // self.heads
        hidden, inner = c["hidden_size"], c["intermediate_size"]
        self.qkv = torch.nn.Linear(hidden, (self.heads + 2 * self.keys) * self.size, bias=True)
        self.out = torch.nn.Linear(self.heads * self.size, hidden, bias=False)
        self.gate_up = torch.nn.Linear(hidden, 2 * inner, bias=False)
        self.down = torch.nn.Linear(inner, hidden, bias=False)
        self.first, self.second = (torch.nn.RMSNorm(hidden, eps=c["rms_norm_eps"]) for _ in range(2))

    def forward(self, x, cos, sin, cache, position, mask):
        batch, count, _ = x.shape
        q, k, v = self.qkv(self.first(x)).split([self.heads * self.size, self.keys * self.size, self.keys * self.size], dim=-1)
        q, k, v = (each.view(batch, count, -1, self.size).transpose(1, 2) for each in (q, k, v))
        q, k = rotate(q, cos, sin), rotate(k, cos, sin)
        cache[0].index_copy_(2, position, k)
        cache[1].index_copy_(2, position, v)
        y = torch.nn.functional.scaled_dot_product_attention(q, cache[0], cache[1], attn_mask=mask, enable_gqa=True)
        x = x + self.out(y.transpose(1, 2).reshape(batch, count, -1))
        gate, up = self.gate_up(self.second(x)).chunk(2, dim=-1)
        return x + self.down(torch.nn.functional.silu(gate) * up)


def rotate(x, cos, sin):
    a, b = x.chunk(2, dim=-1)
    return torch.cat((a * cos - b * sin, b * cos + a * sin), dim=-1)


class Decoder(torch.nn.Module):
    def __init__(self, c, capacity):
        super().__init__()
        self.embed = torch.nn.Embedding(c["vocab_size"], c["hidden_size"])
        self.layers = torch.nn.ModuleList(Layer(c) for _ in range(c["num_hidden_layers"]))
        self.norm = torch.nn.RMSNorm(c["hidden_size"], eps=c["rms_norm_eps"])
        self.head = torch.nn.Linear(c["hidden_size"], c["vocab_size"], bias=False)
        if c.get("tie_word_embeddings"):
            self.head.weight = self.embed.weight
        size = self.layers[0].size
        base = c.get("rope_theta") or c["rope_parameters"]["rope_theta"]
        angles = torch.outer(torch.arange(capacity), base ** (-torch.arange(0, size, 2) / size))
        self.register_buffer("cos", angles.cos()), self.register_buffer("sin", angles.sin())
        shape = (2, 1, self.layers[0].keys, capacity, size)
        self.caches = [torch.zeros(shape, device="cuda", dtype=torch.bfloat16) for _ in self.layers]
        self.register_buffer("places", torch.arange(capacity))

    def forward(self, ids, position):
        mask = (self.places[None] <= position[:, None])[None, None]
        cos, sin = self.cos[position], self.sin[position]
        x = self.embed(ids)
        for layer, cache in zip(self.layers, self.caches):
            x = layer(x, cos, sin, cache, position, mask)
        return self.head(self.norm(x[:, -1:])).argmax(-1)


def plain(options):
    file = pathlib.Path(options.model)
    config = json.loads((file / "config.json" if file.is_dir() else file).read_text())
    with torch.device("cuda"):
        model = Decoder(config, options.context + 256).to(torch.bfloat16)
    step = torch.compile(model, mode="reduce-overhead", fullgraph=True)
    state = {"ids": torch.ones(1, 1, device="cuda", dtype=torch.long), "at": torch.tensor([options.context], device="cuda")}

    def run():
        state["ids"] = step(state["ids"], state["at"]).clone()

    return run, "torch, gpt-fast's way"


def with_transformers(options):
    config = transformers.AutoConfig.from_pretrained(options.model)
    with torch.device("cuda"):
        model = transformers.AutoModelForCausalLM.from_config(config, attn_implementation="sdpa", dtype=torch.bfloat16).eval()
    cache = transformers.StaticCache(config=config, max_cache_len=options.context + 256)
    forward = torch.compile(model.forward, mode="reduce-overhead", fullgraph=True)
    ids = torch.ones(1, 1, device="cuda", dtype=torch.long)
    at = torch.tensor([options.context], device="cuda")
    model(torch.ones(1, options.context, device="cuda", dtype=torch.long), past_key_values=cache,
          cache_position=torch.arange(options.context, device="cuda"))

    def run():
        forward(ids, past_key_values=cache, cache_position=at, use_cache=True).logits.argmax(-1).clone()

    return run, "transformers compile, static cache"


def prefill(options):
    config = transformers.AutoConfig.from_pretrained(options.model)
    with torch.device("cuda"):
        model = transformers.AutoModelForCausalLM.from_config(config, attn_implementation="sdpa", dtype=torch.bfloat16).eval()
    model.compile()
    ids = torch.randint(config.vocab_size, (1, options.seq), device="cuda")
    return lambda: model(ids, use_cache=True, logits_to_keep=1), "transformers compile, prefill"


def main():
    parser = arguments(__doc__)
    parser.add_argument("--plain", action="store_true")
    parser.add_argument("--prefill", action="store_true")
    options = parser.parse_args()
    with torch.no_grad():
        run, name = (plain if options.plain else prefill if options.prefill else with_transformers)(options)
        seconds, cold = median_seconds(run, torch.cuda.synchronize, options.steps, options.warmup)
    report(name, seconds, cold, device=torch.cuda.get_device_name(), gigabytes=round(torch.cuda.max_memory_allocated() / 1e9, 2),
           versions={"torch": torch.__version__, "transformers": transformers.__version__})


main()
