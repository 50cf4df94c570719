//===- Pieces.h - pieces of tensors along a factor of a sharding rule
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_INTERPRETER_DISTRIBUTION_PIECES_H
#define HFC_LIB_INTERPRETER_DISTRIBUTION_PIECES_H

#include "dialects/dist/Sharding.h"
#include "hfc/Interpreter/Tensor.h"

namespace hfc::interpreter {

/// The two pieces of a tensor whose dimensions a rule describes, along one factor.
class Pieces {
public:
  Pieces(const dist::Rule &rule, const dist::Rule::Tensor &dims, unsigned factor)
      : rule(rule), dims(dims), factor(factor), half((rule.sizes[factor] + 1) / 2) {}

  /// Whether the tensor has the factor; a tensor that has not is its own piece.
  bool isCut() const { return rule.isIn(factor, dims); }
  SmallVector<int64_t> localShape() const;
  /// Zeros stand behind the end.
  Tensor take(const Tensor &whole, int64_t part) const;
  /// Puts a piece where it was taken from.
  void put(const Tensor &piece, int64_t part, Tensor &whole) const;

private:
  int64_t localSize(unsigned other) const { return other == factor ? half : rule.sizes[other]; }
  /// Where in the whole tensor each element of a piece stands, row-major; -1 for padding.
  SmallVector<int64_t> offsets(int64_t part) const;

  const dist::Rule &rule;
  const dist::Rule::Tensor &dims;
  unsigned factor;
  int64_t half;
};

} // namespace hfc::interpreter

#endif // HFC_LIB_INTERPRETER_DISTRIBUTION_PIECES_H
