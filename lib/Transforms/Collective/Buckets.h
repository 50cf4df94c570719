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

#include "llvm/ADT/StringMap.h"

namespace hfc::collective {

/// How one gradient is completed before its entry returns it.
struct Reduction {
  Gradient gradient;
  /// What returns it, as which of its operands.
  Operation *terminator;
  unsigned result;
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
/// tensor is more. In the order in which they are ready; a bucket's members in that of their parameters, so that what
/// belongs together lies together. `keyOf`, if given, says what else members must share.
SmallVector<Bucket> fillBuckets(ArrayRef<Reduction> reductions, int64_t bytes,
                                Attribute (*keyOf)(const Reduction &) = nullptr);

/// Declares buckets under names that the module does not have.
class BucketNames {
public:
  explicit BucketNames(ModuleOp module) : module(module), symbols(module) {}
  /// A new `hf.bucket` called `prefix` and a number that holds the members' gradients: `elements`, or as many as they
  /// have.
  hf::BucketOp declare(StringRef prefix, const Bucket &bucket, std::optional<int64_t> elements = std::nullopt);
  /// One that nothing refers to any more.
  void erase(hf::BucketOp bucket) { symbols.erase(bucket); }
  /// One in front of `state`.
  hf::BucketOp declare(StringRef prefix, hf::StateOp state, int64_t elements, Type element);

private:
  ModuleOp module;
  SymbolTable symbols;
  llvm::StringMap<unsigned> counts;
};

/// Gives the members' gradients places in `declared`, one behind the other.
void placeInBucket(const Bucket &bucket, hf::BucketOp declared);

} // namespace hfc::collective

#endif // HFC_LIB_TRANSFORMS_COLLECTIVE_BUCKETS_H
