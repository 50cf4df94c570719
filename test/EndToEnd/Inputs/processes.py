#!/usr/bin/env python3
"""Starts a command as several processes, as a launcher does. usage: processes.py COUNT torchrun|mpirun|slurm COMMAND…

Passes on what they print. Exits with 1 if any fails.
"""
import os
import socket
import subprocess
import sys

VARIABLES = {
    "torchrun": ("RANK", "WORLD_SIZE"),
    "mpirun": ("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"),
    "slurm": ("SLURM_PROCID", "SLURM_STEP_NUM_TASKS"),
}


def free_port():
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        return str(server.getsockname()[1])


def main():
    count, (rank, ranks), command = int(sys.argv[1]), VARIABLES[sys.argv[2]], sys.argv[3:]
    common = {**os.environ, ranks: str(count), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": free_port()}
    processes = [subprocess.Popen(command, env={**common, rank: str(i)}) for i in range(count)]
    statuses = [process.wait() for process in processes]
    sys.exit(1 if any(statuses) else 0)


if __name__ == "__main__":
    main()
