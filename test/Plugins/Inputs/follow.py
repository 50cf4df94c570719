#!/usr/bin/env python3
"""Follows a document: writes its files, runs its commands, compares what they print. usage: follow.py DOCUMENT FOLDER [--max-lines=N] [--show]

Fenced blocks, in order: `sh` runs in FOLDER, variables kept, and stops at the first command that fails; `sh fails` must end with a
failure of status 1 or 2; `LANGUAGE file=NAME` becomes that file; `text` is what the block before printed: its lines occur in this order, where `…` is any text
and blanks are all alike. With --show, what commands print is printed: to quote it.
"""
import pathlib
import re
import subprocess
import sys

FENCE = re.compile(r"^```(\w*)[ ]*([^\n]*)\n(.*?)^```$", re.M | re.S)
SAVE = 'status=$?; export -p > .environment; set +e; (set -o posix; set) | grep -E "^[a-z]+=" > .variables; exit $status'


def run(script, folder, fails):
    """Variables of one block are there in the next one, exported or not."""
    prelude = "test -f .variables && . ./.variables; test -f .environment && . ./.environment\n"
    done = subprocess.run(["bash", "-c", f"{prelude}trap '{SAVE}' EXIT\nset -e\n{script}"], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, errors="replace")
    if fails:
        assert done.returncode in (1, 2), f"status {done.returncode}, though it should fail:\n{script}\n{done.stdout}"
    else:
        assert done.returncode == 0, f"status {done.returncode}:\n{script}\n{done.stdout}"
    return done.stdout


def blanks_alike(text):
    return " ".join(text.split())


def compare(expected, printed):
    at = 0
    text = "\n".join(blanks_alike(line) for line in printed.split("\n"))
    for line in filter(None, map(blanks_alike, expected.split("\n"))):
        pattern = ".*?".join(map(re.escape, line.split("…")))
        found = re.compile(pattern).search(text, at)
        assert found, f"not printed: {line}\n---\n{printed}"
        at = found.end()


def main():
    document, folder = pathlib.Path(sys.argv[1]).read_text(encoding="utf-8"), pathlib.Path(sys.argv[2])
    limit = [int(a.split("=")[1]) for a in sys.argv[3:] if a.startswith("--max-lines=")]
    assert not limit or document.count("\n") <= limit[0], f"{document.count(chr(10))} lines"
    printed, counts = "", {"ran": 0, "wrote": 0, "compared": 0}
    for language, info, body in FENCE.findall(document):
        if language == "sh":
            printed = run(body, folder, info == "fails")
            counts["ran"] += 1
            if "--show" in sys.argv:
                print(f"{body}---\n{printed}", flush=True)
        elif language == "text":
            compare(body, printed)
            counts["compared"] += 1
        else:
            assert info.startswith("file="), f"a block of {language or 'nothing'} without a file"
            (folder / info.removeprefix("file=")).write_text(body, encoding="utf-8")
            counts["wrote"] += 1
    print(", ".join(f"{key} {count}" for key, count in counts.items()))


if __name__ == "__main__":
    try:
        main()
    except AssertionError as error:
        sys.exit(str(error))
