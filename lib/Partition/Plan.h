//===- Plan.h - how an op runs on cut operands
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The one place that decides how shardings go through an op (`docs/distribution.md`, "Propagation"). Propagation and
// the insertion of reshards ask the same question, so what the one says of a value the other makes true.
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_PARTITION_PLAN_H
#define HFC_LIB_PARTITION_PLAN_H

#include "lib/Partition/Placement.h"

namespace hfc::partition {

struct OpPlan {
  SmallVector<dist::ShardingAttr> operands; ///< how each must live
  SmallVector<dist::ShardingAttr> results;  ///< how each comes out
  /// The op adds a bias to what it contracts, and the contraction is cut: the bias must be added after the reduction.
  bool countsBiasTwice = false;
};

/// How `op` runs on operands that live as `placement` says. `wanted` has, for each result, where consumers want to see
/// it, or null.
OpPlan planOp(Operation *op, const Placement &placement, ArrayRef<dist::ShardingAttr> wanted);

/// Where consumers want to see the results: as annotated; as the accumulator lives that a result goes into; else null.
SmallVector<dist::ShardingAttr> wantedOf(Operation *op, const Placement &placement);

/// Where consumers see a result that comes out as `produced` and is `wanted` somewhere (or null). What only goes into
/// an accumulator keeps its partial axes, whatever it is annotated: they become the accumulator's. Nothing is made
/// partial to please an annotation.
dist::ShardingAttr seenAs(OpResult result, dist::ShardingAttr produced, dist::ShardingAttr wanted,
                          const Placement &placement);

} // namespace hfc::partition

#endif // HFC_LIB_PARTITION_PLAN_H
