//===- OrderedOperand.h - operands of products that are only moved
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_DIALECTS_HF_ORDEREDOPERAND_H
#define HFC_DIALECTS_HF_ORDEREDOPERAND_H

#include "dialects/hf/Hf.h"

namespace hfc::hf {

/// A tensor whose elements are those of `source`, which lies row-major, in an order of their own: element i, counted
/// row-major over `sizes`, is the one at `offset` and the sum of indices times `strides`.
struct OrderedOperand {
  Value source;
  SmallVector<int64_t> sizes, strides;
  int64_t offset = 0;
  /// Not every element is read once.
  bool selects = false;
};

/// `operand` as its source in another order, if it is made by `hf.transpose`, `hf.broadcast`, `hf.slice` and
/// `hf.reshape` such that strides can say so, and not by reshapes alone.
std::optional<OrderedOperand> getOrderedOperand(Value operand);

/// Whether `op` only moves elements, as an ordered operand may.
bool isMove(Operation *op);

/// Whether a product reads `use` as one of its factors.
bool isFactor(OpOperand &use);

} // namespace hfc::hf

#endif // HFC_DIALECTS_HF_ORDEREDOPERAND_H
