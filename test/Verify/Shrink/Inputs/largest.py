"""Fails if a tensor of a program has more than so many elements: largest.py LIMIT FILE…"""
import math
import re
import sys

limit = int(sys.argv[1])
for name in sys.argv[2:]:
    with open(name) as file:
        shapes = set(re.findall(r"tensor<((?:\d+x)+)[a-z]", file.read()))
    for shape in shapes:
        elements = math.prod(int(size) for size in shape.split("x") if size)
        if elements > limit:
            sys.exit(f"{name}: [{shape[:-1]}] has {elements} elements")
