"""Checks a trace of hfc-run --profile against the ledger of its program.
usage: check_profile.py TRACE.json LEDGER.json RANKS ENTRY=RUNS…

Every run of an entry has each line of the ledger once, in order, on every rank, inside the entry's own slice; shares add up to the whole, and so do lines."""
import collections
import json
import sys

trace, ledger = (json.load(open(path)) for path in sys.argv[1:3])
ranks, runs = int(sys.argv[3]), {name: int(count) for name, count in (each.split("=") for each in sys.argv[4:])}
lines = {entry["name"]: entry["lines"] for entry in ledger["entries"]}
slices = [event for event in trace["traceEvents"] if event["ph"] == "X"]
problems = []


def check(holds, what):
    if not holds and len(problems) < 10:
        problems.append(what)


def near(a, b):
    return abs(a - b) <= 1e-6 * max(abs(a), abs(b), 1)


def check_work(event, line):
    args = event["args"]
    for key in ("kind", "phase", "flops", "read", "written"):
        check(args[key] == line[key], f"{event['name']}: {key} is {args[key]}, and {line[key]} in the ledger")
    check(args.get("layer") == line.get("block"), f"{event['name']}: layer {args.get('layer')}")
    first = line["path"].split(", ")[0]
    check(args["path"].split(", ")[0].split(" and ")[0] == first, f"path {args['path']}, and {line['path']} in the ledger")
    check(first in event["name"], f"{event['name']} does not name {first}")
    if "microseconds" in line:
        check(near(args["planned_us"], line["microseconds"]), f"{event['name']}: planned {args['planned_us']}")
    if "axes" in line:
        check(args["axes"].replace(" ", "") == line["axes"].replace(" ", ""), f"axes {args['axes']}, not {line['axes']}")
        check(args["cause"] == line["cause"] and args["collective"] == line["id"], f"{event['name']}: {args}")


for rank in range(ranks):
    mine = [event for event in slices if event["pid"] == rank and event["cat"] != "planned"]
    entries = [event for event in mine if event["cat"] == "entry"]
    check(collections.Counter(event["name"] for event in entries) == collections.Counter(runs), f"rank {rank} ran {[event['name'] for event in entries]}")
    works = iter(event for event in mine if event["cat"] != "entry")
    for entry in entries:
        for number, line in enumerate(lines[entry["name"]]):
            event = next(works)
            check(event["args"]["work"] == number and event["args"]["entry"] == entry["name"], f"{event['name']} instead of {line}")
            check_work(event, line)
            check(entry["ts"] <= event["ts"] + 1 and event["ts"] + event["dur"] <= entry["ts"] + entry["dur"] + 1, f"{event['name']} is outside of its entry")
    check(next(works, None) is None, f"rank {rank} has more work")
    names = {event["args"]["name"] for event in trace["traceEvents"] if event["ph"] == "M" and event["pid"] == rank and "name" in event["args"]}
    check({f"rank {rank}", "entries"} <= names, f"tracks {names}")

for part in trace["summary"]["parts"]:
    check(len(part["ranks"]) == ranks, "ranks")
    for rank in part["ranks"]:
        check(near(rank["entries_ms"], sum(rank[key]["ms"] for key in ("kernels", "libraries", "copies", "collectives", "gaps"))), f"shares {rank}")
        check(all(rank[key]["ms"] >= 0 for key in ("kernels", "libraries", "copies", "collectives", "gaps")), f"negative {rank}")
    first = part["ranks"][0]
    busy = sum(first[key]["busy_ms"] for key in ("kernels", "libraries", "copies", "collectives"))
    check(near(busy, sum(line["ms"] for line in part["lines"])), "lines do not add up")
    check(sum(first[key]["works"] for key in ("kernels", "libraries", "copies", "collectives")) == sum(line["count"] for line in part["lines"]), "counts")
    check(part["profiled_ms"] >= first["entries_ms"] * 0.999, f"{part['profiled_ms']} ms of {first['entries_ms']}")
    check([line["ms"] for line in part["lines"]] == sorted((line["ms"] for line in part["lines"]), reverse=True), "order of lines")
print("\n".join(problems) or f"{len(slices)} slices as they should be, parts {', '.join(part['name'] for part in trace['summary']['parts'])}")
sys.exit(bool(problems))
