"""Compiles a model of test/Goldens, runs it and compares with transformers' answer: golden.py MODEL DTYPE PROGRAM [TOLERANCE]."""

import json
import os
import struct
import subprocess
import sys

model, dtype, program = sys.argv[1:4]
tolerance = sys.argv[4] if len(sys.argv) > 4 else {"float32": "1e-5", "bfloat16": "2e-2"}[dtype]
reference = os.path.join(model, "reference.safetensors")
with open(reference, "rb") as file:
    (size,) = struct.unpack("<Q", file.read(8))
    header = json.loads(file.read(size))

options = [f"--dtype={dtype}"]
for name in ("input_ids", "inputs_embeds", "pixel_values"):
    if name in header:
        shape = header[name]["shape"]
        options.append(f"--batch={shape[0]}")
        if name != "pixel_values":
            options += [f"--seq={shape[1]}", f"--inputs={name}"]
        break
subprocess.run(["hfc-compile", model, "--target=cpu", *options, "-o", program], check=True)
subprocess.run(["hfc-run", program, f"--weights={model}", f"--inputs={reference}", f"--check={reference}",
                f"--tolerance={tolerance}"], check=True)
