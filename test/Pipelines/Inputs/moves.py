"""Checks that programs do not only move data: that no kernel of a schedule (--emit=rt) computes nothing but permutes,
repeats, cuts or joins what other kernels or products could have read or written so, and that there is no copy.

moves.py HFC_COMPILE GOLDENS NAME... compiles each of these models, for each mesh and task, and reads the schedules.
moves.py - reads one from standard input.
Prints the numbers of launches, products and copies of each entry. Exits 1 if anything only moves data."""

import re
import subprocess
import sys

MOVES = {"hf.transpose", "hf.slice", "hf.slice_at", "hf.concat", "hf.broadcast"}
# What may stand beside them in a kernel that computes nothing.
NEUTRAL = {"hf.reshape", "hf.convert", "hf.constant"}
# So many kernels of an entry may move what they have to (is_needed); a model whose layers did would have more.
MOST_NEEDED = 1
MEGATRON = "--partitioner=megatron{sequence-parallel=%s zero=%s}"
MESHES = [[], ["--mesh=tp=2"], ["--mesh=dp=2,tp=2", MEGATRON % ("on", 1)], ["--mesh=tp=4", MEGATRON % ("on", 0)]]
TASKS = [["--task=forward"], ["--task=train"], ["--task=train", "--dtype=bfloat16", "--recompute=full"]]


def bodies(text):
    """The ops of each kernel body, by its name; not of those that only give a rank its piece of some integers, which say
    which rows others read."""
    found = {}
    for match in re.finditer(r"^  func\.func private @(\S+?)\(.*?\) -> ([^{]*).*?\{\n(.*?)^  \}", text, re.M | re.S):
        ops = set(re.findall(r"(?:^|= )\s*(hf\.\w+)", match[3], re.M))
        if ops != {"hf.slice_at"} or re.search("x(f|bf)", match[2]):
            found[match[1]] = ops
    return found


def is_needed(ops):
    """What no stride says: a rank's piece, whose place is data, and zeros around a cotangent of a part."""
    return "hf.slice_at" in ops or {"hf.concat", "hf.constant"} <= ops


def entries(text):
    for match in re.finditer(r"^  rt\.entry @(\S+).*?\{\n(.*?)^  \}", text, re.M | re.S):
        yield match[1], match[2]


def moves_data(text):
    """Prints what the entries do; whether something only moves data."""
    moving = {name: ops for name, ops in bodies(text).items() if ops & MOVES and ops <= MOVES | NEUTRAL}
    wrong = False
    for name, body in entries(text):
        launched = re.findall(r"rt\.launch @(\w+)", body)
        copies = body.count("rt.copy ")
        print(f"  {name}: {len(launched)} launches, {body.count('rt.gemm ')} products, {copies} copies")
        needed = 0
        for kernel in launched:
            if kernel not in moving:
                continue
            needed += is_needed(moving[kernel])
            wrong |= not is_needed(moving[kernel]) or needed > MOST_NEEDED
            print(f"  {name}: @{kernel} only moves data: {', '.join(sorted(moving[kernel]))}")
        wrong |= copies > 0
    return wrong


def compile_to_rt(hfc_compile, model, options):
    """The schedule, or nothing where the model does not fit the mesh, which the compiler says with exit status 2."""
    command = [hfc_compile, model, "--target=cpu", "--batch=4", "--emit=rt", *options]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode == 2 and "cannot be cut" in done.stderr:
        return None
    if done.returncode:
        sys.exit(" ".join(command) + "\n" + done.stderr)
    return done.stdout


def main():
    if sys.argv[1:] == ["-"]:
        return moves_data(sys.stdin.read())
    hfc_compile, goldens, *names = sys.argv[1:]
    wrong = False
    for name in names:
        for options in [mesh + task for mesh in MESHES for task in TASKS]:
            text = compile_to_rt(hfc_compile, f"{goldens}/{name}", options)
            if text is not None:
                print(name, *options)
                wrong |= moves_data(text)
    return wrong


sys.exit(main())
