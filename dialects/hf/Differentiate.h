//===- Differentiate.h - derivatives of hf ops
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_DIALECTS_HF_DIFFERENTIATE_H
#define HFC_DIALECTS_HF_DIFFERENTIATE_H

#include "dialects/hf/TensorBuilder.h"

namespace hfc::hf {

/// Whether values of this type have cotangents.
bool isDifferentiable(Type type);

/// Cotangents of values, as they come in from their uses: a value's cotangent is their sum.
class Cotangents {
public:
  explicit Cotangents(OpBuilder &builder) : builder(builder) {}

  /// The sum of what has come in for `primal`; null if nothing has.
  Value lookup(Value primal) const { return sums.lookup(primal); }
  SmallVector<Value> lookup(ValueRange primals) const;
  /// Adds `cotangent`, of the type of `primal`, unless it is null. The sum has the location `loc`.
  void add(Location loc, Value primal, Value cotangent);
  /// Replaces the sum of what has come in so far.
  void set(Value primal, Value cotangent) { sums[primal] = cotangent; }

private:
  OpBuilder &builder;
  DenseMap<Value, Value> sums;
};

/// Builds the cotangents of those operands of `op` that are wanted, given those of its results (null where none came),
/// at least one of them. The op's own rule is taken if it has one, else that of its decomposition, which is built again
/// from the operands. Returns one value for each operand, null where the derivative is zero or not wanted; fails with
/// an error at the op if it has no derivative.
FailureOr<SmallVector<Value>> differentiate(Operation *op, OpBuilder &builder, ArrayRef<Value> cotangents,
                                            ArrayRef<bool> wanted);

/// What `differentiate` does for composites without a rule of their own.
FailureOr<SmallVector<Value>> differentiateDecomposition(CompositeOpInterface op, OpBuilder &builder,
                                                         ArrayRef<Value> cotangents, ArrayRef<bool> wanted);

/// The sum of `x` over `dims`, in float32 or wider, and rounded at the end to the element type of `x`. Passes that
/// accumulate in a wider type may leave that conversion out.
Value sumWide(TensorBuilder &tb, Value x, ArrayRef<int64_t> dims);

/// The adjoint of looking up rows of `table`: zeros of its shape plus `updates` at `indices`, summed as in `sumWide`.
Value scatterRows(TensorBuilder &tb, Value table, Value indices, Value updates);

} // namespace hfc::hf

#endif // HFC_DIALECTS_HF_DIFFERENTIATE_H
