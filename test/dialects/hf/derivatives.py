#!/usr/bin/env python3
"""Compares the derivative of every hf op with finite differences.

usage: derivatives.py HFC_OPT HFC_INTERPRET
Each case is a function of a few tensors. `hfc-differentiate` builds the gradient of the sum of all cases, each weighed by
noise; along a random direction of each tensor it must be what a central difference gives. All of it runs in hfc-interpret,
in float64. Prints each tensor's error; exits with 1 above the tolerance.
"""
import itertools
import math
import random
import re
import subprocess
import sys

TOLERANCE = 2e-5
STEP = 1e-4

rng = random.Random(1)


def literal(values, shape):
    if not shape:
        return values[0] if isinstance(values[0], str) else repr(values[0])
    step = len(values) // shape[0]
    return "[" + ", ".join(literal(values[i * step:(i + 1) * step], shape[1:]) for i in range(shape[0])) + "]"


def tensor_type(shape, element="f32"):
    return f"tensor<{''.join(f'{s}x' for s in shape)}{element}>"


def constant(values, shape, element="f32"):
    text = [f"{v:.9e}" for v in values] if element == "f32" else list(map(int, values))
    return f"hf.constant dense<{literal(text, shape)}> : {tensor_type(shape, element)}"


def noise(shape, low=-1.0, high=1.0):
    return [rng.uniform(low, high) for _ in range(math.prod(shape))]


class Case:
    """Ops over `%name` of each float tensor, ending in `%y`. `$t` in the text stands for the type of tensor `t`."""

    def __init__(self, name, text, result, low=-1.0, high=1.0, integers=None, **shapes):
        self.name, self.result, self.shapes, self.integers = name, result, shapes, integers or {}
        types = {k: tensor_type(v) for k, v in shapes.items()}
        types.update({k: tensor_type(v[1], "i32") for k, v in self.integers.items()})
        types["y"] = tensor_type(result)
        self.text = re.sub(r"\$(\w)", lambda m: types[m[1]], text)
        self.values = {k: noise(v, low, high) for k, v in shapes.items()}
        self.weights = noise(result)

    def lines(self, prefix, tensors):
        """Computes `%<prefix>sum`, given the SSA names of the tensors. Every other name gets the prefix."""
        text = "\n".join(f"%{k} = {constant(v, s, 'i32')}" for k, (v, s) in self.integers.items()) + "\n" + self.text
        text += f"\n%noise = {constant(self.weights, self.result)}\n%weighed = hf.mul %y, %noise : {tensor_type(self.result)}"
        dims = ", ".join(map(str, range(len(self.result))))
        text += f"\n%sum = hf.reduce sum, %weighed dims [{dims}] : {tensor_type(self.result)} -> tensor<f32>"
        return re.sub(r"%(\w+)", lambda m: tensors.get(m[1]) or f"%{prefix}{m[1]}", text)


cases = []


def add(name, text, result, **options):
    cases.append(Case(name, text, result, **options))


def add_elementwise():
    for op in ("neg", "abs", "exp", "tanh", "erf", "sin", "cos", "floor"):
        add(op, f"%y = hf.{op} %x : $x", [2, 3], x=[2, 3], low=-1.9, high=1.9)
    for op in ("log", "sqrt", "rsqrt"):
        add(op, f"%y = hf.{op} %x : $x", [2, 3], x=[2, 3], low=0.3, high=2)
    for op in ("add", "sub", "mul", "max", "min"):
        add(op, f"%y = hf.{op} %a, %b : $a", [2, 3], a=[2, 3], b=[2, 3])
    for op in ("div", "pow"):
        add(op, f"%y = hf.{op} %a, %b : $a", [2, 3], a=[2, 3], b=[2, 3], low=0.4, high=1.7)
    add("square", "%y = hf.mul %x, %x : $x", [4], x=[4])
    add("select", "%c = hf.compare gt, %a, %b : $a -> tensor<20xi1>\n%y = hf.select %c, %a, %b : tensor<20xi1>, $a", [20],
        a=[20], b=[20])
    add("convert", "%n = hf.convert %x : $x -> tensor<5xbf16>\n%m = hf.mul %n, %n : tensor<5xbf16>\n"
        "%y = hf.convert %m : tensor<5xbf16> -> $y", [5], x=[5])


def add_shapes():
    add("broadcast", "%y = hf.broadcast %x dims [0, 2] : $x -> $y", [3, 2, 4], x=[3, 4])
    add("broadcast_unit", "%y = hf.broadcast %x dims [0, 1] : $x -> $y", [3, 2, 4], x=[3, 1])
    add("broadcast_scalar", "%y = hf.broadcast %x dims [] : $x -> $y", [3], x=[])
    add("reshape", "%y = hf.reshape %x : $x -> $y", [4, 3], x=[2, 6])
    add("transpose", "%y = hf.transpose %x perm [2, 0, 1] : $x -> $y", [4, 2, 3], x=[2, 3, 4])
    add("slice", "%y = hf.slice %x at [1, 0, 2] : $x -> $y", [2, 3, 2], x=[4, 3, 4])
    add("concat", "%y = hf.concat %a, %b, %a dim 1 : ($a, $b, $a) -> $y", [2, 7], a=[2, 2], b=[2, 3])
    for kind in ("sum", "max", "min"):
        add(f"reduce_{kind}", f"%y = hf.reduce {kind}, %x dims [0, 2] : $x -> $y", [3], x=[2, 3, 4])
    add("barrier", "%y, %z = hf.barrier %a, %b : ($a, $b) -> ($a, $b)", [3], a=[3], b=[2])


def add_products():
    for left, right in itertools.product((False, True), repeat=2):
        attributes = "{" + ", ".join(["transpose_lhs"] * left + ["transpose_rhs"] * right) + "}"
        add(f"matmul_{int(left)}{int(right)}", f"%y = hf.matmul %a, %b {attributes} "
            ": ($a, $b) -> $y", [2, 3, 5], a=[2, 4, 3] if left else [2, 3, 4], b=[2, 5, 4] if right else [2, 4, 5])
    add("linear", "%y = hf.linear %x, %w : ($x, $w) -> $y", [2, 3, 5], x=[2, 3, 4], w=[5, 4])
    add("linear_bias", "%y = hf.linear %x, %w bias %b : ($x, $w, $b) -> $y", [2, 3, 5], x=[2, 3, 4], w=[5, 4], b=[5])
    ids = {"i": ([4, 0, 2, 2, 1, 4], [2, 3])}
    add("gather", "%y = hf.gather %t, %i : ($t, $i) -> $y", [2, 3, 4], t=[5, 4], integers=ids)
    add("embedding", "%y = hf.embedding %t, %i : ($t, $i) -> $y", [2, 3, 4], t=[5, 4], integers=ids)
    add("take", "%y = hf.take %x, %i : ($x, $i) -> $y", [2, 4], x=[2, 3, 4], integers={"i": ([2, 0], [2])})
    add("top_k", "%y, %n = hf.top_k %x : $x -> $y, tensor<3x2xi32>", [3, 2], x=[3, 5])
    add("patches", "%y = hf.patch_embedding %x, %w bias %b : ($x, $w, $b) -> $y", [2, 6, 4], x=[2, 3, 5, 7],
        w=[4, 3, 2, 2], b=[4])


def add_norms():
    add("rms_norm", "%y = hf.rms_norm %x, %w {epsilon = 0.5 : f64} : ($x, $w) -> $y", [2, 3, 4], x=[2, 3, 4], w=[4])
    add("rms_norm_offset", "%y = hf.rms_norm %x, %w {epsilon = 0.5 : f64, unit_offset} : ($x, $w) -> $y", [2, 3, 4],
        x=[2, 3, 4], w=[4])
    add("layer_norm", "%y = hf.layer_norm %x, %w {epsilon = 0.5 : f64} : ($x, $w) -> $y", [2, 3, 4], x=[2, 3, 4], w=[4])
    add("layer_norm_bias", "%y = hf.layer_norm %x, %w bias %b {epsilon = 0.5 : f64} : ($x, $w, $b) -> $y", [2, 3, 4],
        x=[2, 3, 4], w=[4], b=[4])
    add("softmax", "%y = hf.softmax %x : $x", [3, 5], x=[3, 5])
    add("softcap", "%y = hf.softcap %x {cap = 1.5 : f64} : $x", [3, 5], x=[3, 5], low=-3, high=3)
    for kind in ("gelu", "gelu_new", "gelu_pytorch_tanh", "gelu_fast", "gelu_10", "gelu_python", "gelu_accurate",
                 "quick_gelu", "silu", "swish", "relu", "relu2", "relu6", "leaky_relu", "sigmoid", "tanh", "mish", "laplace",
                 "linear"):
        add(f"act_{kind}", f"%y = hf.activation {kind}, %x : $x", [40], x=[40], low=-12, high=12)


def add_rotary():
    layouts = {"bshd": [2, 3, 4, 6], "bhsd": [2, 4, 3, 6], "sbhd": [3, 2, 4, 6]}
    for (layout, shape), tables, interleaved in itertools.product(layouts.items(), (1, 2), ("", ", interleaved")):
        text = (f"%y = hf.rotary %x, %c, %s {{layout = #hf<head_layout {layout}>{interleaved}}} : ($x, $c) -> $y")
        name = f"rotary_{layout}_{tables}" + "_interleaved" * bool(interleaved)
        add(name, text, shape, x=shape, c=[tables, 3, 4], s=[tables, 3, 4])
        # Tables that want no gradient: the rule, and not the decomposition's.
        fixed = "".join(f"%{t} = {constant(noise([tables, 3, 4]), [tables, 3, 4])}\n" for t in "cs")
        add(name + "_fixed", fixed + text.replace("$c", f"tensor<{tables}x3x4xf32>"), shape, x=shape)
    add("rotary_table", "%c, %s = hf.rotary_table %p, %f {scaling = 1.25 : f64} : ($p, $f) -> $y\n"
        "%y = hf.mul %c, %s : $y", [2, 3, 8], f=[4], integers={"p": ([0, 1, 5, 2, 3, 4], [2, 3])})


def add_attention():
    layouts = {"bshd": (0, 1, 2, 3), "bhsd": (0, 2, 1, 3), "sbhd": (1, 0, 2, 3)}
    mask = {"m": ([0, 1, 1, 0, 1, 0, 0, 0, 0, 0], [2, 5])}  # The second sequence sees nothing.
    segments = {"i": ([0, 1, 1, 2, 2, 7], [2, 3]), "j": ([0, 0, 1, 1, 2, 2, 2, 2, 2, 2], [2, 5])}
    lengths = {"p": ([2, 0], [2]), "n": ([3, 1], [2])}
    dropped = {"c": ([5], []), "r": ([0, 3, 6, 9, 12, 15, 18, 21], [2, 4])}
    parts = {
        "plain": ("", "", {}), "causal": ("", "causal, ", {}), "window": ("", "causal, window = 2 : i64, ", {}),
        "key_mask": ("key_mask(%m : $m)", "", mask), "segments": ("segments(%i, %j : $i, $j)", "", segments),
        "past": ("past(%p, %n : $p, $n)", "causal, ", lengths),
        "softcap": ("key_mask(%m : $m)", "softcap = 0.7 : f64, ", mask),
        "dropout": ("drop(%c, %r : $r)", "causal, dropout = 0.3 : f64, ", dropped),
        "bias": ("bias(%b : $b)", "softcap = 0.7 : f64, ", {}),
        "bias_fixed": ("bias(%b : tensor<1x4x3x5xf32>)", "softcap = 0.7 : f64, ", {}),
    }
    for (layout, order), (name, (operands, attributes, integers)) in itertools.product(layouts.items(), parts.items()):
        permuted = lambda *shape: [shape[d] for d in order]
        shapes = {"q": permuted(2, 3, 4, 6), "k": permuted(2, 5, 2, 6), "v": permuted(2, 5, 2, 3)}
        text = (f"%y = hf.attention %q, %k, %v {operands} {{{attributes}scale = 0.7 : f64, "
                f"layout = #hf<head_layout {layout}>}} : ($q, $k, $v) -> $y")
        if name == "bias":
            shapes["b"] = [1, 4, 1, 5]
        if name == "bias_fixed":
            text = f"%b = {constant(noise([1, 4, 3, 5]), [1, 4, 3, 5])}\n" + text
        add(f"attention_{layout}_{name}", text, permuted(2, 3, 4, 3), integers=integers, low=-2, high=2, **shapes)


def add_experts():
    for normalize in ("", ", normalize"):
        add("route" + "_normalized" * bool(normalize), f"%y = hf.route %x {{top_k = 2 : i64{normalize}}} : $x", [5, 4],
            x=[5, 4])
    for kind in ("silu", "gelu_new"):
        add(f"experts_{kind}", f"%y = hf.experts {kind}, %x, %r, %g, %u, %d : ($x, $r, $g, $u, $d) -> $y",
            [5, 3], x=[5, 3], r=[5, 4], g=[4, 6, 3], u=[4, 6, 3], d=[4, 3, 6])


def add_training():
    labels = {"l": ([1, -100, 4, 0, 2, -100], [2, 3])}
    loss = "%loss, %sums = hf.cross_entropy %x, %l : ($x, $l) -> $y\n"
    add("cross_entropy", loss + "%y = hf.mul %loss, %loss : $y", [2, 3], x=[2, 3, 5], integers=labels)
    add("cross_entropy_sum", loss + "%y = hf.mul %sums, %sums : $y", [2, 3], x=[2, 3, 5], integers=labels)
    add("cross_entropy_both", loss + "%y = hf.mul %loss, %sums : $y", [2, 3], x=[2, 3, 5], integers=labels)
    add("dropout", "%y = hf.dropout %x, %key {p = 0.3 : f64} : $x", [4, 5], x=[4, 5], integers={"key": ([7], [])})


def entry():
    """The sum of all cases, to be differentiated."""
    arguments, body, total = [], [], None
    for n, case in enumerate(cases):
        for name, shape in case.shapes.items():
            arguments.append(f'%t{n}_{name}: {tensor_type(shape)} {{hf.input = "t{n}_{name}", hf.differentiate}}')
        body.append(case.lines(f"c{n}_", {name: f"%t{n}_{name}" for name in case.shapes}))
        if total:
            body.append(f"%total{n} = hf.add {total}, %c{n}_sum : tensor<f32>")
        total = f"%total{n}" if total else f"%c{n}_sum"
    newline = "\n"
    return f"""module attributes {{hf.program = {{task = "train"}}}} {{
func.func @begin_step() {{ return }}
func.func @step({f',{newline}'.join(arguments)}) -> (tensor<f32> {{hf.output = "sum"}}) attributes {{hf.objective = 0 : i64}} {{
{newline.join(body)}
return {total} : tensor<f32>
}}
}}
"""


def check():
    """Functions to append: each case alone, and one that returns derivatives along directions, both ways."""
    functions, body, outputs, gradients = [], [], [], []
    inputs = [(n, case, name, shape) for n, case in enumerate(cases) for name, shape in case.shapes.items()]
    for n, case in enumerate(cases):
        arguments = ", ".join(f"%{name}: {tensor_type(shape)}" for name, shape in case.shapes.items())
        lines = case.lines("c_", {name: f"%{name}" for name in case.shapes})
        functions.append(f"func.func private @case{n}({arguments}) -> tensor<f32> {{\n{lines}\nreturn %c_sum : tensor<f32>\n}}")
    for n, case, name, shape in inputs:
        body.append(f"%t{n}_{name} = {constant(case.values[name], shape)}")
        gradients.append(tensor_type(shape))
    operands = ", ".join(f"%t{n}_{name}" for n, _, name, _ in inputs)
    body.append(f"%all:{len(inputs) + 1} = func.call @last_step({operands}) : ({', '.join(gradients)}) -> "
                f"(tensor<f32>, {', '.join(gradients)})")
    body.append(f"%half = {constant([0.5 / STEP], [])}")
    for index, (n, case, name, shape) in enumerate(inputs):
        v, kind, dims = f"d{index}", tensor_type(shape), ", ".join(map(str, range(len(shape))))
        direction = noise(shape)
        body.append(f"%{v} = {constant(direction, shape)}")
        body.append(f"%{v}h = {constant([STEP * d for d in direction], shape)}")
        body.append(f"%{v}p = hf.mul %{v}, %all#{index + 1} : {kind}")
        body.append(f"%{v}ad = hf.reduce sum, %{v}p dims [{dims}] : {kind} -> tensor<f32>" if shape else
                    f"%{v}ad = hf.reshape %{v}p : tensor<f32> -> tensor<f32>")
        for op in ("add", "sub"):
            moved = {name: f"%{v}{op}"}
            body.append(f"%{v}{op} = hf.{op} %t{n}_{name}, %{v}h : {kind}")
            body.append(f"%{v}{op}f = func.call @case{n}({', '.join(moved.get(k, f'%t{n}_{k}') for k in case.shapes)}) : "
                        f"({', '.join(map(tensor_type, case.shapes.values()))}) -> tensor<f32>")
        body.append(f"%{v}two = hf.sub %{v}addf, %{v}subf : tensor<f32>\n%{v}fd = hf.mul %{v}two, %half : tensor<f32>")
        outputs += [(f"%{v}ad", f"ad_{index}"), (f"%{v}fd", f"fd_{index}")]
    types = ", ".join(f'tensor<f32> {{hf.output = "{name}"}}' for _, name in outputs)
    values = ", ".join(value for value, _ in outputs) + " : " + ", ".join("tensor<f32>" for _ in outputs)
    newline = "\n"
    functions.append(f"func.func @check() -> ({types}) {{\n{newline.join(body)}\nreturn {values}\n}}")
    return "\n".join(functions), [f"{case.name}.{name}" for _, case, name, _ in inputs]


def run(*command, text):
    result = subprocess.run(command, input=text, capture_output=True, text=True)
    if result.returncode:
        sys.exit(result.stdout[-4000:] + result.stderr[-4000:])
    return result.stdout


def main():
    for build in (add_elementwise, add_shapes, add_products, add_norms, add_rotary, add_attention, add_experts, add_training):
        build()
    opt, interpret = sys.argv[1:3]
    differentiated = run(opt, "-", "--hfc-differentiate", text=entry())
    functions, names = check()
    # The entry's attributes are for whole programs; here it is called.
    plain = re.sub(r"module attributes \{[^\n]*\{$", "module {", differentiated, count=1, flags=re.M)
    text = plain[:plain.rindex("}")] + functions + "\n}\n"
    printed = dict(re.findall(r"^(\w+): \[\] \w+ = (.*)$", run(interpret, "-", "--entry=check", "--domain=float64", "--print",
                                                              text=text), re.M))
    worst = 0.0
    for index, name in enumerate(names):
        got, expected = float(printed[f"ad_{index}"]), float(printed[f"fd_{index}"])
        error = abs(got - expected) / max(1.0, abs(expected))
        if not error <= TOLERANCE:
            error = max(error, 1.0) if error != error else error
        print(f"{'same' if error <= TOLERANCE else 'DIFFERS'} {name}: {got} by rule, {expected} by difference")
        worst = max(worst, error if error == error else math.inf)
    sys.exit(worst > TOLERANCE)


if __name__ == "__main__":
    main()
