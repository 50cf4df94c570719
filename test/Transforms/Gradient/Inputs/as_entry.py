#!/usr/bin/env python3
"""Makes one entry `run` of a differentiated program, for hfc-interpret: parameters and inputs in, outputs and gradients out.

usage: as_entry.py < PROGRAM > PROGRAM
Of a training program it is `begin_step` and `last_micro_step`; of a module, `forward` and then `backward` with its residuals.
"""
import re
import sys

ENTRIES = ("begin_step", "forward", "backward", "last_micro_step")


def places(part):
    """Arguments or results of a function, as (type, kind, symbol or name, attributes)."""
    found = re.findall(r"(tensor<[^>]*>) {((?:[^{}]|{[^{}]*})*)}", part)
    named = [(kind, attributes, re.search(r'hf\.(parameter|state|input|output) = @?"?([^",}]*)', attributes))
             for kind, attributes in found]
    return [(kind, match[1], match[2], attributes) for kind, attributes, match in named]


def entry(text, name):
    head = re.search(rf"func\.func @{name}\((.*?)\)(?: -> \((.*)\))? {{$", text, re.M)
    return places(head[1]), places(head[2] or "")


def main():
    text = sys.stdin.read()
    values, body, arguments, outputs = {}, [], {}, {}
    for name in ENTRIES:
        if f"func.func @{name}(" not in text:
            continue
        taken, returned = entry(text, name)
        for kind, attribute, symbol, attributes in taken:
            if symbol in values:
                continue
            values[symbol] = f"%v{len(values)}"
            if attribute == "state":  # States start at zero.
                zero = "0" if kind.endswith("i32>") else "0.0"
                body.append(f"{values[symbol]} = hf.constant dense<{zero}> : {kind}")
            else:
                arguments[symbol] = f"{values[symbol]}: {kind} {{{attributes}}}"
        results = f"%{name}:{len(returned)} = " if returned else ""
        body.append(f"{results}func.call @{name}({', '.join(values[place[2]] for place in taken)}) : "
                    f"({', '.join(place[0] for place in taken)}) -> ({', '.join(place[0] for place in returned)})")
        for index, (kind, attribute, symbol, _) in enumerate(returned):
            values[symbol] = f"%{name}#{index}"
            outputs[symbol] = kind
    names = sorted(name for name in outputs if not name.startswith("residual.") and name != "objective")
    types = ", ".join(f'{outputs[name]} {{hf.output = "{name}"}}' for name in names)
    lines = "\n  ".join(body)
    run = (f"func.func @run({', '.join(arguments[name] for name in sorted(arguments))}) -> ({types}) {{\n  {lines}\n"
           f"  return {', '.join(values[name] for name in names)} : {', '.join(outputs[name] for name in names)}\n}}\n")
    # Called entries are plain functions: the module is no whole program any more.
    text = re.sub(r"attributes {[^\n]*hf\.program[^\n]*$", "{", text, count=1, flags=re.M)
    print(text[:text.rindex("}")] + run + "}")


main()
