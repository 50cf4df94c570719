#!/usr/bin/env python3
# Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Times every kernel of a program on this machine's GPU, at the program's own shapes, beside what its bytes cost.

usage: time_kernels.py GPU.mlir RT.mlir KERNELS.cubin

The files are what hfc-compile --target=cuda writes with --emit=gpu, rt and ptx (assembled by ptxas). Floats are random, integers
are small and valid wherever a kernel looks them up. A line for each kernel: launches in the program, milliseconds of all of
them, bytes of one launch (each buffer once), and the share of the bandwidth of a device-to-device copy, measured first. Needs
cupy, and no hfc.
"""

import math
import re
import sys
from collections import Counter

import cupy

SIZES = {"f32": 4, "i32": 4, "bf16": 2, "i1": 1, "i64": 8, "f64": 8}


def read_kernels(path):
    """Name -> (grid, lanes, [(shape, element type)])."""
    pattern = re.compile(r"gpu\.func @(\w+)\((.*?)\) (?:workgroup\(.*?\) )?kernel attributes \{(.*?)\} \{$")
    kernels = {}
    with open(path) as file:
        for line in file:
            match = pattern.search(line.strip())
            if not match:
                continue
            name, arguments, attributes = match.groups()
            shapes = []
            for text in re.findall(r"memref<([^>]*)>", arguments):
                *dims, element = text.split("x")
                shapes.append(([int(each) for each in dims], element))
            block = int(re.search(r"known_block_size = array<i32: (\d+)", attributes).group(1))
            grid = int(re.search(r"known_grid_size = array<i32: (\d+)", attributes).group(1))
            kernels[name] = (grid, block, shapes)
    return kernels


def count_launches(path):
    with open(path) as file:
        return Counter(re.findall(r"rt\.launch @(\w+)", file.read()))


class Buffers:
    """Random memory that kernels' arguments are taken from, one behind the other."""

    def __init__(self, total):
        self.floats = {}
        self.memory = cupy.empty(total, dtype=cupy.uint8)

    def take(self, kernels):
        offset = 0
        arguments = []
        for shape, element in kernels:
            count = math.prod(shape)
            size = count * SIZES[element]
            view = self.memory[offset : offset + size]
            offset += (size + 255) // 256 * 256
            self.fill(view, element, count)
            arguments.append(view)
        return arguments

    @staticmethod
    def fill(view, element, count):
        if element == "i32":
            view.view(cupy.int32)[...] = 1
        elif element == "i1":
            view[...] = 1
        elif element == "f32":
            target = view.view(cupy.float32)
            for begin in range(0, count, 1 << 28):
                part = target[begin : begin + (1 << 28)]
                part[...] = cupy.random.standard_normal(part.size, dtype=cupy.float32)
        elif element == "bf16":
            target = view.view(cupy.uint16)
            for begin in range(0, count, 1 << 28):
                part = target[begin : begin + (1 << 28)]
                part[...] = (cupy.random.standard_normal(part.size, dtype=cupy.float32).view(cupy.uint32) >> 16).astype(
                    cupy.uint16
                )


def milliseconds(run, repeats, before=lambda: None):
    """The median of what the device measures. `before` is not: work that keeps it busy until the host has issued the rest."""
    run()
    cupy.cuda.runtime.deviceSynchronize()
    begin, end = cupy.cuda.Event(), cupy.cuda.Event()
    times = []
    for _ in range(repeats):
        before()
        begin.record()
        run()
        end.record()
        end.synchronize()
        times.append(cupy.cuda.get_elapsed_time(begin, end))
    return sorted(times)[len(times) // 2]


def copy_bandwidth():
    size = 1 << 30
    source, target = cupy.ones(size, dtype=cupy.uint8), cupy.empty(size, dtype=cupy.uint8)
    return 2 * size / milliseconds(lambda: cupy.copyto(target, source), 10) * 1e3


def main():
    kernels, launches = read_kernels(sys.argv[1]), count_launches(sys.argv[2])
    module = cupy.RawModule(path=sys.argv[3])
    bandwidth = copy_bandwidth()
    device = cupy.cuda.runtime.getDeviceProperties(0)["name"].decode()
    print(f"{device}: a copy moves {bandwidth / 1e12:.2f} TB/s, bytes read and written")
    largest = max(sum(math.prod(s) * SIZES[e] + 256 for s, e in shapes) for _, _, shapes in kernels.values())
    buffers = Buffers(largest)
    # Writes more than any cache holds: what a kernel reads is not there yet.
    flushed = cupy.empty(1 << 28, dtype=cupy.uint8)
    rows = []
    for name, count in launches.items():
        if name not in kernels:
            continue
        grid, lanes, shapes = kernels[name]
        arguments = buffers.take(shapes)
        if name.startswith("scatter_add"):  # Rows of a table, as a text has them: most are few times in a batch.
            numbers = arguments[1].view(cupy.int32)
            numbers[...] = cupy.random.randint(0, shapes[0][0][0], numbers.size, dtype=cupy.int32)
        size = sum(each.nbytes for each in arguments)
        function = module.get_function(name)
        pointers = tuple(each.data.ptr for each in arguments)
        time = milliseconds(lambda: function((grid,), (lanes,), pointers), 5, before=lambda: flushed.fill(0))
        rows.append((count * time, count, name, grid, lanes, time, size))
    print(f"{'all ms':>9} {'count':>5} {'one ms':>9} {'MB':>9} {'of copy':>7} {'grid':>8} {'lanes':>5}  kernel")
    for total, count, name, grid, lanes, time, size in sorted(rows, reverse=True):
        share = size / (time / 1e3) / bandwidth
        print(f"{total:9.3f} {count:5d} {time:9.4f} {size / 1e6:9.2f} {share:7.0%} {grid:8d} {lanes:5d}  {name}")
    print(f"{sum(row[0] for row in rows):9.3f}  all")


main()
