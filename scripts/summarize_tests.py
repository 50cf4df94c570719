#!/usr/bin/env python3
"""Counts lit results (JSON files of `lit -o`) in a folder; the last line is "N passed, N failed, N skipped".

Exits with 1 if any test failed or none ran.
"""
import json
import pathlib
import sys

PASSED, SKIPPED = {"PASS", "XFAIL", "FLAKYPASS"}, {"UNSUPPORTED", "SKIPPED", "EXCLUDED"}


def main():
    passed, failed, skipped = 0, [], 0
    for file in sorted(pathlib.Path(sys.argv[1]).glob("*.json")):
        for test in json.loads(file.read_text())["tests"]:
            if test["code"] in PASSED:
                passed += 1
            elif test["code"] in SKIPPED:
                skipped += 1
            else:
                failed.append(f"{file.stem}: {test['name']} ({test['code']})")
    for name in failed:
        print("FAILED", name)
    print(f"{passed} passed, {len(failed)} failed, {skipped} skipped")
    sys.exit(1 if failed or not passed else 0)


if __name__ == "__main__":
    main()
