"""Runs the program of functions.mlir and compares with Python's functions: functions.py libhfc_rt.so PROGRAM."""

import ctypes
import math
import struct
import sys

COUNT = 8 * 4096
runtime = ctypes.CDLL(sys.argv[1])
runtime.hfc_last_error.restype = ctypes.c_char_p
runtime.hfc_program_input.restype = ctypes.c_void_p
runtime.hfc_program_output.restype = ctypes.c_void_p
program = ctypes.c_void_p()
if runtime.hfc_program_open(sys.argv[2].encode(), 1, ctypes.byref(program)):
    sys.exit(runtime.hfc_last_error().decode())


def float32(value):
    try:
        return struct.unpack("f", struct.pack("f", value))[0]
    except OverflowError:
        return math.copysign(math.inf, value)


def inputs():
    """Numbers of every size; positions up to 1e5 radians; the values around which functions overflow."""
    special = [0.0, -0.0, 1.0, -1.0, 88.5, 88.8, 89.5, -87.0, -104.0, 1e30, -1e30, math.inf, -math.inf, math.nan]
    values = special + [math.ldexp(1.0 + i / 97, i % 40 - 25) * (-1) ** i for i in range(8000)]
    values += [i * 1e5 / 8000 for i in range(8000)]
    values += [(i - 8000) / 800 for i in range(COUNT - len(values))]
    return [float32(value) for value in values]


def guard(function):
    """The function as IEEE 754 has it, where Python raises."""

    def guarded(x):
        try:
            return function(x)
        except OverflowError:
            return math.inf
        except ValueError:
            return math.nan

    return guarded


def log(x):
    return -math.inf if x == 0 else math.log(x)


functions = {
    "exp": guard(math.exp), "tanh": math.tanh, "erf": math.erf, "log": lambda x: log(abs(x)),
    "log1p": lambda x: math.log1p(abs(x)), "expm1": guard(math.expm1), "sin": guard(math.sin), "cos": guard(math.cos),
    "rsqrt": lambda x: math.inf if x == 0 else 1 / math.sqrt(abs(x)),
}
RELATIVE, ABSOLUTE = 5e-7, 1e-37


def output(name, kind):
    address = runtime.hfc_program_output(program, b"forward", name.encode())
    return (kind * COUNT).from_address(address)


def agrees(got, wanted, absolute):
    if math.isnan(wanted) or math.isinf(wanted):
        return math.isnan(got) if math.isnan(wanted) else got == wanted
    return abs(got - wanted) <= RELATIVE * abs(wanted) + absolute


def bfloat16(x):
    """To nearest, ties to even."""
    bits = struct.unpack("I", struct.pack("f", x))[0]
    return (bits + 0x7FFF + (bits >> 16 & 1)) >> 16 & 0xFFFF


x = inputs()
runtime.hfc_program_input.argtypes = runtime.hfc_program_output.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p]
address = runtime.hfc_program_input(program, b"forward", b"x")
(ctypes.c_float * COUNT).from_address(address)[:] = x
if runtime.hfc_program_run(program, b"forward"):
    sys.exit(runtime.hfc_last_error().decode())
failed = 0
for name, function in functions.items():
    got = output(name, ctypes.c_float)
    absolute = 1e-7 if name in ("sin", "cos") else ABSOLUTE
    wrong = []
    for value, result in zip(x, got):
        wanted = function(value)
        if not math.isnan(wanted):
            wanted = float32(wanted)
        if not agrees(result, wanted, absolute):
            wrong.append((value, result, wanted))
    worst = max(wrong, key=lambda row: abs(row[1] - row[2]) / (abs(row[2]) or 1), default=None)
    print(f"{name}: {len(wrong)} of {COUNT} differ" + (f", such as {worst}" if wrong else ""))
    failed += len(wrong)
rounded = output("round", ctypes.c_uint16)
wrong = [v for v, r in zip(x, rounded) if not math.isnan(v) and bfloat16(v) != r or math.isnan(v) and not r & 0x7F]
print(f"bfloat16: {len(wrong)} of {COUNT} differ", *wrong[:4])
sys.exit(failed or wrong and 1 or 0)
