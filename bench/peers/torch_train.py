#!/usr/bin/env python3
# Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A training step of transformers in PyTorch: SDPA, bfloat16 autocast over float32 parameters, fused AdamW; eager, compiled,
data-parallel (--parallel=ddp) or tensor-parallel (--parallel=tp), under torchrun."""
import os

import torch
import torch.distributed
import transformers
from common import PEAK, arguments, median_seconds, report, train_flops


def shard(model, mesh):
    from torch.distributed.tensor.parallel import ColwiseParallel, RowwiseParallel, parallelize_module

    plan = {}
    for name in ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "mlp.gate_proj", "mlp.up_proj"):
        plan[f"model.layers.*.{name}"] = ColwiseParallel()
    for name in ("self_attn.o_proj", "mlp.down_proj"):
        plan[f"model.layers.*.{name}"] = RowwiseParallel()
    return parallelize_module(model, mesh, plan)


def main():
    parser = arguments(__doc__)
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--parallel", choices=["none", "ddp", "tp"], default="none")
    options = parser.parse_args()
    rank, ranks = int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))
    torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", 0)))
    if ranks > 1:
        torch.distributed.init_process_group("nccl")
    torch.manual_seed(1 + rank * (options.parallel == "ddp"))
    torch.set_float32_matmul_precision("high")
    config = transformers.AutoConfig.from_pretrained(options.model)
    config.use_cache = False
    with torch.device("cuda"):
        model = transformers.AutoModelForCausalLM.from_config(config, attn_implementation="sdpa", dtype=torch.float32)
    batch = options.batch
    if options.parallel == "tp":
        model = shard(model, torch.distributed.device_mesh.init_device_mesh("cuda", (ranks,)))
    if options.compile:
        model.compile()
    whole = model
    if options.parallel == "ddp":
        batch //= ranks
        whole = torch.nn.parallel.DistributedDataParallel(model, gradient_as_bucket_view=True)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, fused=options.parallel != "tp", foreach=options.parallel == "tp")
    ids = torch.randint(config.vocab_size, (batch, options.seq), device="cuda")

    def step():
        with torch.autocast("cuda", dtype=torch.bfloat16):
            loss = whole(input_ids=ids, labels=ids).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)

    seconds, cold = median_seconds(step, torch.cuda.synchronize, options.steps, options.warmup)
    if rank == 0:
        tokens = options.batch * options.seq / seconds
        flops = train_flops(config.to_dict(), options.batch, options.seq)
        report(f"torch {'compile' if options.compile else 'eager'}" + (f" {options.parallel}={ranks}" if ranks > 1 else ""), seconds, cold,
               tokens_per_second=round(tokens), mfu=round(flops / seconds / PEAK / ranks, 4),
               gigabytes=round(torch.cuda.max_memory_allocated() / 1e9, 2), device=torch.cuda.get_device_name(),
               versions={"torch": torch.__version__, "transformers": transformers.__version__})
    if ranks > 1:
        torch.distributed.destroy_process_group()


main()
