#!/bin/sh
# Runs a command that must end with status 2: the user's mistake.
"$@"
status=$?
[ $status -eq 2 ] || { echo "expected status 2, got $status" >&2; exit 1; }
