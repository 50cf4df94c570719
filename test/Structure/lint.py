#!/usr/bin/env python3
"""Checks that the tree keeps its shape. usage: lint.py SOURCE_DIR; prints what is wrong and exits with 1.

- Includes follow the arrows: Support <- dialects <- Partition <- {Frontend, Interpreter, Transforms, Conversion, Target} <- Verify <- Pipelines <- Plugin <- tools.
- The runtime knows nothing of MLIR.
- Every pass has test files of its flag's name: one that shows what it does, one that shows what it refuses.
- A strategy is at most 50 lines, comments aside: what needs more belongs into the core.
- Every source file carries the license, and none is longer than 700 lines.
"""
import pathlib
import re
import sys

MAX_LINES = 700
MAX_STRATEGY = 50
LICENSE = "SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception"
SOURCES = (".h", ".cpp", ".td")
# What a folder may include, by the beginning of the include's path. "mlir" and "llvm" stand for MLIR at all.
RULES = [
    ("dialects/", ("dialects/", "hfc/Support/", "mlir/", "llvm/")),
    ("lib/Runtime/", ("hfc/Runtime/", "lib/Runtime/", "nlohmann/")),
    ("include/hfc/Runtime/", ("hfc/Runtime/", "nlohmann/")),
    ("tools/hfc-run/", ("hfc/Runtime/", "nlohmann/", "tools/hfc-run/")),
    ("lib/Frontend/", ("dialects/", "hfc/Support/", "hfc/Frontend/", "lib/Frontend/", "mlir/", "llvm/", "nlohmann/")),
    ("lib/Partition/", ("dialects/", "hfc/Support/", "hfc/Partition/", "lib/Partition/", "mlir/", "llvm/")),
    ("lib/Transforms/", ("dialects/", "hfc/Support/", "hfc/Partition/", "hfc/Transforms/", "lib/Partition/", "lib/Transforms/", "mlir/", "llvm/")),
    ("lib/Verify/", ("dialects/", "hfc/Support/", "hfc/Partition/", "hfc/Interpreter/", "hfc/Verify/", "lib/Verify/", "mlir/", "llvm/")),
    ("lib/Picture/", ("dialects/", "hfc/Support/", "hfc/Ledger/", "hfc/Picture/", "lib/Picture/", "mlir/", "llvm/")),
    ("lib/Conversion/", ("dialects/", "hfc/Support/", "hfc/Conversion/", "lib/Conversion/", "mlir/", "llvm/", "hfc/Runtime/hfc_runtime.h", "nlohmann/")),
]
OURS = ("dialects/", "hfc/", "lib/", "tools/", "mlir/", "llvm/", "nlohmann/")


def sources(root):
    for top in ("dialects", "include", "lib", "tools"):
        yield from (p for p in sorted((root / top).rglob("*")) if p.suffix in SOURCES)


def check_includes(root, problems):
    for path in sources(root):
        name = path.relative_to(root).as_posix()
        for prefix, allowed in RULES:
            if not name.startswith(prefix):
                continue
            for included in re.findall(r'^\s*#?include\s+["<]([^">]+)[">]', path.read_text(), re.M):
                if included.startswith(OURS) and not included.startswith(allowed):
                    problems.append(f"{name}: includes {included}, against the direction of the arrows")


def check_files(root, problems):
    for path in sources(root):
        name, text = path.relative_to(root).as_posix(), path.read_text()
        if LICENSE not in text:
            problems.append(f"{name}: has no license header")
        if text.count("\n") > MAX_LINES:
            problems.append(f"{name}: {text.count(chr(10))} lines; split it (at most {MAX_LINES})")


def check_passes(root, problems):
    tests = {p.stem for p in (root / "test").rglob("*.mlir")}
    for path in sorted((root / "include").rglob("Passes.td")):
        for flag in re.findall(r'def \w+\s*:\s*Pass<"(hfc-[\w-]+)"', path.read_text()):
            stem = flag.removeprefix("hfc-")
            for wanted in (stem, stem + "-invalid"):
                if wanted not in tests:
                    problems.append(f"--{flag}: there is no test {wanted}.mlir")


def check_strategies(root, problems):
    for path in [*root.glob("lib/Partition/Strategies/*.cpp"), root / "test/Plugins/examples/TensorParallel2D.cpp"]:
        lines = [line for line in path.read_text().splitlines() if line.strip() and not line.strip().startswith("//")]
        if len(lines) > MAX_STRATEGY:
            problems.append(f"{path.relative_to(root)}: {len(lines)} lines of strategy (at most {MAX_STRATEGY})")


def main():
    root, problems = pathlib.Path(sys.argv[1]), []
    check_includes(root, problems)
    check_files(root, problems)
    check_passes(root, problems)
    check_strategies(root, problems)
    print("\n".join(problems) or "the tree keeps its shape")
    sys.exit(bool(problems))


if __name__ == "__main__":
    main()
