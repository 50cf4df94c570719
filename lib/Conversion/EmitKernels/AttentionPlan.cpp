//===- AttentionPlan.cpp - tiles of kernels of attention
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Attention.h"

#include "llvm/Support/MathExtras.h"

using namespace hfc;

/// Scratch memory of a block, in bytes: what a GPU's block has without asking for more.
static constexpr int64_t kScratchBytes = 47 * 1024;
/// Up to so many rows, scores are dot products.
static constexpr int64_t kMaxDirectRows = 8;

static int64_t largestPowerDividing(int64_t size, int64_t limit) {
  while (size % limit)
    limit /= 2;
  return limit;
}

AttentionPlan::AttentionPlan(const AttentionParts &parts, const EmitOptions &options) {
  layout = parts.layout;
  auto sizes = [&](Value value) {
    ArrayRef<int64_t> shape = cast<RankedTensorType>(value.getType()).getShape();
    switch (layout) {
    case hf::HeadLayout::bshd:
      return std::array<int64_t, 4>{shape[0], shape[1], shape[2], shape[3]};
    case hf::HeadLayout::bhsd:
      return std::array<int64_t, 4>{shape[0], shape[2], shape[1], shape[3]};
    case hf::HeadLayout::sbhd:
      return std::array<int64_t, 4>{shape[1], shape[0], shape[2], shape[3]};
    }
    llvm_unreachable("all layouts are handled");
  };
  int64_t heads;
  std::tie(batch, queries, heads, depth) = std::tuple_cat(sizes(parts.query));
  std::tie(batch, keys, keyHeads, columns) = std::tuple_cat(sizes(parts.value ? parts.value : parts.key));
  if (!parts.value)
    columns = 0;
  group = heads / keyHeads;
  rows = queries * group;
  keyVector = std::max<int64_t>(1, options.width * options.interleave / 2);
  depthVector = largestPowerDividing(depth, keyVector);
  columnVector = largestPowerDividing(columns, keyVector);
}

void AttentionPlan::planForward() {
  rowTile = rows <= 2 ? rows : std::min<int64_t>(32, llvm::alignTo(rows, 4));
  direct = rowTile <= kMaxDirectRows;
  keyTile = std::min<int64_t>(direct ? 256 : 64, llvm::alignTo(keys, keyVector));
  auto bytes = [&] { return 4 * (rowTile * (depth + columns + keyTile + 6) + keyTile * ((direct ? 0 : depth) + 2)); };
  while (bytes() > kScratchBytes && (keyTile > keyVector || rowTile > 4)) {
    if (keyTile > keyVector && (keyTile >= 2 * rowTile || rowTile <= 4))
      keyTile = llvm::alignTo(keyTile / 2, keyVector);
    else
      rowTile = llvm::alignTo(rowTile / 2, 4);
  }
  rowBlock = std::min<int64_t>(rowTile, 4);
  // Narrow columns need more rows, so that enough sums grow at the same time.
  valueRowBlock = columnVector < keyVector ? largestPowerDividing(rowTile, 8) : rowBlock;
}

void AttentionPlan::planBackward() {
  rowTile = std::min<int64_t>(32, llvm::alignTo(rows, 4));
  keyTile = std::min<int64_t>(32, llvm::alignTo(keys, keyVector));
  // Rows and cotangents; keys and values; weights and gradients; sums.
  auto bytes = [&] {
    int64_t inputs = (rowTile + keyTile) * (depth + columns), scores = 2 * rowTile * keyTile;
    int64_t sums = std::max(rowTile, keyTile) * depth + keyTile * columns;
    return 4 * (inputs + scores + sums + 6 * rowTile + 2 * keyTile);
  };
  while (bytes() > kScratchBytes && (keyTile > keyVector || rowTile > 4)) {
    if (keyTile > keyVector && (keyTile >= rowTile || rowTile <= 4))
      keyTile = llvm::alignTo(keyTile / 2, keyVector);
    else
      rowTile = llvm::alignTo(rowTile / 2, 4);
  }
  rowBlock = 4;
  valueRowBlock = 4;
}
