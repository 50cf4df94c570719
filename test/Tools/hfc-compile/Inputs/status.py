"""Runs a command and checks its exit status, and that an error is one message: status.py STATUS COMMAND..."""

import subprocess
import sys

wanted, command = int(sys.argv[1]), sys.argv[2:]
result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
if result.returncode != wanted:
    sys.exit(f"status {result.returncode}, not {wanted}\n{result.stderr}")
if wanted == 2 and result.stderr.count("error:") != 1:
    sys.exit(f"not one message, but:\n{result.stderr}")
