//===- Align.cpp - the same operations of two graphs in the same rows
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Nodes are matched in order (a longest common subsequence), so that the two graphs have one common order, in which
// each node's row is one below the lowest of its operands'.
//
//===----------------------------------------------------------------------===//

#include "Align.h"

#include "llvm/Support/raw_ostream.h"

using namespace hfc;
using namespace hfc::picture;

namespace {
constexpr unsigned none = ~0u;

/// A node of the two graphs together.
struct Pair {
  unsigned global = none, local = none;
};
} // namespace

/// What two nodes have in common if they are the same: operation, place in the model, parameters. Collectives are none
/// of the global program's operations.
static std::string keyOf(const Node &node) {
  if (node.kind == Node::Kind::Collective)
    return "";
  if (!node.op)
    return node.label;
  std::string key;
  llvm::raw_string_ostream stream(key);
  stream << node.op->getName() << ' ' << node.op->getLoc();
  for (BlockArgument parameter : node.parameters)
    stream << ' ' << parameterName(parameter);
  return key;
}

static SmallVector<std::string> keysOf(const Graph &graph) {
  SmallVector<std::string> keys;
  for (const Node &node : graph.nodes)
    keys.push_back(keyOf(node));
  return keys;
}

/// Both graphs' nodes in an order that is each one's own, the same ones paired.
static std::vector<Pair> merge(const Graph &global, const Graph &local) {
  SmallVector<std::string> a = keysOf(global), b = keysOf(local);
  size_t width = b.size() + 1;
  // Of what begins at (i, j): the most that can be paired. A layer has some dozens of operations.
  std::vector<unsigned> most((a.size() + 1) * width, 0);
  auto isSame = [&](size_t i, size_t j) { return !b[j].empty() && a[i] == b[j]; };
  for (size_t i = a.size(); i-- > 0;)
    for (size_t j = b.size(); j-- > 0;)
      most[i * width + j] = isSame(i, j) ? most[(i + 1) * width + j + 1] + 1
                                         : std::max(most[(i + 1) * width + j], most[i * width + j + 1]);
  std::vector<Pair> merged;
  for (size_t i = 0, j = 0; i < a.size() || j < b.size();) {
    if (i < a.size() && j < b.size() && isSame(i, j))
      merged.push_back({static_cast<unsigned>(i++), static_cast<unsigned>(j++)});
    else if (j == b.size() || (i < a.size() && most[(i + 1) * width + j] >= most[i * width + j + 1]))
      merged.push_back({static_cast<unsigned>(i++), none});
    else
      merged.push_back({none, static_cast<unsigned>(j++)});
  }
  return merged;
}

namespace {
/// Gives rows, from the first pair to the last, then moves what has no operands down to where it is read.
class RowAssignment {
public:
  RowAssignment(const Graph &global, const Graph &local, std::vector<Pair> pairs)
      : global(global), local(local), pairs(std::move(pairs)) {
    rows.global.resize(global.nodes.size());
    rows.local.resize(local.nodes.size());
  }

  Rows run() {
    for (const Pair &pair : pairs)
      place(pair, rowOf(pair));
    lowerSources();
    for (unsigned row : rows.global)
      rows.count = std::max(rows.count, row + 1);
    for (unsigned row : rows.local)
      rows.count = std::max(rows.count, row + 1);
    return std::move(rows);
  }

private:
  void place(const Pair &pair, unsigned row) {
    if (pair.global != none)
      rows.global[pair.global] = row;
    if (pair.local != none)
      rows.local[pair.local] = row;
  }

  unsigned rowOf(const Pair &pair) const {
    unsigned row = 0;
    if (pair.global != none)
      for (unsigned operand : global.nodes[pair.global].operands)
        row = std::max(row, rows.global[operand] + 1);
    if (pair.local != none)
      for (unsigned operand : local.nodes[pair.local].operands)
        row = std::max(row, rows.local[operand] + 1);
    return row;
  }

  static bool isSource(const Graph &graph, unsigned node) { return node == none || graph.nodes[node].operands.empty(); }

  /// The rows of the first readers of each node.
  static SmallVector<unsigned> firstReads(const Graph &graph, ArrayRef<unsigned> rows) {
    SmallVector<unsigned> reads(graph.nodes.size(), none);
    for (auto [number, node] : llvm::enumerate(graph.nodes))
      for (unsigned operand : node.operands)
        reads[operand] = std::min(reads[operand], rows[number]);
    return reads;
  }

  void lowerSources() {
    SmallVector<unsigned> globalReads = firstReads(global, rows.global), localReads = firstReads(local, rows.local);
    for (const Pair &pair : pairs) {
      if (!isSource(global, pair.global) || !isSource(local, pair.local))
        continue;
      unsigned read = std::min(pair.global == none ? none : globalReads[pair.global],
                               pair.local == none ? none : localReads[pair.local]);
      if (read != none && read > 0)
        place(pair, read - 1);
    }
  }

  const Graph &global, &local;
  std::vector<Pair> pairs;
  Rows rows;
};
} // namespace

Rows picture::alignRows(const Graph &global, const Graph &local) {
  return RowAssignment(global, local, merge(global, local)).run();
}
