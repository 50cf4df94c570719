//===- ArenaPlanner.cpp - offsets for blocks with lifetimes
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ArenaPlanner.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <vector>

using namespace hfc::memory;

static int64_t aligned(int64_t bytes) {
  return static_cast<int64_t>(llvm::alignTo(static_cast<uint64_t>(bytes), arenaAlignment));
}

/// The lowest end of the smallest gap between `neighbours`, sorted by offset, that takes `bytes`; behind all where none
/// does.
static int64_t bestFit(llvm::ArrayRef<const ArenaBlock *> neighbours, int64_t bytes) {
  int64_t best = -1, bestGap = std::numeric_limits<int64_t>::max(), end = 0;
  for (const ArenaBlock *block : neighbours) {
    int64_t gap = block->offset - end;
    if (gap >= bytes && gap < bestGap) {
      best = end;
      bestGap = gap;
    }
    end = std::max(end, block->offset + aligned(block->bytes));
  }
  return best < 0 ? end : best;
}

static int64_t lowerBoundOf(llvm::ArrayRef<ArenaBlock> blocks, unsigned steps) {
  std::vector<int64_t> change(steps + 1, 0);
  for (const ArenaBlock &block : blocks) {
    change[block.first] += aligned(block.bytes);
    change[block.last + 1] -= aligned(block.bytes);
  }
  int64_t alive = 0, most = 0;
  for (int64_t bytes : change)
    most = std::max(most, alive += bytes);
  return most;
}

/// Places the blocks in the given order; returns the bytes that they need.
static int64_t place(llvm::ArrayRef<ArenaBlock *> order) {
  int64_t size = 0;
  llvm::SmallVector<const ArenaBlock *> placed, neighbours;
  auto isLower = [](const ArenaBlock *a, const ArenaBlock *b) { return a->offset < b->offset; };
  for (ArenaBlock *block : order) {
    neighbours.clear();
    for (const ArenaBlock *other : placed)
      if (other->first <= block->last && block->first <= other->last)
        neighbours.push_back(other);
    block->offset = bestFit(neighbours, aligned(block->bytes));
    size = std::max(size, block->offset + aligned(block->bytes));
    placed.insert(llvm::upper_bound(placed, block, isLower), block);
  }
  return size;
}

ArenaPlan hfc::memory::planArena(llvm::MutableArrayRef<ArenaBlock> blocks) {
  unsigned steps = 0;
  for (const ArenaBlock &block : blocks)
    steps = std::max(steps, block.last + 1);
  ArenaPlan plan{std::numeric_limits<int64_t>::max(), lowerBoundOf(blocks, steps)};

  // What makes a block hard to place: its size; its size and life; its life, then its size.
  auto life = [](const ArenaBlock *block) { return static_cast<int64_t>(block->last - block->first + 1); };
  using Weight = std::pair<double, double>;
  llvm::SmallVector<std::function<Weight(const ArenaBlock *)>> weights{
      [&](const ArenaBlock *block) { return Weight(block->bytes, life(block)); },
      [&](const ArenaBlock *block) { return Weight(static_cast<double>(block->bytes) * life(block), block->bytes); },
      [&](const ArenaBlock *block) { return Weight(life(block), block->bytes); }};

  llvm::SmallVector<ArenaBlock *> order(llvm::make_pointer_range(blocks));
  llvm::SmallVector<int64_t> best(blocks.size(), 0);
  for (const auto &weight : weights) {
    llvm::sort(order, [&](const ArenaBlock *a, const ArenaBlock *b) {
      return std::pair(weight(b), a) < std::pair(weight(a), b);
    });
    if (int64_t size = place(order); size < plan.size) {
      plan.size = size;
      for (auto [offset, block] : llvm::zip_equal(best, blocks))
        offset = block.offset;
    }
    if (plan.size == plan.lowerBound)
      break;
  }
  for (auto [offset, block] : llvm::zip_equal(best, blocks))
    block.offset = offset;
  return plan;
}
