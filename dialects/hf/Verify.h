//===- Verify.h - what the verifiers of hf ops share
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_DIALECTS_HF_VERIFY_H
#define HFC_DIALECTS_HF_VERIFY_H

#include "dialects/hf/TensorBuilder.h"

#include <string>

namespace hfc::hf {

/// `2x24x64`, as messages show sizes; `scalar` for rank 0.
std::string formatShape(ArrayRef<int64_t> shape);

inline int64_t rankOf(Value value) { return tensorType(value).getRank(); }

/// The product of the sizes, or nothing if it is too large to count.
std::optional<int64_t> countElements(ArrayRef<int64_t> shape);

/// Checks that `value`, called `what` in the message, is a tensor of that shape and element type.
LogicalResult verifyTensor(Operation *op, StringRef constraint, StringRef what, Value value, ArrayRef<int64_t> shape,
                           Type element);

/// Checks that `permutation` has each number below `rank` once.
bool isPermutation(ArrayRef<int64_t> permutation, int64_t rank);

/// Whether the numbers increase strictly and lie in `[0, bound)`.
bool areIncreasingBelow(ArrayRef<int64_t> numbers, int64_t bound);

inline bool isPositive(const APFloat &number) { return number.isFinite() && !number.isNegative() && !number.isZero(); }

/// Where a layout puts batch, sequence and heads.
struct HeadDims {
  explicit HeadDims(HeadLayout layout)
      : batch(layout == HeadLayout::sbhd ? 1 : 0), sequence(layout == HeadLayout::bshd   ? 1
                                                            : layout == HeadLayout::bhsd ? 2
                                                                                         : 0),
        heads(layout == HeadLayout::bhsd ? 1 : 2) {}
  int64_t batch, sequence, heads;
};

/// Checks the operands of `ExpertsOp` and of `ExpertsBackwardOp`, which have the same names.
template <typename OpTy>
LogicalResult verifyExperts(OpTy op) {
  ArrayRef<int64_t> x = shapeOf(op.getX()), gate = shapeOf(op.getGate());
  Type element = elementOf(op.getX());
  if (x.size() != 2 || gate.size() != 3)
    return op.emitOpError("(C1) x must be [tokens, hidden] and gate [experts, inner, hidden], got ")
           << formatShape(x) << " and " << formatShape(gate);
  int64_t tokens = x[0], hidden = x[1], experts = gate[0], inner = gate[1];
  if (failed(verifyTensor(op, "C1", "route", op.getRoute(), {tokens, experts}, element)) ||
      failed(verifyTensor(op, "C2", "gate", op.getGate(), {experts, inner, hidden}, element)) ||
      failed(verifyTensor(op, "C2", "up", op.getUp(), {experts, inner, hidden}, element)))
    return failure();
  return verifyTensor(op, "C2", "down", op.getDown(), {experts, hidden, inner}, element);
}

} // namespace hfc::hf

#endif // HFC_DIALECTS_HF_VERIFY_H
