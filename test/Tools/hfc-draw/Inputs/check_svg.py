#!/usr/bin/env python3
"""Checks the form of pictures that hfc-draw makes. usage: check_svg.py FILE.svg...

Boxes lie inside the picture and do not overlap; every text fits its box, in fonts as wide as any usual one, and overlaps no other text of it;
lines run along the axes and cross no box; texts are large enough to read; the picture needs nothing else.
"""
import re
import sys
import xml.etree.ElementTree as ET

NS = "{http://www.w3.org/2000/svg}"
CHARACTER = 0.602  # of DejaVu Sans Mono, Menlo and SF Mono; Consolas and others are narrower
MIN_SIZE = 10


def rect_of(element):
    x, y, w, h = (float(element.get(k)) for k in ("x", "y", "width", "height"))
    return x, y, x + w, y + h


def overlap(a, b, slack=0.5):
    return a[0] < b[2] - slack and b[0] < a[2] - slack and a[1] < b[3] - slack and b[1] < a[3] - slack


def text_rect(element):
    text = "".join(element.itertext())
    size, x, y = (float(element.get(k)) for k in ("font-size", "x", "y"))
    width = len(text) * size * CHARACTER
    left = x - width if element.get("text-anchor") == "end" else x
    assert size >= MIN_SIZE, f"'{text}' is too small"
    return text, (left, y - 0.75 * size, left + width, y + 0.22 * size)


def check_nodes(root, nodes):
    for node in nodes:
        box = rect_of(node.find(NS + "rect"))
        texts = [text_rect(t) for t in node.findall(NS + "text")]
        assert texts, "a box says nothing"
        pieces = [rect_of(r) for r in node.findall(NS + "rect")[1:]]
        for text, rect in texts:
            assert rect[0] >= box[0] and rect[2] <= box[2] and rect[1] >= box[1] and rect[3] <= box[3], f"'{text}' does not fit its box"
            assert not any(overlap(rect, piece) for piece in pieces), f"'{text}' lies over the drawn weight"
        for i, (text, rect) in enumerate(texts):
            for other, rect2 in texts[:i]:
                assert not overlap(rect, rect2), f"'{text}' lies over '{other}'"


def check_boxes(root, nodes):
    width, height = float(root.get("width")), float(root.get("height"))
    boxes = [rect_of(node.find(NS + "rect")) for node in nodes]
    for i, box in enumerate(boxes):
        assert box[0] >= 0 and box[1] >= 0 and box[2] <= width and box[3] <= height, "a box lies outside"
        assert not any(overlap(box, other) for other in boxes[:i]), "boxes overlap"
    return boxes


def check_lines(root, boxes):
    for path in root.iter(NS + "path"):
        if path.get("class") != "line":
            continue
        points = [tuple(map(float, p.split())) for p in re.split("[ML]", path.get("d"))[1:]]
        for (x0, y0), (x1, y1) in zip(points, points[1:]):
            assert abs(x0 - x1) < 0.11 or abs(y0 - y1) < 0.11, "a line is oblique"
            line = (min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))
            for box in boxes:
                inner = (box[0] + 1, box[1] + 1, box[2] - 1, box[3] - 1)
                assert not overlap(line, inner, slack=0), f"a line crosses a box: {line}, {box}"


def main():
    for name in sys.argv[1:]:
        text = open(name, encoding="utf-8").read()
        assert not re.search(r"(href|src)\s*=|url\((?!#)|@import|<script", text), "the picture needs something else"
        assert "prefers-color-scheme: dark" in text
        root = ET.fromstring(text)
        nodes = [g for g in root.iter(NS + "g") if (g.get("class") or "").startswith("node")]
        try:
            assert len(nodes) > 4, "hardly anything is drawn"
            check_nodes(root, nodes)
            check_lines(root, check_boxes(root, nodes))
        except AssertionError as error:
            sys.exit(f"{name}: {error}")
        kinds = [g.get("class").split()[1] for g in nodes]
        print(", ".join(f"{kinds.count(k)} {k}" for k in ("input", "op", "collective", "output")))


if __name__ == "__main__":
    main()
