#!/usr/bin/env python3
"""Makes the tiny Hugging Face checkpoints of test/Goldens, with what transformers computes from them.

usage: make_goldens.py OUT_DIR [--gradients] [name ...]     (needs torch, transformers, safetensors)

Every case is a checkpoint folder of random float32 weights (config.json, model.safetensors) and a
reference.safetensors: inputs, outputs and loss, and with --gradients the gradient of every parameter, in eager
attention, float32, on the CPU. Language models also carry a prompt and its greedy continuation.
test/Goldens keeps the gradients of `qwen2` and `option-llava` only, to stay small. Add a case by adding a line to CASES.
"""
import os
import sys

import torch
import transformers as T
from safetensors.torch import save_file

LM, VISION = "causal-lm", "vision"
COMMON = dict(vocab_size=256, hidden_size=64, intermediate_size=160, num_hidden_layers=2, num_attention_heads=4,
              max_position_embeddings=128, bos_token_id=1, eos_token_id=2, pad_token_id=0)
TOWER = dict(hidden_size=64, intermediate_size=160, num_hidden_layers=2, num_attention_heads=4, image_size=32,
             patch_size=8)
LLAMA3 = {"rope_type": "llama3", "rope_theta": 500000.0, "factor": 8.0, "low_freq_factor": 1.0,
          "high_freq_factor": 4.0, "original_max_position_embeddings": 32}


# Cases that only show one option of a config are smaller still.
SMALL = {**COMMON, **dict(vocab_size=64, hidden_size=16, intermediate_size=24, num_attention_heads=2)}
SMALL_TOWER = {**TOWER, **dict(hidden_size=18, intermediate_size=20, num_attention_heads=3)}
FACTORS = {"short_factor": [1.0, 1.2, 1.4, 1.6], "long_factor": [2.0, 2.5, 3.0, 3.5]}


def lm(config, **options):
    return LM, lambda: getattr(T, config)(**{**COMMON, **options})


def small(config, rope=None, **options):
    if rope:
        options["rope_parameters"] = {"rope_theta": 10000.0, **rope}
    return LM, lambda: getattr(T, config)(**{**SMALL, "num_key_value_heads": 1, **options})


def llava(**options):
    """A tower of CLIP, whose last two layers are read, and a language model of Qwen2."""
    vision = T.CLIPVisionConfig(**{**SMALL_TOWER, "image_size": 8, "patch_size": 4, "projection_dim": 12})
    text = T.Qwen2Config(**{**SMALL, "num_key_value_heads": 1, "num_hidden_layers": 1})
    return LM, lambda: T.LlavaConfig(vision_config=vision, text_config=text, image_token_index=63, image_seq_length=4,
                                     vision_feature_layer=[-2, -1], **options)


CASES = {
    "qwen2": (*lm("Qwen2Config", num_key_value_heads=2, tie_word_embeddings=True), {}),
    "qwen2-untied": (*lm("Qwen2Config", num_key_value_heads=4, tie_word_embeddings=False, rope_theta=1e6), {}),
    "qwen2-padded": (*lm("Qwen2Config", num_key_value_heads=2), {"pad": True}),
    "qwen2-packed": (*lm("Qwen2Config", num_key_value_heads=2), {"pack": True}),
    "qwen2-embeds": (*lm("Qwen2Config", num_key_value_heads=2), {"embeds": True}),
    "llama": (*lm("LlamaConfig", num_key_value_heads=2), {}),
    "llama3-rope": (*lm("LlamaConfig", num_key_value_heads=2, rope_parameters=LLAMA3), {}),
    "gpt2": (LM, lambda: T.GPT2Config(vocab_size=256, n_embd=64, n_layer=2, n_head=4, n_positions=128, resid_pdrop=0.,
                                      embd_pdrop=0., attn_pdrop=0.), {}),
    "phi3": (*lm("Phi3Config", num_key_value_heads=2), {}),
    "gemma2": (*lm("Gemma2Config", num_key_value_heads=2, head_dim=16, query_pre_attn_scalar=16, sliding_window=8), {}),
    "qwen3-moe": (*lm("Qwen3MoeConfig", num_key_value_heads=2, head_dim=16, moe_intermediate_size=48, num_experts=8,
                      num_experts_per_tok=2, norm_topk_prob=True, decoder_sparse_step=1), {}),
    "option-window": (*small("Qwen2Config", use_sliding_window=True, sliding_window=8, max_window_layers=1), {}),
    "option-bias": (*small("LlamaConfig", attention_bias=True, mlp_bias=True, tie_word_embeddings=True, head_dim=12,
                           hidden_act="gelu_new"), {}),
    "option-linear": (*small("LlamaConfig", {"rope_type": "linear", "factor": 4.0}), {}),
    "option-dynamic": (*small("LlamaConfig", {"rope_type": "dynamic", "factor": 2.0}, max_position_embeddings=16), {}),
    "option-yarn": (*small("LlamaConfig", {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32,
                                           "beta_fast": 16.0, "mscale": 0.8, "mscale_all_dim": 0.5}), {}),
    "option-longrope": (*small("LlamaConfig", {"rope_type": "longrope", "original_max_position_embeddings": 16,
                                               **FACTORS}), {}),
    "option-partial-rotary": (*small("Phi3Config", {"rope_type": "default", "partial_rotary_factor": 0.5}), {}),
    "option-no-head": (VISION, lambda: T.SiglipVisionConfig(**{**SMALL_TOWER, "image_size": 32, "patch_size": 10,
                                                               "vision_use_head": False, "hidden_act": "gelu"}), {}),
    "option-llava": (*llava(vision_feature_select_strategy="default"), {"images": 4}),
    "siglip-vision": (VISION, lambda: T.SiglipVisionConfig(**TOWER), {}),
    "clip-vision": (VISION, lambda: T.CLIPVisionConfig(**TOWER, projection_dim=48), {}),
}
TOWER_CLASSES = {"siglip_vision_model": "SiglipVisionModel", "clip_vision_model": "CLIPVisionModel"}


def randomise(model, generator):
    for name, parameter in model.named_parameters():
        noise = torch.randn(parameter.shape, generator=generator)
        is_norm = parameter.ndim <= 1 and name.endswith("weight") and ("norm" in name.lower() or "ln" in name.lower())
        with torch.no_grad():
            parameter.copy_(1.0 + 0.1 * noise if is_norm else 0.08 * noise)


def build(kind, config):
    config._attn_implementation = "eager"
    if kind == LM:
        if config.model_type == "llava":
            return T.LlavaForConditionalGeneration._from_config(config, attn_implementation="eager")
        return T.AutoModelForCausalLM.from_config(config, attn_implementation="eager", dtype=torch.float32)
    return getattr(T, TOWER_CLASSES[config.model_type])._from_config(config, attn_implementation="eager")


def language_inputs(config, options, generator, batch=2, sequence=24):
    ids = torch.randint(3, config.get_text_config().vocab_size - 1, (batch, sequence), generator=generator)
    labels, extra = ids.clone(), {}
    labels[0, :3] = -100
    if "pad" in options:
        mask = torch.ones(batch, sequence, dtype=torch.long)
        mask[0, :5] = 0
        mask[1, -4:] = 0
        ids[mask == 0] = 0
        labels[mask == 0] = -100
        labels[:, 1:][mask[:, :-1] == 0] = -100  # nothing is predicted from a masked position
        extra = {"attention_mask": mask, "position_ids": (mask.cumsum(-1) - 1).clamp(min=0)}
    if "images" in options:
        side = config.vision_config.image_size
        for row, begin in enumerate((2, 5)):
            ids[row, begin:begin + options["images"]] = config.image_token_index
            labels[row, begin:begin + options["images"]] = -100
        extra = {"pixel_values": torch.randn(batch, 3, side, side, generator=generator)}
    if "pack" in options:
        spans = torch.cat([torch.arange(9), torch.arange(7), torch.arange(sequence - 16)])
        extra = {"position_ids": spans[None].expand(batch, sequence).contiguous()}
        labels[:, [0, 9, 16]] = -100
    return ids, labels, extra


def run_language(model, config, options, generator):
    ids, labels, extra = language_inputs(config, options, generator)
    cross_entropy = torch.nn.functional.cross_entropy
    if "embeds" in options:
        embeds = (0.3 * torch.randn(*ids.shape, config.hidden_size, generator=generator)).requires_grad_()
        logits = model(inputs_embeds=embeds, use_cache=False).logits
        per_token = cross_entropy(logits.permute(0, 2, 1), labels, reduction="none")
        loss = per_token.sum() / (labels != -100).sum()
        loss.backward()
        return loss, {"inputs_embeds": embeds, "shifted_labels": labels, "logits": logits,
                      "per_token_loss": per_token, "grad.inputs_embeds": embeds.grad}
    logits = model(input_ids=ids, use_cache=False, **extra).logits
    loss = cross_entropy(logits[:, :-1].reshape(-1, logits.size(-1)).float(), labels[:, 1:].reshape(-1))
    loss.backward()
    result = {"input_ids": ids, "labels": labels, "logits": logits, **extra}
    if not options:
        with torch.no_grad():
            greedy = model.generate(ids[:1, :8], max_new_tokens=12, do_sample=False, eos_token_id=None, pad_token_id=0)
        result |= {"generate.prompt": ids[:1, :8].contiguous(), "generate.greedy": greedy}
    return loss, result


def run_tower(model, generator, batch=2):
    pixels = torch.randn(batch, 3, 32, 32, generator=generator)
    outputs = model(pixel_values=pixels)
    result, loss = {"pixel_values": pixels}, 0
    for name, weight_name in (("last_hidden_state", "loss_weight"), ("pooler_output", "pooler_loss_weight")):
        value = getattr(outputs, name, None)
        if value is not None:
            weight = torch.randn(value.shape, generator=generator) / value.numel() ** 0.5
            loss = loss + (value * weight).sum()
            result |= {name: value, weight_name: weight}
    loss.backward()
    return loss, result


def make(name, out, gradients):
    kind, make_config, options = CASES[name]
    generator = torch.Generator().manual_seed(20261122 + sum(map(ord, name)))
    config = make_config()
    model = build(kind, config).float()
    randomise(model, generator)
    model.eval()  # dropout off; gradients still flow
    folder = os.path.join(out, name)
    os.makedirs(folder, exist_ok=True)
    model.save_pretrained(folder)
    loss, result = run_language(model, config, options, generator) if kind == LM else run_tower(model, generator)
    result["loss"] = loss.reshape(1)
    if gradients:
        result |= {"grad." + n: p.grad for n, p in model.named_parameters() if p.grad is not None}
    else:
        result = {n: v for n, v in result.items() if not n.startswith("grad.")}
    tensors = {n: v.detach().clone().contiguous() for n, v in result.items()}
    save_file(tensors, os.path.join(folder, "reference.safetensors"),
              metadata={"transformers": T.__version__, "torch": torch.__version__})
    print(f"{name}: loss {loss.item():.6f}, {sum(p.numel() for p in model.parameters())} parameters", flush=True)


def main():
    arguments = [a for a in sys.argv[1:] if a != "--gradients"]
    if not arguments:
        sys.exit(__doc__)
    for name in arguments[1:] or CASES:
        make(name, arguments[0], "--gradients" in sys.argv)


if __name__ == "__main__":
    main()
