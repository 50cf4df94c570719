#!/usr/bin/env python3
"""Makes one entry `run` of a differentiated program, for hfc-interpret to compare: parameters and inputs in, outputs out.

usage: as_entry.py < PROGRAM > PROGRAM
Of a training program it is `last_micro_step` with gradients as outputs; of a module, `forward` and then `backward` with its
residuals.
"""
import re
import sys


def entry(text, name):
    """Arguments and results of a function, as (type, kind, symbol or name)."""
    head = re.search(rf"func\.func @{name}\((.*)\) -> \((.*)\) {{$", text, re.M)
    places = [re.findall(r'(tensor<[^>]*>) {[^{}]*?hf\.(\w+) = @?"?([^",}]*)"?[^{}]*}', part) for part in head.groups()]
    return places[0], places[1]


def main():
    text = sys.stdin.read()
    signatures = {name: entry(text, name) for name in ("forward", "backward", "last_micro_step") if f"@{name}(" in text}
    values, body, seen, outputs = {}, [], {}, []
    for name, (arguments, results) in signatures.items():
        for place in arguments:
            kind, attribute, symbol = place
            if attribute == "state" and symbol not in values:  # Gradients start at zero.
                values[symbol] = f"%state_{len(values)}"
                body.append(f"{values[symbol]} = hf.constant dense<0.0> : {kind}")
            elif attribute != "state" and symbol not in values:
                values[symbol] = f"%in_{len(values)}"
                reference = f"@{symbol}" if attribute == "parameter" else f'"{symbol}"'
                bounds = ", hf.min = 0 : i64, hf.max = 15 : i64" if kind.endswith("xi32>") else ""
                seen[symbol] = f"{values[symbol]}: {kind} {{hf.{attribute} = {reference}{bounds}}}"
        body.append(f"%{name}:{len(results)} = func.call @{name}({', '.join(values[p[2]] for p in arguments)}) : "
                    f"({', '.join(p[0] for p in arguments)}) -> ({', '.join(p[0] for p in results)})")
        for index, (kind, attribute, symbol) in enumerate(results):
            values[symbol] = f"%{name}#{index}"
            if not symbol.startswith("residual.") and symbol != "loss":
                outputs.append((values[symbol], kind, symbol))
    outputs.sort(key=lambda output: output[2])
    kinds = ", ".join(kind for _, kind, _ in outputs)
    types = ", ".join(f'{kind} {{hf.output = "{symbol}"}}' for _, kind, symbol in outputs)
    lines = "\n  ".join(body)
    run = (f"func.func @run({', '.join(seen[s] for s in sorted(seen))}) -> ({types}) {{\n  {lines}\n"
           f"  return {', '.join(value for value, _, _ in outputs)} : {kinds}\n}}\n")
    text = re.sub(r"attributes {hf\.program[^\n]*$", "{", text, count=1, flags=re.M)  # Called entries are plain functions.
    print(text[:text.rindex("}")] + run + "}")


main()
