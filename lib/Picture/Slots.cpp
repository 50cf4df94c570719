//===- Slots.cpp - what stands beside what in the rows of a column
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The ordering step of layered graph drawing: a line that skips a row or two has a place in each of them, and what
// stands in a row is ordered by the middle of what it reads. Longer lines, such as residuals, go around.
//
//===----------------------------------------------------------------------===//

#include "Slots.h"

#include "llvm/ADT/STLExtras.h"

#include <map>

using namespace hfc;
using namespace hfc::picture;

/// The rows that a line may skip and still go through them.
static constexpr unsigned maxSkipped = 2;

namespace {
class Arrangement {
public:
  Arrangement(const Graph &graph, ArrayRef<unsigned> rows) : graph(graph), rowsOfAll(rows) {}

  Slots run() {
    compactRows();
    addEdges();
    for (unsigned row = 0; row < slots.rows.size(); ++row)
      order(row);
    assignLanes();
    return std::move(slots);
  }

private:
  /// Numbers the rows that this column uses.
  void compactRows() {
    std::map<unsigned, unsigned> numbers;
    for (unsigned row : rowsOfAll)
      numbers.insert({row, 0});
    for (auto &[row, number] : numbers) {
      number = slots.rows.size();
      slots.rows.emplace_back();
    }
    for (auto [node, row] : llvm::enumerate(rowsOfAll)) {
      slots.rowOf.push_back(numbers[row]);
      slots.rows[numbers[row]].push_back({static_cast<unsigned>(node), noNode, static_cast<unsigned>(node)});
    }
    slots.placeOf.resize(graph.nodes.size());
  }

  void addEdges() {
    for (auto [number, node] : llvm::enumerate(graph.nodes))
      for (unsigned operand : node.operands) {
        Edge edge;
        edge.from = operand;
        edge.to = number;
        unsigned first = slots.rowOf[operand] + 1, last = slots.rowOf[number];
        edge.isAside = last - first > maxSkipped;
        for (unsigned row = first; row < last && !edge.isAside; ++row) {
          slots.rows[row].push_back({noNode, static_cast<unsigned>(slots.edges.size()), edge.to});
          edge.passes.push_back({row, 0});
        }
        slots.edges.push_back(edge);
      }
  }

  /// Where in its row a slot stands: 0 is left, 1 is right.
  double positionOf(unsigned row, unsigned place) const {
    return (place + 0.5) / static_cast<double>(slots.rows[row].size());
  }

  double positionOf(unsigned node) const { return positionOf(slots.rowOf[node], slots.placeOf[node]); }

  /// The middle of what a slot hangs from in rows above.
  double middleAbove(const Slot &slot) const {
    if (slot.node == noNode)
      return positionOf(slots.edges[slot.edge].from);
    double sum = 0;
    unsigned count = 0;
    for (unsigned operand : graph.nodes[slot.node].operands) {
      // What goes around pulls to no side.
      if (slots.rowOf[slot.node] - slots.rowOf[operand] > maxSkipped + 1)
        continue;
      sum += positionOf(operand);
      ++count;
    }
    return count == 0 ? 0.5 : sum / count;
  }

  void order(unsigned row) {
    std::vector<std::pair<double, Slot>> keyed;
    for (const Slot &slot : slots.rows[row])
      keyed.push_back({middleAbove(slot), slot});
    // Slots that hang from one place stay as they stand in the program.
    llvm::sort(keyed, [](const auto &a, const auto &b) {
      return std::tie(a.first, a.second.order) < std::tie(b.first, b.second.order);
    });
    for (auto [place, entry] : llvm::enumerate(keyed)) {
      const Slot &slot = slots.rows[row][place] = entry.second;
      if (slot.node != noNode) {
        slots.placeOf[slot.node] = place;
        continue;
      }
      for (auto &pass : slots.edges[slot.edge].passes)
        if (pass.first == row)
          pass.second = place;
    }
  }

  /// Lines beside the column share a lane where one ends at or above the row in which the next begins.
  void assignLanes() {
    SmallVector<Edge *> aside;
    for (Edge &edge : slots.edges)
      if (edge.isAside)
        aside.push_back(&edge);
    llvm::sort(aside, [&](Edge *a, Edge *b) {
      return std::tie(slots.rowOf[a->from], a->from, a->to) < std::tie(slots.rowOf[b->from], b->from, b->to);
    });
    SmallVector<unsigned> endOfLane;
    for (Edge *edge : aside) {
      auto *free = llvm::find_if(endOfLane, [&](unsigned end) { return end <= slots.rowOf[edge->from]; });
      edge->lane = free - endOfLane.begin();
      if (free == endOfLane.end())
        endOfLane.push_back(slots.rowOf[edge->to]);
      else
        *free = slots.rowOf[edge->to];
    }
    slots.lanes = endOfLane.size();
  }

  const Graph &graph;
  ArrayRef<unsigned> rowsOfAll;
  Slots slots;
};
} // namespace

Slots picture::arrange(const Graph &graph, ArrayRef<unsigned> rows) { return Arrangement(graph, rows).run(); }
