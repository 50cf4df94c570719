"""Runs the entries of convert-collective-to-nccl.mlir on four ranks and compares with what the kinds mean: nccl.py PROGRAM."""

import ctypes
import json
import math
import struct
import sys
import threading

RANKS = 4
library = ctypes.CDLL(sys.argv[1])
program = json.loads(ctypes.c_char_p(ctypes.addressof(ctypes.c_char.in_dll(library, "hfc_program_json"))).value)
constants = ctypes.addressof(ctypes.c_char.in_dll(library, "hfc_program_constants"))
FORMATS = {"float32": "f", "int32": "i"}


def pack(values, dtype):
    if dtype == "bfloat16":
        return b"".join(struct.pack("f", value)[2:] for value in values)
    return struct.pack(f"{len(values)}{FORMATS[dtype]}", *values)


def unpack(data, dtype):
    if dtype == "bfloat16":
        return [struct.unpack("f", b"\0\0" + data[i : i + 2])[0] for i in range(0, len(data), 2)]
    return list(struct.unpack(f"{len(data) // 4}{FORMATS[dtype]}", data))


class Rank:
    """The memory of one rank, and the frame that entries get."""

    def __init__(self, number):
        self.number = number
        self.arena = ctypes.create_string_buffer(program["arena"] + 64)
        self.buckets = {b["name"]: ctypes.create_string_buffer(4 * b["elements"]) for b in program["buckets"]}
        self.own = []
        self.states = {state["name"]: self.place(state) for state in program["states"]}
        self.context = (ctypes.c_int64 * 5)()
        self.communicator = ctypes.c_int32(number)
        pointers = lambda values: (ctypes.c_void_p * len(values))(*values)
        self.tables = [pointers(list(self.states.values())), pointers([0, 0]),
                       pointers([ctypes.addressof(self.communicator)] * len(program["groups"]))]
        states, streams, communicators = map(ctypes.addressof, self.tables)
        self.frame = pointers([ctypes.addressof(self.context), ctypes.addressof(self.arena), 0, states, 0, constants, streams, communicators])

    def place(self, state):
        if "bucket" in state:
            return ctypes.addressof(self.buckets[state["bucket"]["name"]]) + 4 * state["bucket"]["offset"]
        self.own.append(ctypes.create_string_buffer(4 * math.prod(state["shape"])))
        return ctypes.addressof(self.own[-1])

    def address(self, buffer):
        return self.states[buffer["name"]] if "offset" not in buffer else ctypes.addressof(self.arena) + buffer["offset"]

    def write(self, buffer, values):
        data = pack(values, buffer["dtype"])
        ctypes.memmove(self.address(buffer), data, len(data))

    def read(self, buffer):
        size = math.prod(buffer["shape"]) * (2 if buffer["dtype"] == "bfloat16" else 4)
        return unpack(ctypes.string_at(self.address(buffer), size), buffer["dtype"])


# Tensors are flat lists; along a dimension they are rows of `size` times `inner` elements.


def pieces(tensor, shape, dim):
    """Equal pieces along `dim`, with zeros where they reach beyond its end."""
    size, inner = shape[dim], math.prod(shape[dim + 1 :])
    length, row = -(-size // RANKS), size * inner
    result = []
    for rank in range(RANKS):
        piece = []
        for begin in range(0, len(tensor), row):
            part = tensor[begin : begin + row][rank * length * inner : (rank + 1) * length * inner]
            piece += part + [0] * (length * inner - len(part))
        result.append(piece)
    return result


def join(parts, shape, dim):
    """What `pieces` of a tensor of `shape` came from."""
    size, inner, outer = shape[dim], math.prod(shape[dim + 1 :]), math.prod(shape[:dim])
    length = len(parts[0]) // outer
    result = []
    for i in range(outer):
        row = sum((part[i * length : (i + 1) * length] for part in parts), [])
        result += row[: size * inner]
    return result


def combined(xs, how):
    mean = lambda values: sum(values) / len(values)
    return [{"sum": sum, "max": max, "min": min, "mean": mean}[how](values) for values in zip(*xs)]


def gathered(shape, dim):
    return lambda xs: [{"y": join([x["x"] for x in xs], shape, dim)}] * RANKS


def scattered(shape, dim, how):
    return lambda xs: [{"y": piece} for piece in pieces(combined([x["x"] for x in xs], how), shape, dim)]


def exchanged(shape, cut, result, concat):
    def reference(xs):
        parts = [pieces(x["x"], shape, cut) for x in xs]
        return [{"y": join([parts[source][rank] for source in range(RANKS)], result, concat)} for rank in range(RANKS)]

    return reference


def shifted(places, source, target):
    return lambda xs: [{target: xs[(rank - places) % RANKS][source]} for rank in range(RANKS)]


def scattered_bucket(order):
    def reference(xs):
        # Tensors begin at multiples of 16 elements.
        whole = combined([sum((x[name] + [0] * (16 - len(x[name])) for name in order), []) for x in xs], "sum")
        return [{"part": piece} for piece in pieces(whole, [32], 0)]

    return reference


def gathered_bucket(order):
    sizes = {"first": 5, "second": 8}

    def reference(xs):
        whole, result = sum((x["part"] for x in xs), []), {}
        for name in order:
            result[name], whole = whole[: sizes[name]], whole[16:]
        return [result] * RANKS

    return reference


REFERENCES = {
    "all_reduce": lambda xs: [{"y": combined([x["x"] for x in xs], "max")}] * RANKS,
    "all_reduce_several": lambda xs: [{"x": [4 * i for i in range(1, 17)], "y": [28] * 16, "z": [4, -8, 12]}] * RANKS,
    "agree": lambda xs: [{"y": combined([x["x"] for x in xs], "mean")}] * RANKS,
    "all_gather_outermost": gathered([1, 8, 3], 1),
    "all_gather_rows": gathered([3, 8, 2], 1),
    "all_gather_many": gathered([20, 8], 1),
    "all_gather_uneven": gathered([3, 5], 1),
    "reduce_scatter_rows": scattered([2, 8, 2], 1, "sum"),
    "reduce_scatter_many": scattered([20, 8], 1, "mean"),
    "reduce_scatter_uneven": scattered([5, 2], 0, "min"),
    "all_to_all_out": exchanged([8, 3], 0, [2, 12], 1),
    "all_to_all_both": exchanged([2, 8, 3], 1, [2, 2, 12], 2),
    "broadcast": lambda xs: [{"y": xs[2]["x"]}] * RANKS,
    "send_receive": shifted(-1, "x", "y"),
    "send_receive_in_place": shifted(2, "piece", "piece"),
    "reduce_scatter_bucket": scattered_bucket(["first", "second"]),
    "all_gather_bucket": gathered_bucket(["first", "second"]),
    "reduce_scatter_packed": scattered_bucket(["second", "first"]),
    "all_gather_packed": gathered_bucket(["second", "first"]),
    "alone": lambda xs: [{"y": x["x"]} for x in xs],
}


def values(rank, number, count):
    """Small whole numbers, different on every rank, whose sums bfloat16 holds."""
    return [4 * ((7 * i + 3 * number + 5 * rank) % 8 - 3) for i in range(count)]


def run(entry, ranks):
    buffers = entry["inputs"] + program["states"]
    given = []
    for rank in ranks:
        # What scratch memory holds means nothing.
        ctypes.memset(ctypes.addressof(rank.arena), 0x7F, program["arena"])
        given.append({b["name"]: values(rank.number, n, math.prod(b["shape"])) for n, b in enumerate(buffers)})
        for buffer in buffers:
            rank.write(buffer, given[-1][buffer["name"]])
    call = getattr(library, entry["symbol"])
    threads = [threading.Thread(target=call, args=(ctypes.byref(rank.frame),)) for rank in ranks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    named = {b["name"]: b for b in entry["outputs"] + program["states"]}
    for rank, wanted in zip(ranks, REFERENCES[entry["name"]](given)):
        for name, expected in wanted.items():
            found = rank.read(named[name])
            if found != expected:
                sys.exit(f"{entry['name']}, rank {rank.number}, {name}: {found}, not {expected}")
        for name in set(rank.states) - set(wanted):
            if rank.read(named[name]) != given[rank.number][name]:
                sys.exit(f"{entry['name']}, rank {rank.number}: {name} has changed")


library.double_create(RANKS)
ranks = [Rank(number) for number in range(RANKS)]
for entry in program["entries"]:
    run(entry, ranks)
for rank in ranks:
    begun, ended, moved, result, _ = rank.context
    if begun != len(program["entries"]) or ended != begun or result or moved != sum(c["bytes"] for c in program["collectives"]):
        sys.exit(f"rank {rank.number}: {begun} collectives begun, {ended} ended with {result}, {moved} bytes")
print(f"{len(program['entries'])} collectives on {RANKS} ranks")
