//===- WorkOrder.h - what decides the order of work -----------------*- C++ -*-===//
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_TRANSFORMS_MEMORY_WORKORDER_H
#define HFC_LIB_TRANSFORMS_MEMORY_WORKORDER_H

#include "EntryPlan.h"

namespace hfc::memory {

/// Which work must come before which.
struct Dependences {
  /// With `ordered`, collectives and waits for them keep their order.
  Dependences(const EntryPlan &plan, bool ordered);

  std::vector<SmallVector<unsigned, 4>> users;
  std::vector<unsigned> pending;

private:
  void add(unsigned before, unsigned after);
};

/// The bytes of temporary buffers that are in use while work is issued in some order.
class LiveBytes {
public:
  explicit LiveBytes(const EntryPlan &plan);

  /// Returns what is in use while `work` runs.
  int64_t issue(unsigned work);
  int64_t now() const { return alive; }

private:
  template <typename Visit>
  void forEachUse(unsigned work, Visit visit) const;

  const EntryPlan &plan;
  /// Of each buffer, how often the work that is left uses it.
  std::vector<unsigned> left;
  llvm::BitVector begun;
  int64_t alive = 0;
};

int64_t bytesOf(RankedTensorType type);
bool isAttention(const Work &work, Bodies &bodies);
/// Microseconds, on some GPU.
double estimateTime(const Work &work, Bodies &bodies);

/// Moves what nothing soon waits for, products that give weights' gradients above all, to where the main stream would
/// wait for a collective. Needs an order.
void hideCollectives(EntryPlan &plan, Bodies &bodies);

} // namespace hfc::memory

#endif // HFC_LIB_TRANSFORMS_MEMORY_WORKORDER_H
