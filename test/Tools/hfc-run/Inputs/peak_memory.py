#!/usr/bin/env python3
"""Measures hfc-run's peak memory from outside. usage: peak_memory.py FOLDER

Compiles a model to float32, gives it a bfloat16 checkpoint (which must be widened) and a float32 one (which must stay in the mapped
file), and holds hfc-run to its bound: resident weights + 1.1 x the planned arena + 50 MB.
"""
import json
import math
import os
import pathlib
import resource
import struct
import subprocess
import sys

CONFIG = {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "vocab_size": 48000, "hidden_size": 512,
          "intermediate_size": 1024, "num_hidden_layers": 2, "num_attention_heads": 8, "num_key_value_heads": 4,
          "max_position_embeddings": 512, "rms_norm_eps": 1e-6, "hidden_act": "silu", "tie_word_embeddings": False,
          "torch_dtype": "float32"}


def metadata(program):
    data = program.read_bytes()
    start = data.index(b'{"hfc"')
    return json.loads(data[start:data.index(b"\0", start)])


def write_zeros(path, parameters, dtype, size):
    """A checkpoint that takes room in memory when it is read, if not on the disk."""
    header, offset = {}, 0
    for each in parameters:
        end = offset + math.prod(each["shape"]) * size
        header[each["pieces"][0]["tensor"]] = {"dtype": dtype, "shape": each["shape"], "data_offsets": [offset, end]}
        offset = end
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        file.truncate(8 + len(text) + offset)


def peak(arguments):
    """Peak resident bytes of a child."""
    read, write = os.pipe()
    if os.fork() == 0:
        subprocess.run(arguments, check=True)
        os.write(write, str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024).encode())
        os._exit(0)
    os.close(write)
    return int(os.read(read, 100) or b"0")


def main():
    folder = pathlib.Path(sys.argv[1])
    (folder / "config.json").write_text(json.dumps(CONFIG))
    program = folder / "program.so"
    subprocess.run(["hfc-compile", folder, "--target=cpu", "--batch=1", "--seq=256", "-o", program], check=True)
    info = metadata(program)
    weights = sum(math.prod(each["shape"]) * 4 for each in info["parameters"])
    bound = weights + 1.1 * info["arena"] + 50e6
    for dtype, size in (("BF16", 2), ("F32", 4)):
        write_zeros(folder / "model.safetensors", info["parameters"], dtype, size)
        used = peak(["hfc-run", program, f"--weights={folder}", "--inputs=random:0", f"--outputs={folder}/out.safetensors"])
        used = max(used, peak(["hfc-run", program, f"--weights={folder}", "--inputs=random:0", f"--check={folder}/out.safetensors"]))
        print(f"{dtype}: peak {used >> 20} MiB, bound {int(bound) >> 20} MiB, weights {weights >> 20} MiB, arena {info['arena'] >> 20} MiB:",
              "within" if 0 < used <= bound else "ABOVE")


main()
