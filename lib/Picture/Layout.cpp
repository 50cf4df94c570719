//===- Layout.cpp - where boxes and lines are
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Layout.h"

#include "Slots.h"

using namespace hfc;
using namespace hfc::picture;

namespace {
constexpr double columnWidth = 405, columnGap = 16, slotGap = 10, rowGap = 16, laneWidth = 13, passWidth = 14;

double widthOf(const Text &text, double size) { return lengthOf(text) * size * characterWidth; }

double pieceWidth(const Description &description) { return description.piece ? pieceSize + padding : 0; }

/// The width that a box needs with each text in a line of its own.
double stackedWidth(const Description &description) {
  double title = widthOf(description.title, titleSize) + pieceWidth(description);
  double rest = std::max(widthOf(description.shape, textSize), widthOf(description.weight, textSize));
  return std::max({title, rest, widthOf(description.note, noteSize)}) + 2 * padding;
}

/// The width that it needs with two texts in a line.
double wideWidth(const Description &description) {
  double first = widthOf(description.title, titleSize) + widthOf(description.shape, description.shapeSize);
  double second = widthOf(description.weight, textSize) + widthOf(description.note, noteSize);
  return std::max(first, second) + pieceWidth(description) + 3 * padding;
}

double heightOf(const Description &description, bool isStacked) {
  unsigned lines = isStacked ? 1 + !description.shape.empty() + !description.weight.empty() + !description.note.empty()
                             : 1 + (!description.weight.empty() || !description.note.empty());
  return lines * lineHeight + 11;
}

/// Gives the boxes of a column their places from left to right.
class Widths {
public:
  Widths(Column &column, const Slots &slots) : column(column), slots(slots) {}

  double needed() const {
    double width = columnWidth;
    for (const std::vector<Slot> &row : slots.rows)
      width = std::max(width, neededBy(row));
    return width;
  }

  void assign() {
    centers.resize(slots.rows.size());
    for (auto [number, row] : llvm::enumerate(slots.rows))
      assign(row, centers[number]);
  }

  /// The middle of each slot.
  std::vector<SmallVector<double>> centers;

private:
  double neededBy(const Slot &slot) const {
    return slot.node == noNode ? passWidth : std::ceil(stackedWidth(column.descriptions[slot.node]));
  }
  double neededBy(ArrayRef<Slot> row) const {
    double width = (row.size() - 1) * slotGap;
    for (const Slot &slot : row)
      width += neededBy(slot);
    return width;
  }

  void assign(ArrayRef<Slot> row, SmallVector<double> &middles) {
    double available = column.width - (row.size() - 1) * slotGap, equal = available / row.size();
    bool areEqual = llvm::all_of(row, [&](const Slot &slot) { return neededBy(slot) <= equal; });
    double spare = (column.width - neededBy(row)) / row.size(), x = column.x;
    bool isStacked = false;
    for (const Slot &slot : row) {
      double width = areEqual ? equal : neededBy(slot) + spare;
      middles.push_back(x + width / 2);
      if (slot.node != noNode) {
        Box &box = column.boxes[slot.node];
        box.x = x;
        box.width = width;
        isStacked |= wideWidth(column.descriptions[slot.node]) > width;
      }
      x += width + slotGap;
    }
    // What stands side by side looks alike.
    for (const Slot &slot : row)
      if (slot.node != noNode) {
        Box &box = column.boxes[slot.node];
        box.isStacked = isStacked;
        box.height = heightOf(column.descriptions[slot.node], isStacked);
      }
  }

  Column &column;
  const Slots &slots;
};

/// Draws a column's lines between its boxes.
class Router {
public:
  Router(Column &column, const Slots &slots, const Widths &widths) : column(column), slots(slots), widths(widths) {}

  void run() {
    for (const Edge &edge : slots.edges)
      column.lines.push_back(edge.isAside ? around(edge) : through(edge));
  }

private:
  /// Straight down where the narrower end is above or below the wider one, else with a bend in the gap above `to`.
  static void connect(Line &line, const Box &from, const Box &to) {
    double x = from.center().x, end = to.center().x;
    if (end >= from.x && end <= from.right())
      x = end;
    else if (x >= to.x && x <= to.right())
      end = x;
    if (line.empty())
      line.push_back({x, from.bottom()});
    else
      x = line.back().x;
    if (x != end) {
      line.push_back({x, to.y - rowGap / 2});
      line.push_back({end, to.y - rowGap / 2});
    }
    line.push_back({end, to.y});
  }

  Line through(const Edge &edge) {
    Line line;
    Box from = column.boxes[edge.from];
    for (auto [row, place] : edge.passes) {
      Box pass{widths.centers[row][place], topOf(row), 0, 0};
      connect(line, from, pass);
      from = pass;
    }
    connect(line, from, column.boxes[edge.to]);
    return line;
  }

  double topOf(unsigned row) const {
    for (const Slot &slot : slots.rows[row])
      if (slot.node != noNode)
        return column.boxes[slot.node].y;
    return 0;
  }

  bool isLeftmost(unsigned node) const { return slots.placeOf[node] == 0; }

  /// Out on the left, down, and in from the left; where something stands in between, through the gaps between rows.
  Line around(const Edge &edge) const {
    const Box &from = column.boxes[edge.from], &to = column.boxes[edge.to];
    double lane = column.x - laneWidth * (edge.lane + 1) + 2;
    Line line;
    if (isLeftmost(edge.from)) {
      line.push_back({from.x, from.y + from.height * 0.65});
    } else {
      line.push_back({from.center().x - 8, from.bottom()});
      line.push_back({from.center().x - 8, from.bottom() + rowGap * 0.3});
    }
    line.push_back({lane, line.back().y});
    bool isDirect = isLeftmost(edge.to);
    line.push_back({lane, isDirect ? to.y + to.height * 0.35 : to.y - rowGap * 0.6});
    if (isDirect) {
      line.push_back({to.x, line.back().y});
    } else {
      line.push_back({to.center().x - 8, line.back().y});
      line.push_back({to.center().x - 8, to.y});
    }
    return line;
  }

  Column &column;
  const Slots &slots;
  const Widths &widths;
};
} // namespace

Column::Column(const Graph &graph, const Describer &describer, ArrayRef<unsigned> rows)
    : graph(graph), rows(rows), boxes(graph.nodes.size()) {
  for (const Node &node : graph.nodes)
    descriptions.push_back(describer.describe(node));
}

/// Gives all boxes their heights, row by row; returns where the last one ends.
static double placeRows(Layout &layout, unsigned rowCount, double top) {
  SmallVector<double> heights(rowCount, 0);
  auto forAll = [&](auto visit) {
    for (Column *column : {&layout.global, &layout.local})
      for (auto [box, row] : llvm::zip(column->boxes, column->rows))
        visit(box, row);
  };
  forAll([&](Box &box, unsigned row) { heights[row] = std::max(heights[row], box.height); });
  SmallVector<double> tops;
  for (double height : heights) {
    tops.push_back(top);
    top += height + rowGap;
  }
  forAll([&](Box &box, unsigned row) {
    box.y = tops[row];
    box.height = heights[row];
  });
  return top - rowGap;
}

void picture::place(Layout &layout, unsigned rowCount, double top, double margin) {
  Column *columns[] = {&layout.global, &layout.local};
  Slots slots[] = {arrange(layout.global.graph, layout.global.rows), arrange(layout.local.graph, layout.local.rows)};
  Widths widths[] = {{*columns[0], slots[0]}, {*columns[1], slots[1]}};
  double width = std::max(widths[0].needed(), widths[1].needed()), x = margin;
  for (auto [column, slot, each] : llvm::zip(columns, slots, widths)) {
    column->left = x;
    column->x = x + slot.lanes * laneWidth;
    column->width = width;
    each.assign();
    x = column->x + width + columnGap;
  }
  layout.width = x - columnGap + margin;
  layout.height = placeRows(layout, rowCount, top);
  for (auto [column, slot, each] : llvm::zip(columns, slots, widths))
    Router(*column, slot, each).run();
}
