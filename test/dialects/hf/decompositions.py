#!/usr/bin/env python3
"""Compares what hfc-interpret computes for hf composites with their definitions, written out in plain Python.

usage: decompositions.py HFC_INTERPRET
Composites run through their decompositions, so this checks those: every activation, every part and layout of attention
and rotary embeddings, routing, experts, patches, norms. Prints each output's error; exits with 1 above the tolerance.
"""
import itertools
import math
import random
import re
import subprocess
import sys

TOLERANCE = 2e-5
LAYOUTS = {"bshd": (0, 1, 2, 3), "bhsd": (0, 2, 1, 3), "sbhd": (1, 0, 2, 3)}


class Tensor:
    """Values by index, row-major, with the shape and the element type of a tensor."""

    def __init__(self, shape, values=None, element="f32", of=None):
        self.shape, self.element = tuple(shape), element
        self.values = list(values) if values is not None else [of(*i) for i in self.indices()]

    def indices(self):
        return itertools.product(*map(range, self.shape))

    def __getitem__(self, index):
        index = index if isinstance(index, tuple) else (index,)
        offset = 0
        for size, i in zip(self.shape, index):
            offset = offset * size + i
        return self.values[offset]

    @property
    def type(self):
        return f"tensor<{''.join(f'{s}x' for s in self.shape)}{self.element}>"

    def literal(self, depth=0, offset=0):
        if depth == len(self.shape):
            value = self.values[offset]
            return repr(value) if self.element == "i32" else f"{value:.9e}"
        step = math.prod(self.shape[depth + 1:])
        parts = (self.literal(depth + 1, offset + i * step) for i in range(self.shape[depth]))
        return "[" + ", ".join(parts) + "]"

    def permuted(self, order):
        result = Tensor([self.shape[d] for d in order], [0] * len(self.values), self.element)
        result.values = [self[tuple(i[order.index(d)] for d in range(len(order)))] for i in result.indices()]
        return result


class Module:
    """Collects ops on constants, and what they should compute."""

    def __init__(self):
        self.lines, self.expected = [], {}

    def constant(self, tensor):
        name = f"%c{len(self.lines)}"
        self.lines.append(f"{name} = hf.constant dense<{tensor.literal()}> : {tensor.type}")
        return name

    def scalar(self, value):
        name = f"%c{len(self.lines)}"
        self.lines.append(f"{name} = hf.constant dense<{value}> : tensor<i32>")
        return name

    def op(self, name, text, *expected):
        results = [f"%{name}{n}" for n in range(len(expected))]
        self.lines.append(f"{', '.join(results)} = {text}")
        self.expected.update({result[1:]: tensor for result, tensor in zip(results, expected)})

    def text(self):
        types = ", ".join(f'{t.type} {{hf.output = "{n}"}}' for n, t in self.expected.items())
        body = "\n  ".join(self.lines)
        returned = ", ".join("%" + n for n in self.expected) + " : " + ", ".join(t.type for t in self.expected.values())
        return f"func.func @forward() -> ({types}) {{\n  {body}\n  return {returned}\n}}\n"


rng = random.Random(0)


def noise(*shape, scale=1.0):
    return Tensor(shape, [rng.uniform(-scale, scale) for _ in range(math.prod(shape))])


def integers(values, *shape):
    return Tensor(shape, values, "i32")


def softmax(scores):
    top = max(scores)
    powers = [math.exp(s - top) for s in scores]
    return [p / sum(powers) for p in powers]


# Activations, as transformers/activations.py writes them.

def sigmoid(x):
    return 1 / (1 + math.exp(-x)) if x > -700 else 0.0


def gelu(x):
    return x * 0.5 * (1 + math.erf(x / math.sqrt(2)))


def gelu_tanh(x):
    return 0.5 * x * (1 + math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x ** 3)))


ACTIVATIONS = {
    "gelu": gelu, "gelu_python": gelu, "gelu_new": gelu_tanh, "gelu_pytorch_tanh": gelu_tanh, "gelu_accurate": gelu_tanh,
    "gelu_fast": lambda x: 0.5 * x * (1 + math.tanh(x * 0.7978845608 * (1 + 0.044715 * x * x))),
    "gelu_10": lambda x: min(max(gelu(x), -10.0), 10.0),
    "quick_gelu": lambda x: x * sigmoid(1.702 * x),
    "silu": lambda x: x * sigmoid(x), "swish": lambda x: x * sigmoid(x),
    "relu": lambda x: max(x, 0.0), "relu2": lambda x: max(x, 0.0) ** 2, "relu6": lambda x: min(max(x, 0.0), 6.0),
    "leaky_relu": lambda x: x if x >= 0 else 0.01 * x,
    "sigmoid": sigmoid, "tanh": math.tanh, "linear": lambda x: x,
    "mish": lambda x: x * math.tanh(math.log1p(math.exp(x)) if x < 30 else x),
    "laplace": lambda x: 0.5 * (1 + math.erf((x - 0.707107) / (0.282095 * math.sqrt(2)))),
}


def add_activations(module):
    x = Tensor([16], [-200.0, -90.0, -20.0, -6.5, -3.0, -1.0, -0.5, -0.01, 0.0, 0.3, 1.0, 2.5, 5.0, 12.0, 90.0, 200.0])
    name = module.constant(x)
    for kind, function in ACTIVATIONS.items():
        module.op(f"act_{kind}_", f"hf.activation {kind}, {name} : {x.type}", Tensor(x.shape, map(function, x.values)))


def add_norms(module):
    x, w, b = noise(3, 8, scale=4), noise(8), noise(8)
    xs, ws, bs = map(module.constant, (x, w, b))
    rows = [[x[i, j] for j in range(8)] for i in range(3)]
    rms = [1 / math.sqrt(sum(v * v for v in row) / 8 + 0.5) for row in rows]
    mean = [sum(row) / 8 for row in rows]
    deviation = [1 / math.sqrt(sum((v - m) ** 2 for v in row) / 8 + 0.5) for row, m in zip(rows, mean)]
    types = f"({x.type}, {w.type}) -> {x.type}"
    module.op("rms", f"hf.rms_norm {xs}, {ws} {{epsilon = 0.5 : f64}} : {types}",
              Tensor(x.shape, of=lambda i, j: x[i, j] * rms[i] * w[j]))
    module.op("rms_offset", f"hf.rms_norm {xs}, {ws} {{epsilon = 0.5 : f64, unit_offset}} : {types}",
              Tensor(x.shape, of=lambda i, j: x[i, j] * rms[i] * (1 + w[j])))
    module.op("layer_norm", f"hf.layer_norm {xs}, {ws} {{epsilon = 0.5 : f64}} : {types}",
              Tensor(x.shape, of=lambda i, j: (x[i, j] - mean[i]) * deviation[i] * w[j]))
    module.op("layer_norm_bias", f"hf.layer_norm {xs}, {ws} bias {bs} {{epsilon = 0.5 : f64}} : "
              f"({x.type}, {w.type}, {b.type}) -> {x.type}",
              Tensor(x.shape, of=lambda i, j: (x[i, j] - mean[i]) * deviation[i] * w[j] + b[j]))
    module.op("softmax", f"hf.softmax {xs} : {x.type}",
              Tensor(x.shape, itertools.chain(*map(softmax, rows))))
    module.op("softcap", f"hf.softcap {xs} {{cap = 2.5 : f64}} : {x.type}",
              Tensor(x.shape, [2.5 * math.tanh(v / 2.5) for v in x.values]))


def add_products(module):
    x, w, b = noise(2, 3, 4), noise(5, 4), noise(5)
    xs, ws, bs = map(module.constant, (x, w, b))
    product = Tensor([2, 3, 5], of=lambda i, j, o: sum(x[i, j, k] * w[o, k] for k in range(4)))
    module.op("linear", f"hf.linear {xs}, {ws} : ({x.type}, {w.type}) -> {product.type}", product)
    module.op("linear_bias", f"hf.linear {xs}, {ws} bias {bs} : ({x.type}, {w.type}, {b.type}) -> {product.type}",
              Tensor([2, 3, 5], of=lambda i, j, o: product[i, j, o] + b[o]))
    ids = integers([4, 0, 2, 2, 1, 3], 2, 3)
    module.op("embedding", f"hf.embedding {ws}, {module.constant(ids)} : ({w.type}, {ids.type}) -> tensor<2x3x4xf32>",
              Tensor([2, 3, 4], of=lambda i, j, k: w[ids[i, j], k]))
    image, weight, bias = noise(2, 3, 5, 7), noise(4, 3, 2, 2), noise(4)  # A row and a column fill no patch.
    patches = Tensor([2, 6, 4], of=lambda n, p, o: bias[o] + sum(
        image[n, c, 2 * (p // 3) + y, 2 * (p % 3) + z] * weight[o, c, y, z]
        for c in range(3) for y in range(2) for z in range(2)))
    names = list(map(module.constant, (image, weight, bias)))
    module.op("patches", f"hf.patch_embedding {names[0]}, {names[1]} bias {names[2]} : "
              f"({image.type}, {weight.type}, {bias.type}) -> {patches.type}", patches)


def add_experts(module):
    logits = noise(5, 4, scale=3)
    chances = [softmax([logits[t, e] for e in range(4)]) for t in range(5)]
    kept = [sorted(range(4), key=lambda e: -row[e])[:2] for row in chances]
    name = module.constant(logits)
    for normalize in (False, True):
        route = Tensor([5, 4], of=lambda t, e: 0.0 if e not in kept[t] else chances[t][e] / (
            sum(chances[t][k] for k in kept[t]) if normalize else 1))
        module.op("route" + "_normalized" * normalize,
                  f"hf.route {name} {{top_k = 2 : i64{', normalize' * normalize}}} : {logits.type}", route)
    x, gate, up, down = noise(5, 3), noise(4, 6, 3), noise(4, 6, 3), noise(4, 3, 6)

    def inner(t, e, i):
        gated, straight = (sum(x[t, h] * m[e, i, h] for h in range(3)) for m in (gate, up))
        return ACTIVATIONS["silu"](gated) * straight

    mixed = Tensor([5, 3], of=lambda t, h: sum(
        route[t, e] * sum(down[e, h, i] * inner(t, e, i) for i in range(6)) for e in range(4)))
    tensors = (x, route, gate, up, down)
    module.op("experts", f"hf.experts silu, {', '.join(map(module.constant, tensors))} : "
              f"({', '.join(t.type for t in tensors)}) -> {x.type}", mixed)


def add_rotary(module):
    positions, inverse, per_batch = integers([0, 1, 5, 2, 3, 4], 2, 3), noise(4), noise(2, 4)
    angle = lambda f, b, s, i: positions[b, s] * (f[i % 4] if len(f.shape) == 1 else f[b, i % 4])
    names = [module.constant(positions), module.constant(inverse), module.constant(per_batch)]
    for name, frequencies, value in (("table", names[1], inverse), ("table_per_batch", names[2], per_batch)):
        waves = [Tensor([2, 3, 8], of=lambda b, s, i: 1.25 * f(angle(value, b, s, i))) for f in (math.cos, math.sin)]
        module.op(name, f"hf.rotary_table {names[0]}, {frequencies} {{scaling = 1.25 : f64}} : "
                  f"({positions.type}, {value.type}) -> {waves[0].type}", *waves)

    x = noise(2, 3, 2, 12)
    for tables, interleaved, (layout, order) in itertools.product((1, 2), (False, True), LAYOUTS.items()):
        cosine, sine = noise(tables, 3, 8), noise(tables, 3, 8)

        def rotated(b, s, h, i):
            if i >= 8:
                return x[b, s, h, i]
            if interleaved:
                pair, partner = i // 2, -x[b, s, h, i + 1] if i % 2 == 0 else x[b, s, h, i - 1]
            else:
                pair, partner = i, -x[b, s, h, i + 4] if i < 4 else x[b, s, h, i - 4]
            return x[b, s, h, i] * cosine[b % tables, s, pair] + partner * sine[b % tables, s, pair]

        operand, expected = x.permuted(order), Tensor(x.shape, of=rotated).permuted(order)
        values = ", ".join(map(module.constant, (operand, cosine, sine)))
        attributes = f"layout = #hf<head_layout {layout}>" + ", interleaved" * interleaved
        module.op(f"rotary_{layout}_{tables}" + "_interleaved" * interleaved,
                  f"hf.rotary {values} {{{attributes}}} : ({operand.type}, {cosine.type}) -> {operand.type}", expected)


def random_uniform(row, column, key):
    """Threefry-2x32 with 13 rounds, by the definition of hf.random_uniform."""
    word, rotations = 0xFFFFFFFF, [13, 15, 26, 6, 17, 29, 16, 24]
    keys = [key & word, 0, 0x1BD11BDA ^ key & word]
    x, y = row + keys[0] & word, column + keys[1] & word
    for step in range(13):
        x, rotation = x + y & word, rotations[step % 8]
        y = (y << rotation | y >> 32 - rotation) & word ^ x
        if step % 4 == 3:
            s = step // 4 + 1
            x, y = x + keys[s % 3] & word, y + keys[(s + 1) % 3] + s & word
    return (x >> 8) * 2.0**-24


def attention(q, k, v, visible, scale, cap=None, bias=None, kept=lambda b, h, i, j: 1):
    """By the definition, in the order batch, sequence, heads, head dimension."""
    group, dims = q.shape[2] // k.shape[2], range(q.shape[3])

    def score(b, h, i, j):
        s = scale * sum(q[b, i, h, d] * k[b, j, h // group, d] for d in dims)
        s = cap * math.tanh(s / cap) if cap else s
        return s + (bias[0, h, i, j] if bias else 0)

    def mixed(b, i, h, d):
        seen = [j for j in range(k.shape[1]) if visible(b, i, j)]
        weights = softmax([score(b, h, i, j) for j in seen]) if seen else []
        return sum(w * kept(b, h, i, j) * v[b, j, h // group, d] for w, j in zip(weights, seen))

    return Tensor([*q.shape[:3], v.shape[3]], of=mixed)


def add_attention(module):
    q, k, v = noise(2, 3, 4, 8, scale=3), noise(2, 5, 2, 8), noise(2, 5, 2, 6)
    mask = integers([0, 1, 1, 0, 1, 0, 0, 0, 0, 0], 2, 5)  # The second sequence sees nothing.
    rows, columns = integers([0, 1, 1, 2, 2, 7], 2, 3), integers([0, 0, 1, 1, 2, 2, 2, 2, 2, 2], 2, 5)
    past, count, bias = integers([2, 0], 2), integers([3, 1], 2), noise(1, 4, 3, 5)
    operands = {t: module.constant(t) for t in (mask, rows, columns, past, count, bias)}
    # Rows of queries in a tensor of which this is the second half of the heads.
    numbers = integers([3 * (8 * b + 4 + h) for b in range(2) for h in range(4)], 2, 4)
    drop = f"drop({module.scalar(77)}, {module.constant(numbers)} : {numbers.type})"
    kept = lambda b, h, i, j: (random_uniform(numbers[b, h] + i, j, 77) >= 0.3) / (1 - 0.3)
    typed = lambda *tensors: f"{', '.join(operands[t] for t in tensors)} : {', '.join(t.type for t in tensors)}"
    always = lambda b, i, j: True
    here = lambda b, i: past[b] + i
    cases = {
        "plain": ("", "", always, {}),
        "causal": ("", "causal, ", lambda b, i, j: j <= i, {}),
        "window": ("", "causal, window = 2 : i64, ", lambda b, i, j: j <= i < j + 2, {}),
        "key_mask": (f"key_mask({typed(mask)})", "", lambda b, i, j: mask[b, j] != 0, {}),
        "segments": (f"segments({typed(rows, columns)})", "", lambda b, i, j: rows[b, i] == columns[b, j], {}),
        "past": (f"past({typed(past, count)})", "causal, ",
                 lambda b, i, j: j <= here(b, i) and j < past[b] + count[b], {}),
        "past_window": (f"past({typed(past, count)})", "causal, window = 2 : i64, ",
                        lambda b, i, j: here(b, i) - 2 < j <= here(b, i) and j < past[b] + count[b], {}),
        "bias": (f"bias({typed(bias)})", "", always, {"bias": bias}),
        "dropout": (drop, "causal, dropout = 0.3 : f64, ", lambda b, i, j: j <= i, {"kept": kept}),
        "softcap": (f"bias({typed(bias)})", "softcap = 1.5 : f64, ", always, {"bias": bias, "cap": 1.5}),
    }
    for layout, order in LAYOUTS.items():
        heads = [t.permuted(order) for t in (q, k, v)]
        names = ", ".join(map(module.constant, heads))
        for name, (parts, attributes, visible, options) in cases.items():
            expected = attention(q, k, v, visible, 0.4, **options).permuted(order)
            module.op(f"attention_{layout}_{name}",
                      f"hf.attention {names} {parts} {{{attributes}scale = 0.4 : f64, layout = #hf<head_layout {layout}>}} "
                      f": ({', '.join(t.type for t in heads)}) -> {expected.type}", expected)


def main():
    module = Module()
    for add in (add_activations, add_norms, add_products, add_experts, add_rotary, add_attention):
        add(module)
    result = subprocess.run([sys.argv[1], "-", "--print"], input=module.text(), capture_output=True, text=True)
    if result.returncode:
        sys.exit(result.stdout + result.stderr)
    printed = dict(re.findall(r"^(\w+): \[.*?\] \w+ = (.*)$", result.stdout, re.M))
    worst = 0.0
    for name, tensor in module.expected.items():
        got = [float(number) for number in re.findall(r"[-\w.+]+", printed[name])]
        size = max(1.0, max(map(abs, tensor.values)))
        errors = [abs(a - b) / size for a, b in zip(got, tensor.values)]
        error = max(errors) if len(got) == len(tensor.values) and all(e == e for e in errors) else math.inf
        print(f"{'same' if error <= TOLERANCE else 'DIFFERS'} {name}: error {error:.2g}")
        worst = max(worst, error)
    sys.exit(worst > TOLERANCE)


if __name__ == "__main__":
    main()
