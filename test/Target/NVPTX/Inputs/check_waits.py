"""Whether each kernel of a PTX text, once, waits for the kernels in front of it, before it touches global memory.
usage: check_waits.py FILE.ptx"""
import re
import sys

kernels = re.split(r"\.visible \.entry ", open(sys.argv[1]).read())[1:]
wrong = []
for kernel in kernels:
    name, access = kernel.split("(")[0], re.search(r"\b(ld|st|atom|red)\.(global|volatile|relaxed|[bfuv]\d)|cp\.async", kernel)
    waits = [each.start() for each in re.finditer(r"griddepcontrol\.wait", kernel)]
    follows = [each.start() for each in re.finditer(r"griddepcontrol\.launch_dependents", kernel)]
    if len(waits) != 1 or len(follows) != 1 or follows[0] < waits[0] or not access or access.start() < waits[0]:
        wrong.append(f"{name}: waits at {waits}, lets others come at {follows}, touches memory at {access and access.start()}")
print("\n".join(wrong) or f"{len(kernels)} kernels wait")
sys.exit(bool(wrong) or not kernels)
