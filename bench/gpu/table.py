#!/usr/bin/env python3
# Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The README's table of speeds on GPUs, from what compare.py --results and gpu_checks.py --results wrote.

usage: table.py RESULTS.jsonl [--update=README.md | --check=README.md]

Prints the table, or puts it between the README's two comments, or exits with 1 if what stands there is not the table.
"""
import argparse
import collections
import json
import pathlib
import sys

BEGIN, END = "<!-- bench/gpu/table.py -->\n", "<!-- end -->\n"


def value(row):
    if "tokens_per_second" in row:
        return f"{row['tokens_per_second']:,} tokens/s ({row['mfu']:.1%})"
    if "seconds" in row:
        return f"{row['seconds']:.1f} s"
    return f"{row['milliseconds']:.2f} ms"


def table(rows):
    works = collections.defaultdict(list)
    for row in rows:
        works[row["work"], row["device"]].append(row)
    lines = ["| work | hfc | beside it, in the same run |", "|---|---|---|"]
    for (work, device), each in works.items():
        ours = [value(row) for row in each if row["peer"] == "hfc"]
        others = [f"{row['peer']}: {value(row)}" for row in each if row["peer"] != "hfc"]
        lines.append(f"| {work}, {device.split(',')[0]} | **{'; '.join(ours)}** | {'; '.join(others)} |")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=pathlib.Path)
    parser.add_argument("--update", type=pathlib.Path, metavar="README")
    parser.add_argument("--check", type=pathlib.Path, metavar="README")
    options = parser.parse_args()
    made = table([json.loads(line) for line in options.results.read_text().splitlines()])
    readme = options.update or options.check
    if not readme:
        print(made, end="")
        return 0
    text = readme.read_text()
    before, _, rest = text.partition(BEGIN)
    held, _, after = rest.partition(END)
    if options.check:
        if held != made:
            print(f"{readme}: the table is not what {options.results} says; run {sys.argv[0]} {options.results} --update={readme}")
        return int(held != made)
    readme.write_text(before + BEGIN + made + END + after)
    return 0


if __name__ == "__main__":
    sys.exit(main())
