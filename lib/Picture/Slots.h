//===- Slots.h - what stands beside what in the rows of a column
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_PICTURE_SLOTS_H
#define HFC_LIB_PICTURE_SLOTS_H

#include "Graph.h"

#include <vector>

namespace hfc::picture {

inline constexpr unsigned noNode = ~0u;

/// A place in a row: of a box, or of a line that passes.
struct Slot {
  unsigned node = noNode;
  /// Of a line that passes: the number of its edge.
  unsigned edge = noNode;
  /// The node's number, or that of the line's end: the order in the program.
  unsigned order = 0;
};

/// From operand to reader.
struct Edge {
  unsigned from = 0, to = 0;
  /// Around the rows between, beside the column, in a lane of its own; else through them.
  bool isAside = false;
  unsigned lane = 0;
  /// The slots that it passes, as row and place.
  SmallVector<std::pair<unsigned, unsigned>, 2> passes;
};

/// A column's rows that are not empty, from left to right.
struct Slots {
  std::vector<std::vector<Slot>> rows;
  /// For each node, its row among these, and its place in it.
  SmallVector<unsigned> rowOf, placeOf;
  std::vector<Edge> edges;
  unsigned lanes = 0;
};

/// `rows` are those of the nodes in the whole picture.
Slots arrange(const Graph &graph, ArrayRef<unsigned> rows);

} // namespace hfc::picture

#endif // HFC_LIB_PICTURE_SLOTS_H
