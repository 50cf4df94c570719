//===- Layout.h - where boxes and lines are
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_PICTURE_LAYOUT_H
#define HFC_LIB_PICTURE_LAYOUT_H

#include "Align.h"
#include "Describe.h"

namespace hfc::picture {

// All lengths are in the SVG's units: pixels at its own size.

/// Of a character of a monospaced font, as a part of the font's size; no usual one is wider.
inline constexpr double characterWidth = 0.605;
inline constexpr double padding = 9, lineHeight = 15, pieceSize = 24;

struct Point {
  double x = 0, y = 0;
};

struct Box {
  double x = 0, y = 0, width = 0, height = 0;
  /// Each text in a line of its own; else title and shape share one, and weight and note.
  bool isStacked = false;

  double right() const { return x + width; }
  double bottom() const { return y + height; }
  Point center() const { return {x + width / 2, y + height / 2}; }
};

using Line = SmallVector<Point, 6>;

/// One of the two graphs.
struct Column {
  explicit Column(const Graph &graph, const Describer &describer, ArrayRef<unsigned> rows);

  const Graph &graph;
  SmallVector<unsigned> rows;
  std::vector<Description> descriptions;
  /// Of each node.
  std::vector<Box> boxes;
  /// From operand to reader.
  std::vector<Line> lines;
  /// Of the boxes; lines beside them begin at `left`.
  double x = 0, width = 0, left = 0;
};

struct Layout {
  Column global, local;
  double width = 0, height = 0;
};

/// Places both columns below `top`; the picture has `margin` around.
void place(Layout &layout, unsigned rowCount, double top, double margin);

} // namespace hfc::picture

#endif // HFC_LIB_PICTURE_LAYOUT_H
