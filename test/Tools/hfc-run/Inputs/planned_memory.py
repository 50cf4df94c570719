#!/usr/bin/env python3
"""What training programs plan to hold in memory, against what hfc-run allocates. Tools are on PATH.

usage: planned_memory.py FOLDER LIBRARY
LIBRARY is hfc-allocations, which is preloaded and writes down each mapping and the heap's peak. For each program, the runtime's
mappings must be the arena, the buckets, states and parameters of the metadata (and of --report), to the byte, and nothing else; all of the arena
must have been used; the heap, and what other libraries have touched, must stay small. Prints a line for each run and exits with
1 if one does not.
"""
import json
import math
import os
import pathlib
import re
import socket
import subprocess
import sys

CONFIG = {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "vocab_size": 4096, "hidden_size": 256,
          "intermediate_size": 768, "num_hidden_layers": 4, "num_attention_heads": 8, "num_key_value_heads": 4,
          "max_position_embeddings": 512, "rms_norm_eps": 1e-6, "hidden_act": "silu", "tie_word_embeddings": False,
          "torch_dtype": "float32"}
SIZES = {"float32": 4, "bfloat16": 2, "int32": 4, "bool": 1}
# Bytes. What bfloat16 products widen their operands into, a thread; TCP's parts of reductions, a rank.
SMALL, WIDENED, TCP = 1 << 20, 17 << 18, 1 << 19

PROGRAMS = [
    ("one rank", [], "float32"),
    ("recomputed", ["--recompute=full", "--micro-batches=2"], "float32"),
    ("tp=2", ["--mesh=tp=2", "--partitioner=megatron{sequence-parallel=on}"], "float32"),
    ("dp=2, ZeRO", ["--mesh=dp=2", "--partitioner=megatron{zero=1}"], "bfloat16"),
]


def metadata(program):
    data = program.read_bytes()
    start = data.index(b'{"hfc"')
    return json.loads(data[start:data.index(b"\0", start)])


def planned(info):
    """The bytes of each thing that a rank holds."""
    def of(tensor):
        return math.prod(tensor["shape"]) * SIZES[tensor["dtype"]]

    held = [info["arena"]] + [bucket["elements"] * SIZES[bucket["dtype"]] for bucket in info.get("buckets", [])]
    return held + [of(each) for each in info["states"] + info["parameters"] if "bucket" not in each]


class Allocations:
    def __init__(self, file):
        self.runtime, self.others, self.heap, self.touched = [], 0, None, {}
        for line in file.read_text().splitlines():
            if mapping := re.fullmatch(r"mmap (\d+) (\d+) (\S+)", line):
                size, touched, library = int(mapping[1]), int(mapping[2]), mapping[3]
                if library.startswith("libhfc_rt"):
                    self.runtime.append(size)
                    self.touched[size] = min(touched, self.touched.get(size, touched))
                else:
                    self.others += touched
            else:
                self.heap = int(re.fullmatch(r"heap (\d+)", line)[1])


def problems(info, ranks, found, heap):
    expected = sorted(planned(info) * ranks)
    if sorted(found.runtime) != expected:
        yield f"planned {len(expected)} mappings of {sum(expected)} bytes, made {len(found.runtime)} of {sum(found.runtime)}"
    elif found.touched[info["arena"]] < 0.95 * info["arena"]:
        yield f"of the arena's {info['arena']} bytes only {found.touched[info['arena']]} were used"
    if found.heap > heap:
        yield f"{found.heap} bytes from the heap, at most {heap} are for bookkeeping"
    if found.others > 4 * SMALL * ranks:
        yield f"{found.others} bytes touched by other libraries"


class Runner:
    def __init__(self, folder, library):
        self.folder, self.library, self.failed = folder, library, False

    def start(self, program, log, variables, options):
        environment = {**os.environ, "LD_PRELOAD": self.library, "HFC_TEST_ALLOCATIONS": str(log), **variables}
        command = ["hfc-run", program, "--weights=random:0", "--inputs=random:0", "--steps=2", "--threads=1", *options]
        return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)

    def check(self, name, program, ranks, heap, processes=({},), options=()):
        """All processes of a job; each has as many of the ranks as the others."""
        logs = [self.folder / f"allocations-{i}" for i in range(len(processes))]
        running = [self.start(program, log, variables, options) for log, variables in zip(logs, processes)]
        if any([each.wait() for each in running]):
            raise SystemExit(f"{name}: hfc-run failed")
        info = metadata(program)
        for log in logs:
            found = Allocations(log)
            wrong = list(problems(info, ranks // len(processes), found, heap))
            print(f"{name}: arena {info['arena']}, all mappings {sum(found.runtime)}, heap {found.heap}, others {found.others}:", "; ".join(wrong) or "as planned", flush=True)
            self.failed |= bool(wrong)


def main():
    folder, library = pathlib.Path(sys.argv[1]), sys.argv[2]
    (folder / "config.json").write_text(json.dumps(CONFIG))
    runner = Runner(folder, library)
    for name, options, dtype in PROGRAMS:
        model = ["hfc-compile", folder, "--target=cpu", "--task=train", "--batch=2", "--seq=256", f"--dtype={dtype}", *options]
        program = folder / "program.so"
        subprocess.run([*model, "-o", program], check=True)
        report = json.loads(subprocess.run([*model, "--report=json"], check=True, capture_output=True).stdout)["memory"]
        info = metadata(program)
        if report["arena"] != info["arena"] or report["total"] - report["constants"] != sum(planned(info)):
            raise SystemExit(f"{name}: the report says {report}, the metadata {sum(planned(info))} bytes")
        ranks = 2 if "--mesh" in " ".join(options) else 1
        small = SMALL + ranks * (WIDENED if dtype == "bfloat16" else 0)
        runner.check(name, program, ranks, small)
        if name == "tp=2":
            with socket.create_server(("127.0.0.1", 0)) as free:
                port = str(free.getsockname()[1])
            job = [{"RANK": str(rank), "WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port} for rank in range(2)]
            runner.check("tp=2 over TCP", program, ranks, SMALL + TCP, job)
        if ranks > 1:
            # Tensor by tensor: a whole one, what ranks have of it, and (of buckets) what is made of that.
            largest = 4 * CONFIG["vocab_size"] * CONFIG["hidden_size"]
            runner.check(f"{name}, saving", program, ranks, small + 3 * largest, options=[f"--save={folder}/saved"])
    sys.exit(runner.failed)


main()
