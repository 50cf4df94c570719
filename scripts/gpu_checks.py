#!/usr/bin/env python3
# Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The checks of programs for GPUs: compiled on any machine, run on one with GPUs. scripts/test-gpu.sh is the way to call it.

`prepare` compiles every check's programs into a folder and computes, on the CPU, the gradients that goldens do not bring. The
folder also gets what a machine without hfc's build needs: the tools, the runtime, the goldens. `run` runs them, as many at a time
as the GPUs hold, prints what fails, writes a line of JSON for each check, and ends with "N passed, N failed, N skipped": a check
that needs more GPUs than there are is skipped. --list prints their names.
"""
import argparse
import concurrent.futures
import itertools
import json
import os
import pathlib
import re
import shlex
import shutil
import struct
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
DTYPES = {"float32": "1e-5", "bfloat16": "2e-2"}
# Mesh, sequence parallelism, stage of ZeRO.
LAYOUTS = [("", "off", 0), ("dp=2", "off", 0), ("dp=2", "off", 1), ("tp=2", "off", 0), ("tp=2", "on", 0), ("dp=2,tp=2", "off", 1),
           ("dp=2,tp=2", "on", 0), ("tp=4", "on", 0)]
# Small models whose heads, or whose images, can be cut that way; the others are refused when they are compiled.
REFUSED = ("cannot be cut", "cannot be divided")
SANITIZERS = ["memcheck", "racecheck", "initcheck", "synccheck"]
STEPS_SHAPE = ["--task=train", "--dtype=float32", "--batch=4", "--seq=24"]
TRAINING = ["--tokens={folder}/tokens.bin", "--weights={golden}", "--steps=200", "--lr=1e-3", "--seed=1"]


def header(file):
    with open(file, "rb") as stream:
        return json.loads(stream.read(struct.unpack("<Q", stream.read(8))[0]))


def input_options(golden):
    held = header(golden / "reference.safetensors")
    if "pixel_values" in held and "input_ids" not in held:
        return [f"--batch={held['pixel_values']['shape'][0]}"]
    name = "inputs_embeds" if "inputs_embeds" in held else "input_ids"
    batch, sequence = held[name]["shape"][:2]
    return [f"--inputs={name}", f"--batch={batch}", f"--seq={sequence}"]


def mesh_options(layout):
    mesh, parallel, zero = layout
    return [f"--mesh={mesh}", f"--partitioner=megatron{{sequence-parallel={parallel} zero={zero}}}"] if mesh else []


def ranks_of(mesh):
    count = 1
    for axis in filter(None, mesh.split(",")):
        count *= int(axis.partition("=")[2])
    return count


def spelled(layout):
    mesh, parallel, zero = layout
    return (mesh or "one") + (" sp" if parallel == "on" else "") + (f" zero={zero}" if zero else "")


class Check:
    """Programs to compile (file name -> hfc-compile's arguments), and commands to run, which may say {folder} and {golden}."""

    def __init__(self, name, ranks, programs, commands, golden=None, alone=False):
        self.name, self.ranks, self.programs, self.commands = name, ranks, programs, commands
        self.golden, self.alone = golden, alone


def program_name(*parts):
    return re.sub(r"[^A-Za-z0-9.=-]+", "-", "-".join(parts)) + ".so"


def golden_checks(goldens):
    for golden, dtype, layout in itertools.product(goldens, DTYPES, LAYOUTS):
        held = header(golden / "reference.safetensors")
        options = [golden, f"--dtype={dtype}", *input_options(golden), *mesh_options(layout)]
        where, files = spelled(layout), ["--weights={golden}", "--inputs={golden}/reference.safetensors"]
        if layout[2] == 0:
            program = program_name("forward", golden.name, dtype, where)
            yield Check(f"forward {golden.name} {dtype} on {where}", ranks_of(layout[0]), {program: options},
                        [["hfc-run", "{folder}/" + program, *files, "--check={golden}/reference.safetensors",
                          f"--tolerance={DTYPES[dtype]}"]], golden)
        if "labels" in held or "loss" in held or "loss_weight" in held:
            program = program_name("train", golden.name, dtype, where)
            reference = f"{{folder}}/references/{golden.name}"
            yield Check(f"train {golden.name} {dtype} on {where}", ranks_of(layout[0]), {program: [*options, "--task=train"]},
                        [["gpu_checks.py", "gradients", f"{reference}.safetensors", f"{reference}-rounded.safetensors", "--",
                          "hfc-run", "{folder}/" + program, *files, "--timeout=60"]], golden)
        if "generate.greedy" in held and dtype == "float32" and layout in (LAYOUTS[0], LAYOUTS[3]):
            program = program_name("generate", golden.name, where)
            yield Check(f"generate {golden.name} on {where}", ranks_of(layout[0]),
                        {program: [golden, "--task=generate", "--batch=1", "--seq=64", "--dtype=float32", *mesh_options(layout)]},
                        [["hfc-run", "{folder}/" + program, *files, "--check={golden}/reference.safetensors",
                          f"--max-new-tokens={new_tokens(held)}", "--ignore-eos"]], golden)


def new_tokens(held):
    return held["generate.greedy"]["shape"][-1] - held["generate.prompt"]["shape"][-1]


def sanitizer_checks(goldens):
    for golden, tool, task in itertools.product(goldens, SANITIZERS, ["forward", "train"]):
        if golden.name != "qwen2":
            continue
        program = program_name(task, golden.name, "bfloat16", "one")
        # These take the asynchronous copies of cuDNN's kernels for races, and the barriers of its warps' roles for divergence; ours are
        # what is checked.
        exclude = ["--kernel-name-exclude=kernel_substring=cudnn"] if tool in ("racecheck", "synccheck") else []
        yield Check(f"compute-sanitizer {tool} {task} {golden.name}", 1, {},
                    [["compute-sanitizer", f"--tool={tool}", *exclude, "--error-exitcode=1", "hfc-run", "{folder}/" + program,
                      "--weights={golden}", "--inputs={golden}/reference.safetensors"]], golden, alone=True)


def training_checks(goldens):
    """200 steps on the CPU, on one GPU and on four: the losses of each step, within 1e-3."""
    for golden in goldens:
        if golden.name != "qwen2":
            continue
        base = [golden, *STEPS_SHAPE]
        programs = {"steps-cpu.so": [*base, "--target=cpu"]}
        for layout in (LAYOUTS[0], LAYOUTS[3], LAYOUTS[5]):
            program = program_name("steps", spelled(layout))
            cpu, gpu = "{folder}/steps-cpu.jsonl", "{folder}/" + program.replace(".so", ".jsonl")
            yield Check(f"200 steps on {spelled(layout)} and on the CPU", ranks_of(layout[0]),
                        {**programs, program: [*base, *mesh_options(layout)]},
                        [["rm", "-f", cpu + program, gpu],
                         ["hfc-run", "{folder}/steps-cpu.so", *TRAINING, f"--log={cpu}{program}"],
                         ["hfc-run", "{folder}/" + program, *TRAINING, f"--log={gpu}"],
                         ["gpu_checks.py", "losses", cpu + program, gpu]], golden)


def whole_checks():
    """Qwen2.5-0.5B's shape, random weights: a program for GPUs against one for the CPU, on the same machine."""
    config = ROOT / "bench/models/qwen2.5-0.5b"
    base = [config, "--task=train", "--dtype=float32", "--batch=2", "--seq=64"]
    outputs = "{folder}/whole-cpu.safetensors"
    inputs = ["--weights=random:7", "--inputs={folder}/whole-inputs.safetensors"]
    for layout in (LAYOUTS[0], LAYOUTS[3]):
        program = program_name("whole", spelled(layout))
        yield Check(f"Qwen2.5-0.5B on {spelled(layout)} and on the CPU", ranks_of(layout[0]),
                    {"whole-cpu.so": [*base, "--target=cpu"], program: [*base, *mesh_options(layout)]},
                    [["hfc-run", "{folder}/whole-cpu.so", *inputs, f"--outputs={outputs}"],
                     ["hfc-run", "{folder}/" + program, *inputs, f"--check={outputs}", "--tolerance=1e-5"]], alone=True)


def fault_checks(goldens):
    """A rank that dies, GPUs that are missing or too small: messages and exits."""
    for golden in goldens:
        if golden.name != "qwen2":
            continue
        for layout in (LAYOUTS[3], LAYOUTS[5]):
            program, ranks = program_name("steps", spelled(layout)), ranks_of(layout[0])
            yield Check(f"a rank killed in training on {spelled(layout)}, 10 times", ranks,
                        {program: [golden, *STEPS_SHAPE, *mesh_options(layout)]},
                        [["gpu_faults.py", "kill", "--times=10", f"--ranks={ranks}", "--weights={golden}", "--save={folder}/killed", "--",
                          "hfc-run", "{folder}/" + program, "--tokens={folder}/tokens.bin", "--lr=1e-3"]], golden, alone=True)
        for layout in (LAYOUTS[0], LAYOUTS[3], LAYOUTS[5]):
            program = program_name("steps", spelled(layout))
            yield Check(f"gradients that are NaN on {spelled(layout)}, by name", ranks_of(layout[0]),
                        {program: [golden, *STEPS_SHAPE, *mesh_options(layout)]},
                        [["gpu_faults.py", "refused", r"step 2: (.|\n)*the last of the model first:\n  model\.[\w.]+: of \d+ values",
                          "--", "hfc-run", "{folder}/" + program, "--tokens={folder}/tokens.bin", "--weights={golden}", "--steps=4",
                          "--lr=1e30"]], golden)
        program = program_name("steps", spelled(LAYOUTS[3]))
        yield Check("a program for two GPUs where one is seen", 1, {program: [golden, *STEPS_SHAPE, *mesh_options(LAYOUTS[3])]},
                    [["gpu_faults.py", "refused", "GPU", "CUDA_VISIBLE_DEVICES=0", "--", "hfc-run", "{folder}/" + program,
                      "--weights={golden}", "--tokens={folder}/tokens.bin", "--steps=1"]], golden)
        yield Check("a program larger than its GPU", 1, {"large.so": [golden, "--batch=1000000", "--seq=256", "--max-memory=1000TB"]},
                    [["gpu_faults.py", "refused", "short of memory", "--", "hfc-run", "{folder}/large.so", "--weights={golden}",
                      "--inputs={golden}/reference.safetensors"]], golden)


def memory_checks():
    """What the report plans, the runtime allocates and the driver sees, while a model of some size trains and generates."""
    config, machine = ROOT / "bench/configs/qwen2.5-0.5b", f"--machine={ROOT / 'machines/h200x4.json'}"
    tasks = {"train": (["--task=train", "--batch=4", "--seq=2048"], ["--tokens={folder}/tokens.bin", "--separator=none", "--steps=4"]),
             "generate": (["--task=generate", "--batch=1", "--seq=4096"], ["--prompt-ids=1,2,3,4", "--max-new-tokens=8", "--ignore-eos"])}
    for (task, (shape, run)), layout in itertools.product(tasks.items(), (LAYOUTS[0], LAYOUTS[3], LAYOUTS[5], LAYOUTS[7])):
        # A batch of one sequence is not divided.
        if task == "generate" and "dp" in layout[0] or "tp=4" in layout[0]:
            continue
        program = program_name("memory", task, spelled(layout))
        yield Check(f"memory of Qwen2.5-0.5B, {task} on {spelled(layout)}", ranks_of(layout[0]),
                    {program: [config, "--dtype=bfloat16", *shape, *mesh_options(layout), machine, "--report=json"]},
                    [["gpu_checks.py", "memory", "{folder}/" + program.replace(".so", ".json"), "--", "hfc-run", "{folder}/" + program,
                      "--weights=random:1", *run, "--json"]], alone=True)


def library_checks(build):
    """cuDNN's attention against float64 on the host, and its times."""
    if (build / "bin/check_attention").exists():
        yield Check("attention by cuDNN", 1, {}, [["check_attention"]], alone=True)


def find_goldens(options):
    """Of families that hfc knows."""
    for reference in sorted(pathlib.Path(options.goldens).resolve().glob("*/reference.safetensors")):
        imported = subprocess.run([options.build / "bin/hfc-compile", reference.parent, "--emit=import"], capture_output=True, text=True)
        if imported.returncode == 0:
            yield reference.parent
        else:
            print("left out:", imported.stderr.strip())


def all_checks(options):
    goldens = list(find_goldens(options))
    checks = [*golden_checks(goldens), *training_checks(goldens), *whole_checks(), *memory_checks(), *library_checks(options.build),
              *fault_checks(goldens), *sanitizer_checks(goldens)]
    return [check for check in checks if re.search(options.only, check.name)]


# --- prepare ---------------------------------------------------------------------------------------------------------------------


def compile_program(build, target, arguments):
    cuda = [] if any(str(each).startswith("--target") for each in arguments) else ["--target=cuda"]
    command = [build / "bin/hfc-compile", *arguments, *cuda, "-o", target]
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode == 0:
        if result.stdout:  # --report
            target.with_suffix(".json").write_text(result.stdout)
        return True
    if result.returncode == 2 and any(text in result.stderr for text in REFUSED):
        return False
    print("FAILED", shlex.join(map(str, command)), result.stderr.strip(), sep="\n  ", flush=True)
    return None


def make_reference(build, golden, target):
    """The golden's own file, or what one rank on the CPU computes in float32 where the golden has no gradients."""
    held = golden / "reference.safetensors"
    if any(name.startswith("grad.") for name in header(held)):
        return target.symlink_to(f"../goldens/{golden.name}/reference.safetensors")
    program = target.with_suffix(".so")
    command = [build / "bin/hfc-compile", golden, *input_options(golden), "--task=train", "--dtype=float32", "--target=cpu", "-o", program]
    run = [build / "bin/hfc-run", program, f"--weights={golden}", f"--inputs={held}", f"--outputs={target}"]
    for each in (command, run):
        subprocess.run(each, check=True, stdout=subprocess.DEVNULL)
    program.unlink()


def make_rounded_references(options, goldens, folder):
    """Where rounding the parameters to bfloat16 alone takes more of the median than docs/numerics.md allows: the gradients there."""
    sys.path.insert(0, str(ROOT / "test/EndToEnd/Inputs"))
    import train_matrix  # Not on machines that only run the checks.
    os.environ["PATH"] = f"{options.build / 'bin'}:" + os.environ["PATH"]
    with tempfile.TemporaryDirectory() as work:
        runner = train_matrix.Runner(options.goldens, work, None)
        for golden in goldens:
            rounded, rounding = runner.rounded_reference(golden)
            if rounding > train_matrix.ROUNDING_LIMIT:
                shutil.copy(rounded, folder / "references" / f"{golden.name}-rounded.safetensors")


def write_tokens(folder):
    """A small text, byte by byte, below the smallest vocabulary."""
    text = (ROOT / "README.md").read_bytes()[:20000]
    with open(folder / "text.txt", "wb") as file:
        file.write(bytes(byte & 0x7F or 32 for byte in text))
    subprocess.run([sys.executable, ROOT / "scripts/tokenize_bytes.py", folder / "text.txt", "-o", folder / "tokens.bin"], check=True)


def write_inputs(file, batch, sequence, vocabulary):
    ids = [(7919 * i * i + 104729 * i) % vocabulary for i in range(batch * sequence)]
    data = struct.pack(f"<{len(ids)}i", *ids)
    entries = {}
    for at, name in enumerate(["input_ids", "labels"]):
        entries[name] = {"dtype": "I32", "shape": [batch, sequence], "data_offsets": [at * len(data), (at + 1) * len(data)]}
    text = json.dumps(entries).encode()
    text += b" " * (-len(text) % 8)
    file.write_bytes(struct.pack("<Q", len(text)) + text + data + data)


def copy_tools(build, folder):
    (folder / "bin").mkdir(exist_ok=True)
    (folder / "lib").mkdir(exist_ok=True)
    for tool in ("hfc-run", "check_attention"):
        if (build / "bin" / tool).exists():
            shutil.copy(build / "bin" / tool, folder / "bin")
    for library in (build / "lib").glob("libhfc_rt*.so.*"):
        shutil.copy(library, folder / "lib")
    for script in (__file__, ROOT / "scripts/gpu_faults.py"):
        shutil.copy(script, folder / "bin")


def prepare(options):
    folder, build = options.folder, options.build
    for each in ("goldens", "references"):
        (folder / each).mkdir(parents=True, exist_ok=True)
    copy_tools(build, folder)
    write_tokens(folder)
    write_inputs(folder / "whole-inputs.safetensors", 2, 64, 151936)
    checks = all_checks(options)
    trained = sorted({check.golden for check in checks if check.name.startswith("train")})
    for golden in sorted({check.golden for check in checks if check.golden}):
        shutil.copytree(golden, folder / "goldens" / golden.name, dirs_exist_ok=True)
        target = folder / "references" / f"{golden.name}.safetensors"
        if not target.exists() and golden in trained:
            make_reference(build, golden, target)
    make_rounded_references(options, trained, folder)
    written, done = [], {}
    for count, check in enumerate(checks):
        for name, arguments in check.programs.items():
            if name not in done:
                done[name] = compile_program(build, folder / name, arguments)
        results = [done[name] for name in check.programs]
        if False not in results:
            written.append({"name": check.name, "ranks": check.ranks, "alone": check.alone, "compiled": None not in results,
                            "golden": check.golden and check.golden.name, "commands": check.commands})
        if sys.stderr.isatty():
            print(f"\r{count + 1} of {len(checks)} prepared", end="", file=sys.stderr, flush=True)
    commit = subprocess.run(["git", "-C", ROOT, "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()
    (folder / "checks.json").write_text(json.dumps({"commit": commit, "checks": written}, indent=1))
    print(f"{len(written)} checks are in {folder}; {len(checks) - len(written)} that hfc refuses for small models are left out")
    return 0 if all(each["compiled"] for each in written) else 1


# --- run -------------------------------------------------------------------------------------------------------------------------


def gpus():
    """Names of the GPUs, the driver's version."""
    try:
        result = subprocess.run(["nvidia-smi", "--query-gpu=name,driver_version", "--format=csv,noheader"], capture_output=True, text=True)
    except FileNotFoundError:
        return [], ""
    lines = [line.split(", ") for line in result.stdout.splitlines() if ", " in line]
    return [name for name, _ in lines], lines[0][1] if lines else ""


class Runner:
    def __init__(self, folder):
        self.folder = folder
        self.environment = {**os.environ, "NCCL_NVLS_ENABLE": "0"}
        self.environment["PATH"] = f"{folder}/bin:" + self.environment["PATH"]
        self.environment["LD_LIBRARY_PATH"] = f"{folder}/lib:" + self.environment.get("LD_LIBRARY_PATH", "")

    def run(self, check):
        begin = time.time()
        log = ""
        passed = check["compiled"]
        for command in check["commands"] if passed else []:
            if "hfc-run" in command[0]:
                command = [*command, "--timeout=60"]
            golden = f"{self.folder}/goldens/{check['golden']}"
            words = [word.replace("{folder}", str(self.folder)).replace("{golden}", golden) for word in command]
            if words[0].endswith(".py"):
                words = [sys.executable, f"{self.folder}/bin/{words[0]}", *words[1:]]
            try:
                result = subprocess.run(words, capture_output=True, text=True, env=self.environment, timeout=300)
                status, output = result.returncode, result.stdout + result.stderr
            except subprocess.TimeoutExpired:
                status, output = 124, "ran longer than 300 s"
            if status:
                passed = False
                lines = [line for line in output.splitlines() if "ok" not in line.split()[-1:]]
                log = f"{shlex.join(words)}\n  exit {status}\n  " + "\n  ".join(lines[-12:])
                break
        return {"check": check["name"], "passed": passed, "seconds": round(time.time() - begin, 2)}, log


def run(options):
    folder = options.folder.resolve()
    prepared = json.loads((folder / "checks.json").read_text())
    names, driver = gpus()
    runner = Runner(folder)
    wanted = [check for check in prepared["checks"] if re.search(options.only, check["name"])]
    able = [check for check in wanted if check["ranks"] <= len(names)]
    passed = failed = 0
    results = open(options.results, "a") if options.results else open(os.devnull, "w")
    with results:
        for alone in (False, True):
            with concurrent.futures.ThreadPoolExecutor(1 if alone else options.jobs) as pool:
                for outcome, log in pool.map(runner.run, [check for check in able if check["alone"] == alone]):
                    passed += outcome["passed"]
                    failed += not outcome["passed"]
                    if not outcome["passed"]:
                        print("FAILED", outcome["check"], log, sep="\n  ", flush=True)
                    line = {**outcome, "commit": prepared["commit"], "device": names[0], "gpus": len(names), "driver": driver}
                    print(json.dumps(line), file=results, flush=True)
    print(f"{passed} passed, {failed} failed, {len(wanted) - len(able)} skipped")
    return 1 if failed or not passed else 0


def gradients(options):
    """A run's gradients against transformers'; if only their median is too far, and there is such a file, against those at rounded
    parameters, too."""
    reference, rounded, *command = options.logs
    result = subprocess.run([*command, f"--check={reference}"], capture_output=True, text=True)
    failures = [line.split()[0] for line in result.stdout.splitlines() if line.endswith("FAILED")]
    if result.returncode == 1 and failures == ["median"] and pathlib.Path(rounded).exists():
        print(result.stdout, "the parameters as bfloat16 holds them:", sep="")
        result = subprocess.run([*command, f"--check={rounded}"], capture_output=True, text=True)
    print(result.stdout + result.stderr)
    return result.returncode


def losses(options):
    """The losses of two logs, step by step."""
    ours, theirs = ([json.loads(line)["loss"] for line in open(file) if "loss" in line] for file in options.logs)
    worst = max(abs(a - b) for a, b in zip(ours, theirs))
    print(f"{len(ours)} steps, from {ours[0]:.4f} to {ours[-1]:.4f}; at most {worst:.2e} apart")
    return 0 if len(ours) == len(theirs) > 1 and worst <= 1e-3 and ours[-1] < ours[0] else 1


def memory(options):
    """The memory of a report against what a run of its program tells: the runtime's own, and the driver's figure."""
    report, *command = options.logs
    planned = json.load(open(report))["memory"]
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode:
        print(result.stdout + result.stderr)
        return 1
    found = json.loads(result.stdout.splitlines()[-1])["memory"]
    above = found["driver"] / planned["total"] - 1
    print(f"the driver sees {found['driver']:,} bytes ({found['source']}), {above:+.2%} of the report's {planned['total']:,}")
    pairs = {"program": planned["planned"], **planned["runtime"]}
    for what in {**pairs, **found["runtime"]}:
        print(f"  {what:24} planned {pairs.get(what, 0):16,}   allocated {found['runtime'].get(what, '-'):>16}")
    # What is not the program's stands behind the runtime's back: NCCL, code, graphs, the context.
    print(f"  {'the rest':24} planned {planned['total'] - sum(pairs[what] for what in found['runtime'] if what in pairs):16,}   "
          f"left {found['driver'] - sum(found['runtime'].values()):16,}")
    # Pieces lie at multiples of 256 bytes.
    own = abs(found["runtime"]["program"] - planned["planned"]) <= max(1 << 20, planned["planned"] // 1000)
    return 0 if own and above <= 0.03 else 1


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("verb", choices=["prepare", "run", "gradients", "losses", "memory"])
    parser.add_argument("logs", nargs="*")
    parser.add_argument("--folder", type=pathlib.Path, default=pathlib.Path("build/gpu-checks"))
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build")
    parser.add_argument("--goldens", default=ROOT / "test/Goldens")
    parser.add_argument("--only", default="", metavar="REGEX")
    parser.add_argument("--jobs", type=int, default=6)
    parser.add_argument("--results", metavar="FILE", help="appends a line of JSON for each check")
    parser.add_argument("--list", action="store_true")
    options = parser.parse_args()
    options.build = options.build.resolve()
    if options.list:
        print(*(check.name for check in all_checks(options)), sep="\n")
        return 0
    return {"prepare": prepare, "run": run, "gradients": gradients, "losses": losses, "memory": memory}[options.verb](options)


if __name__ == "__main__":
    sys.exit(main())
