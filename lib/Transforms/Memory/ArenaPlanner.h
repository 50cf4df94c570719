//===- ArenaPlanner.h - offsets for blocks with lifetimes ----------*- C++ -*-===//
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_TRANSFORMS_MEMORY_ARENAPLANNER_H
#define HFC_LIB_TRANSFORMS_MEMORY_ARENAPLANNER_H

#include "llvm/ADT/ArrayRef.h"
#include <cstdint>

namespace hfc::memory {

/// Every buffer of an arena, and its size, is aligned to this.
inline constexpr int64_t arenaAlignment = 64;

/// A piece of memory that is needed from step `first` to step `last`, both inclusive.
struct ArenaBlock {
  int64_t bytes = 0;
  unsigned first = 0;
  unsigned last = 0;
  /// Chosen by `planArena`.
  int64_t offset = 0;
};

struct ArenaPlan {
  /// The bytes that the offsets need.
  int64_t size = 0;
  /// The most bytes alive at one step; no plan needs fewer.
  int64_t lowerBound = 0;
};

/// Gives every block an offset so that no two that are alive at the same step overlap. Blocks are placed one after the
/// other, each into the smallest gap that takes it; several orders are tried, the largest first being the first.
/// Comparing every pair of blocks is milliseconds for the thousand blocks of a large model.
ArenaPlan planArena(llvm::MutableArrayRef<ArenaBlock> blocks);

} // namespace hfc::memory

#endif // HFC_LIB_TRANSFORMS_MEMORY_ARENAPLANNER_H
