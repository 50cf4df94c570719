#!/usr/bin/env python3
"""Sums up what hfc-mutate wrote. usage: summarize_mutants.py FILE.csv

Prints a Markdown table by kind of fault: how many were made, compute the same, were refused by a pass, count, were caught and
named, and which check was the first to find them; of those that change numbers, what hfc-verify-partition alone finds and
names; then Megatron's bugs, survivors and false alarms. Exits with 1 if there are any of the last two.
"""
import collections
import csv
import sys

COLUMNS = ["fault", "made", "equal", "refused", "count", "caught", "named", "ops", "distribution", "partition", "schedule", "differ", "run finds", "run names"]


def sums(rows):
    counted = [row for row in rows if row["outcome"] in ("caught", "survived")]
    caught = [row for row in counted if row["outcome"] == "caught"]
    differ = [row for row in counted if row["differs"] == "1" and row["check"] != "schedule"]
    by = collections.Counter(row["check"] for row in caught)
    outcomes = collections.Counter(row["outcome"] for row in rows)
    return [len(rows), outcomes["equivalent"], outcomes["refused"], len(counted), len(caught), sum(row["named"] == "1" for row in caught),
            *(by[check] for check in ("ops", "distribution", "partition", "schedule")), len(differ),
            sum(row["run_found"] == "1" for row in differ), sum(row["run_named"] == "1" for row in differ)]


def main():
    with open(sys.argv[1], newline="") as file:
        rows = list(csv.DictReader(file))
    kinds = collections.defaultdict(list)
    for row in rows:
        kinds[row["fault"]].append(row)
    print("", *COLUMNS, "", sep=" | ")
    print("", *("---" for _ in COLUMNS), "", sep="|")
    for kind, some in [*kinds.items(), ("all", rows)]:
        print("", kind, *sums(some), "", sep=" | ")
    for bug, count in sorted(collections.Counter(row["megatron"] for row in rows if row["megatron"] and row["outcome"] == "caught").items()):
        print(f"Megatron {bug}: {count} caught")
    wrong = [row for row in rows if row["outcome"] in ("survived", "false alarm")]
    for row in wrong:
        print(f"{row['outcome']}: {row['program']}: {row['fault']}: {row['place']} of @{row['entry']} {row['what']} {row['message']}")
    made, _, _, counted, caught, named, *_ = sums(rows)
    print(f"{made} faults in {len({row['program'] for row in rows})} programs; {counted} count, {100 * caught / max(counted, 1):.2f} % caught, "
          f"{100 * named / max(counted, 1):.2f} % named, {sum(row['outcome'] == 'false alarm' for row in rows)} false alarms; "
          f"{sum(float(row['seconds']) for row in rows):.0f} s")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
