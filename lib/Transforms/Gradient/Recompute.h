//===- Recompute.h - what the backward pass computes again
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_TRANSFORMS_GRADIENT_RECOMPUTE_H
#define HFC_LIB_TRANSFORMS_GRADIENT_RECOMPUTE_H

#include "dialects/hf/Differentiate.h"

#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/DenseSet.h"

namespace hfc::gradient {

enum class Recompute : uint8_t { none, selective, full };
std::optional<Recompute> parseRecompute(StringRef name);

/// Where a value lives, if its op or its function says so: an opaque attribute here.
Attribute shardingOf(Value value);

/// What the backward pass knows of the function's values.
struct ValueFacts {
  /// Values that depend on something whose gradient is wanted.
  DenseSet<Value> active;
  /// Arguments that stay as they are from the forward pass to the backward pass.
  DenseSet<Value> parameters;

  bool isActive(Value value) const { return active.contains(value) && hf::isDifferentiable(value.getType()); }
};

/// Computes forward values again, one layer at a time, in front of the layer's backward part. A layer is a run of ops
/// with the same `hf.block`.
class Recomputation {
public:
  Recomputation(Recompute policy, ArrayRef<Operation *> forward, const ValueFacts &facts);

  /// To be called with each op of the forward part, in reverse order and before its derivative is built.
  void enter(Operation *op, OpBuilder &builder, hf::Cotangents &cotangents);

  /// `hf::differentiate` on what has been computed again instead of on what would have to be kept.
  FailureOr<SmallVector<Value>> differentiate(Operation *op, OpBuilder &builder, ArrayRef<Value> cotangents,
                                              ArrayRef<bool> wanted);

private:
  using Layer = ArrayRef<Operation *>;
  bool isRecomputed(Operation *op) const;
  /// What the recomputed ops read that stays from the forward pass.
  SmallVector<Value> collectInputs(Layer layer) const;
  /// Puts it behind a barrier with the layer's cotangents.
  void buildBarrier(Layer layer, OpBuilder &builder, hf::Cotangents &cotangents);

  Recompute policy;
  const ValueFacts &facts;
  /// Each layer, by its last op.
  DenseMap<Operation *, Layer> layers;

  // The present layer.
  IRMapping again;
  DenseMap<Operation *, Operation *> clones;
};

} // namespace hfc::gradient

#endif // HFC_LIB_TRANSFORMS_GRADIENT_RECOMPUTE_H
