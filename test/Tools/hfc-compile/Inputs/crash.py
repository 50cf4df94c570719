"""Crashes hfc-compile while it reads standard input, and checks how it ends: crash.py DIR."""

import ctypes
import os
import signal
import subprocess
import sys
import time

directory = sys.argv[1]
program = os.path.join(directory, "p.so")
process = subprocess.Popen(["hfc-compile", "-", "-o", program], stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
# The output is opened, by the thread that compiles, before the input is read.
deadline = time.monotonic() + 30
while not os.listdir(directory) and time.monotonic() < deadline:
    time.sleep(0.05)
threads = [int(thread) for thread in os.listdir(f"/proc/{process.pid}/task") if int(thread) != process.pid]
ctypes.CDLL(None).tgkill(process.pid, threads[0], signal.SIGSEGV)
try:
    _, message = process.communicate(timeout=30)
except subprocess.TimeoutExpired:
    process.kill()
    sys.exit("it hangs")
print(f"status {process.returncode}, {len(os.listdir(directory))} files left")
print(message)
