"""same_collectives.py A.json B.json: whether two runs of hfc-run --json executed the same collectives; says what differs."""
import json
import sys


def collectives(path):
    with open(path) as file:
        return json.loads(file.read().splitlines()[-1])["collectives"]


first, second = map(collectives, sys.argv[1:3])
for name, own, other in ((sys.argv[1], first, second), (sys.argv[2], second, first)):
    for each in own:
        if each not in other:
            print(f"only in {name}: {each}")
sys.exit(first != second or not first)
