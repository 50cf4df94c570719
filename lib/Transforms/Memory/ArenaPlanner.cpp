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
#include <limits>
#include <vector>

using namespace hfc::memory;

static int64_t aligned(int64_t bytes) { return static_cast<int64_t>(llvm::alignTo(static_cast<uint64_t>(bytes), arenaAlignment)); }

/// The lowest end of the smallest gap between `neighbours`, sorted by offset, that takes `bytes`; behind all where none does.
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

ArenaPlan hfc::memory::planArena(llvm::MutableArrayRef<ArenaBlock> blocks) {
  unsigned steps = 0;
  for (const ArenaBlock &block : blocks)
    steps = std::max(steps, block.last + 1);

  llvm::SmallVector<ArenaBlock *> bySize(llvm::make_pointer_range(blocks));
  llvm::sort(bySize, [](const ArenaBlock *a, const ArenaBlock *b) { return std::pair(b->bytes, a) < std::pair(a->bytes, b); });

  ArenaPlan plan;
  std::vector<llvm::SmallVector<const ArenaBlock *, 8>> alive(steps);
  std::vector<int64_t> bytesAlive(steps, 0);
  for (ArenaBlock *block : bySize) {
    llvm::SmallVector<const ArenaBlock *> neighbours;
    for (unsigned step = block->first; step <= block->last; ++step) {
      llvm::append_range(neighbours, alive[step]);
      alive[step].push_back(block);
      bytesAlive[step] += aligned(block->bytes);
    }
    llvm::sort(neighbours, [](const ArenaBlock *a, const ArenaBlock *b) { return std::pair(a->offset, a) < std::pair(b->offset, b); });
    neighbours.erase(llvm::unique(neighbours), neighbours.end());
    block->offset = bestFit(neighbours, aligned(block->bytes));
    plan.size = std::max(plan.size, block->offset + aligned(block->bytes));
  }
  for (int64_t bytes : bytesAlive)
    plan.lowerBound = std::max(plan.lowerBound, bytes);
  return plan;
}
