//===- ShardOptimizer.h - ZeRO: each rank updates its piece of a bucket -*- C++ -*-===//
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_TRANSFORMS_COLLECTIVE_SHARDOPTIMIZER_H
#define HFC_LIB_TRANSFORMS_COLLECTIVE_SHARDOPTIMIZER_H

#include "Buckets.h"

namespace hfc::collective {

/// Whether a reduction can end with a piece: it begins with a sum over ranks.
bool canScatter(const Reduction &reduction);

/// Cuts the optimizer's work on `buckets` (of reductions in `last`) over the ranks that reduce them: gradients are
/// reduced and scattered, master weights and moments become states of the flat piece, and the updated parameters are
/// gathered. Fails, with a message, where `optimizer_step` is not as --hfc-add-optimizer leaves it.
LogicalResult shardOptimizer(ModuleOp module, func::FuncOp last, ArrayRef<Bucket> buckets, BucketNames &names);

} // namespace hfc::collective

#endif // HFC_LIB_TRANSFORMS_COLLECTIVE_SHARDOPTIMIZER_H
