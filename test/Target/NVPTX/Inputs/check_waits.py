"""Whether each kernel of a PTX text waits, on every path and once, for the kernels in front of it, and what it does before:
it may load from buffers that nothing writes, which kernels of the GPU-mapped IR call kernel.constant. No load of a buffer goes
through the read-only cache: what the kernel in front still makes must not, and ptxas moves such loads over the wait.
usage: check_waits.py FILE.ptx [FILE.gpu.mlir]"""
import re
import sys

ACCESS = re.compile(r"\b(ld|st|atom|red)\.(global|volatile|relaxed|[bfuv]\d)|cp\.async")
CONSTANT = "kernel.constant"


def constants(path):
    """The numbers of the constant buffers of each kernel."""
    found = {}
    for name, arguments in re.findall(r"gpu\.func @([\w.]+)\((.*?)\) (?:workgroup|kernel)", open(path).read(), re.S):
        types = re.split(r"%\w+: ", arguments)[1:]
        found[name] = {number for number, text in enumerate(types) if CONSTANT in text}
    return found


def blocks(text):
    """Basic blocks as lists of lines, and the blocks that follow each."""
    lines, starts = [line.strip() for line in text.splitlines()], {}
    parts = [[]]
    for line in lines:
        if re.match(r"\$\w+:", line):
            parts.append([])
            starts[line.rstrip(":")] = len(parts) - 1
        parts[-1].append(line)
        if re.match(r"(@!?%p\d+ )?bra|ret;|trap", line):
            parts.append([])
    follows = []
    for number, part in enumerate(parts):
        last = part[-1] if part else ""
        target = re.search(r"\bbra(?:\.uni)?\s+(\$\w+)", last)
        ends = last.startswith(("ret", "trap")) or (target and not last.startswith("@"))
        follows.append(([starts[target[1]]] if target else []) + ([] if ends or number + 1 == len(parts) else [number + 1]))
    return parts, follows


def parameters(text):
    """From which parameters the address in each register comes."""
    sources = {}
    for line in text.splitlines():
        match = re.match(r"\s*(?:ld\.param|mov|add|cvta|mad|cvt|sub|shl|mul|selp)[\w.]*\s+(%rd\d+), (.*);", line)
        if match:
            numbers = {int(each) for each in re.findall(r"_param_(\d+)\]", match[2])}
            for register in re.findall(r"%rd\d+", match[2]):
                numbers |= sources.get(register, set())
            sources.setdefault(match[1], set()).update(numbers)
    return sources


def faults(name, text, constant):
    parts, follows = blocks(text)
    sources, seen, work = parameters(text), set(), [(0, False)]
    while work:
        state = work.pop()
        if state in seen:
            continue
        seen.add(state)
        number, waited = state
        for line in parts[number]:
            if "griddepcontrol.wait" in line:
                if waited:
                    yield "waits twice"
                waited = True
            elif not waited and ACCESS.search(line):
                address = re.search(r"\[(%rd\d+)", line)
                read = sources.get(address[1], set()) if address else set()
                if not line.startswith("ld.global") or not read or not read <= constant:
                    yield f"before it waits: {line}"
            elif not waited and line.startswith("ret"):
                yield "ends without waiting"
        work += [(next, waited) for next in follows[number]]
    if len(re.findall(r"griddepcontrol\.launch_dependents", text)) != 1:
        yield "does not let others come once"
    for line in re.findall(r"ld\.global\.nc.*", text):
        address = re.search(r"\[(%rd\d+)", line)
        if address and sources.get(address[1]):
            yield f"may move over the wait: {line}"


known = constants(sys.argv[2]) if len(sys.argv) > 2 else {}
kernels = re.split(r"\.visible \.entry ", open(sys.argv[1]).read())[1:]
wrong, early = [], 0
for kernel in kernels:
    name = kernel.split("(")[0]
    wrong += [f"{name}: {fault}" for fault in faults(name, kernel, known.get(name, set()))]
    early += bool(re.search(r"ld\.global.*griddepcontrol\.wait", kernel, re.S))
print("\n".join(wrong) or f"{len(kernels)} kernels wait, {early} read before")
sys.exit(bool(wrong) or not kernels)
