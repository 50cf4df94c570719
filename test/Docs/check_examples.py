#!/usr/bin/env python3
"""Checks that every op, attribute and pass is documented, and that hfc-opt parses every example.

usage: check_examples.py SOURCE_DIR LLVM_TBLGEN LLVM_INCLUDE_DIR HFC_OPT
Reads the records of dialects/*/Ops.td and of every Passes.td. Each needs a summary, a description, and in it an
example between ```mlir and ```; an op may refer to another's instead: "Example: see `x.y`.". Prints what is wrong, then
how many examples parsed; exits with 1 if anything was wrong.
"""
import json
import pathlib
import re
import subprocess
import sys
import textwrap

SEPARATOR = "\n// -----\n"


class Record:
    def __init__(self, file, name, record):
        self.file, self.name = file, name
        self.summary, self.description = record["summary"].strip(), textwrap.dedent(record["description"] or "")
        self.examples = [textwrap.dedent(e) for e in re.findall(r"```mlir\n(.*?)```", self.description, re.S)]
        self.reference = re.search(r"Example: see `([\w.-]+)`", self.description)


def read_records(root, tblgen, llvm_include):
    files = sorted(root.glob("dialects/*/Ops.td")) + sorted(root.glob("include/**/Passes.td"))
    for file in files:
        command = [tblgen, "--dump-json", "-I", root, "-I", root / "include", "-I", llvm_include, file]
        records = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
        dialects = {name: records[name]["name"] for name in records["!instanceof"].get("Dialect", [])}
        for kind in ("Op", "PassBase"):
            for name in records["!instanceof"].get(kind, []):
                record = records[name]
                shown = "--" + record["argument"] if kind == "PassBase" else (
                    f'{dialects[record["opDialect"]["def"]]}.{record["opName"]}')
                yield Record(file.relative_to(root), shown, record)


def check_documented(records):
    """What is missing, one line for each record that lacks something."""
    with_examples = {r.name for r in records if r.examples}
    for record in records:
        missing = [part for part in ("summary", "description") if not getattr(record, part).strip()]
        if not record.examples and not (record.reference and record.reference.group(1) in with_examples):
            missing.append("example")
        if missing:
            yield f"{record.file}: {record.name} has no {' and no '.join(missing)}"


def check_parsed(records, hfc_opt):
    """What hfc-opt says of examples it cannot parse: all of them go through one process."""
    owners, text, line = [], "", 1
    for record in records:
        for example in record.examples:
            if example.startswith("#"):  # An attribute is shown on an op.
                example = f"module attributes {{example = {example.strip()}}} {{}}\n"
            owners.append((line, record))
            text += example + SEPARATOR
            line += example.count("\n") + SEPARATOR.count("\n")
    result = subprocess.run([hfc_opt, "--split-input-file", "-"], input=text, capture_output=True, text=True)
    for number, message in re.findall(r"<stdin>:(?:within split at <stdin>:)?(\d+)[^\n]*error: ([^\n]*)", result.stderr):
        record = [owner for start, owner in owners if start <= int(number)][-1]
        yield f"{record.file}: the example of {record.name} does not parse: {message}"
    if result.returncode and "error:" not in result.stderr:
        yield f"hfc-opt failed with status {result.returncode}: {result.stderr}"


def main():
    root, tblgen, llvm_include, hfc_opt = pathlib.Path(sys.argv[1]), *sys.argv[2:]
    records = list(read_records(root, tblgen, llvm_include))
    problems = [*check_documented(records), *check_parsed(records, hfc_opt)]
    print("\n".join(problems + [f"{sum(len(r.examples) for r in records)} examples of {len(records)} ops and passes"]))
    sys.exit(bool(problems))


if __name__ == "__main__":
    main()
