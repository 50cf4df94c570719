//===- Buckets.h - gradients that are reduced together -------------*- C++ -*-===//
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_TRANSFORMS_COLLECTIVE_BUCKETS_H
#define HFC_LIB_TRANSFORMS_COLLECTIVE_BUCKETS_H

#include "TrainingProgram.h"
#include "dialects/dist/Sharding.h"

namespace hfc::collective {

/// How one gradient is completed before its entry returns it.
struct Reduction {
  Gradient gradient;
  /// The terminator's operand.
  OpOperand *returned;
  /// The collectives between the gradient and its return, in order.
  SmallVector<Operation *, 2> links;
  /// The number of the op that makes the gradient, 0 for an argument; gradients become ready in this order.
  unsigned ready;

  Value gradientValue() const { return links.front()->getOperand(0); }
  RankedTensorType type() const { return cast<RankedTensorType>(gradientValue().getType()); }
};

/// Reductions that run as one.
struct Bucket {
  SmallVector<Reduction> members;
  int64_t elements() const;
};

/// The reductions of single gradients in `entry`, in the order in which these become ready.
SmallVector<Reduction> findReductions(func::FuncOp entry, const TrainingProgram &program);

/// Reductions that may run as one: same collectives, same element types; at most `bytes` in each bucket, unless one
/// tensor is more. In the order in which they are ready.
SmallVector<Bucket> fillBuckets(ArrayRef<Reduction> reductions, int64_t bytes);

/// Declares buckets under names that the module does not have.
class BucketNames {
public:
  explicit BucketNames(ModuleOp module) : module(module), symbols(module) {}
  /// A new `hf.bucket` called `prefix` and a number that holds the members' elements.
  hf::BucketOp declare(StringRef prefix, const Bucket &bucket);

private:
  ModuleOp module;
  SymbolTable symbols;
  unsigned next = 0;
};

/// Gives the members' gradients places in `declared`, one behind the other.
void placeInBucket(const Bucket &bucket, hf::BucketOp declared);

} // namespace hfc::collective

#endif // HFC_LIB_TRANSFORMS_COLLECTIVE_BUCKETS_H
