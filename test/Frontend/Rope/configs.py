"""Writes one Llama config for each rotary type. usage: configs.py OUT_DIR"""
import json
import pathlib
import sys

BASE = {"model_type": "llama", "architectures": ["LlamaForCausalLM"], "hidden_size": 64, "intermediate_size": 160,
        "num_hidden_layers": 1, "num_attention_heads": 4, "vocab_size": 256, "max_position_embeddings": 128}
YARN = {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 64}
CONFIGS = {
    "linear": {"rope_scaling": {"type": "linear", "factor": 4}, "rope_theta": 10000.0},
    "linear-5": {"rope_parameters": {"rope_type": "linear", "factor": 4.0, "rope_theta": 10000.0}},
    "llama3": {"rope_theta": 500000.0, "rope_scaling": {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0,
               "high_freq_factor": 4.0, "original_max_position_embeddings": 32}},
    "yarn": {"rope_scaling": YARN},
    "yarn-scaled": {"rope_scaling": dict(YARN, beta_fast=16, beta_slow=2, truncate=False, mscale=0.7, mscale_all_dim=0.9)},
    "yarn-attention": {"rope_scaling": dict(YARN, attention_factor=1.25, beta_fast=None)},
    "dynamic": {"rope_scaling": {"type": "dynamic", "factor": 2.0}},
}

out = pathlib.Path(sys.argv[1])
out.mkdir(parents=True, exist_ok=True)
for name, rope in CONFIGS.items():
    (out / f"{name}.json").write_text(json.dumps(BASE | rope))
