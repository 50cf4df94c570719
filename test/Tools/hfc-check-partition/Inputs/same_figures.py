"""Compares a row of hfc-check-partition with the ledger of the same program. usage: same_figures.py ROW LEDGER"""
import json
import sys

row, ledger = (json.load(open(name)) for name in sys.argv[1:])
own = row["rows"][0]["own"]
figures = {
    "memory": (own["memory"]["total"], ledger["memory"]["total"]),
    "collective bytes": (sum(c["bytes"] for c in own["collectives"]), ledger["collective_bytes"]),
    "time": (round(own["step_microseconds"], 3), round(sum(e["microseconds"] * e["runs"] for e in ledger["entries"]), 3)),
}
wrong = [f"{name}: {a}, not {b}" for name, (a, b) in figures.items() if a != b]
print("; ".join(wrong) or "the same: " + ", ".join(figures))
sys.exit(bool(wrong))
