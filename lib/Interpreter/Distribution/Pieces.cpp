//===- Pieces.cpp - pieces of tensors along a factor of a sharding rule
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Pieces.h"

using namespace hfc;
using namespace hfc::interpreter;

SmallVector<int64_t> Pieces::localShape() const {
  SmallVector<int64_t> shape;
  for (const dist::Rule::Dim &dim : dims) {
    int64_t size = 1;
    for (unsigned other : dim)
      size *= localSize(other);
    shape.push_back(size);
  }
  return shape;
}

/// Factor by factor, from the slowest: each offset so far becomes one for each index of the factor.
SmallVector<int64_t> Pieces::offsets(int64_t part) const {
  SmallVector<int64_t> all{0};
  for (const dist::Rule::Dim &dim : dims)
    for (unsigned other : dim) {
      int64_t first = other == factor ? part * half : 0;
      SmallVector<int64_t> next;
      next.reserve(all.size() * localSize(other));
      for (int64_t offset : all)
        for (int64_t index = first; index < first + localSize(other); ++index)
          next.push_back(offset < 0 || index >= rule.sizes[other] ? -1 : offset * rule.sizes[other] + index);
      all = std::move(next);
    }
  return all;
}

Tensor Pieces::take(const Tensor &whole, int64_t part) const {
  Tensor piece(whole.getElement(), localShape());
  for (auto [index, offset] : llvm::enumerate(offsets(part)))
    if (offset >= 0)
      piece.mutableWords()[index] = whole.words()[offset];
  return piece;
}

void Pieces::put(const Tensor &piece, int64_t part, Tensor &whole) const {
  for (auto [index, offset] : llvm::enumerate(offsets(part)))
    if (offset >= 0)
      whole.mutableWords()[offset] = piece.words()[index];
}
