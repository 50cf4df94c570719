#!/usr/bin/env python3
"""Deletes the first all-reduce of a row-parallel output from IR: what a broken partitioning pass would forget.

usage: drop_all_reduce.py < local.mlir > broken.mlir; what is deleted is printed on standard error
"""
import re
import sys


def main():
    lines = sys.stdin.read().split("\n")
    dropped = next(i for i, line in enumerate(lines) if "dist.all_reduce" in line and "row-parallel output" in line)
    result, operand = re.match(r" *(%\w+) = dist\.all_reduce +sum (%\w+) ", lines[dropped]).groups()
    print("deleted:", lines[dropped].strip().split(" {")[0], file=sys.stderr)
    end = next(i for i in range(dropped, len(lines)) if lines[i].startswith("  }"))
    rest = [re.sub(rf"{result}\b", operand, line) for line in lines[dropped + 1:end]]
    print("\n".join(lines[:dropped] + rest + lines[end:]))


if __name__ == "__main__":
    main()
