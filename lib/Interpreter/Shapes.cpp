//===- Shapes.cpp - primitives that move elements
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Primitives.h"

#include <cstring>

using namespace hfc;
using namespace hfc::interpreter;

/// `out[n] = x[offset]` for the n-th index of out's shape, offset being the index times `strides` plus `base`.
static void collect(const Tensor &x, ArrayRef<int64_t> strides, int64_t base, Tensor &out) {
  const Word *from = x.words().data() + base;
  Word *to = out.mutableWords().data();
  forEachOffset(out.getShape(), strides, [&](int64_t offset) { *to++ = from[offset]; });
}

Tensor interpreter::evaluate(const Domain &domain, hf::IotaOp op) {
  Tensor result = emptyOf(op.getType());
  SmallVector<int64_t> strides(result.rank(), 0);
  strides[op.getDim()] = 1;
  Word *to = result.mutableWords().data();
  forEachOffset(result.getShape(), strides, [&](int64_t index) { *to++ = static_cast<Word>(index); });
  domain.convert(Element::I64, result.getElement(), result.words(), result.mutableWords());
  return result;
}

Tensor interpreter::evaluate(hf::BroadcastOp op, const Tensor &x) {
  Tensor result = emptyOf(op.getType());
  SmallVector<int64_t> own = stridesOf(x.getShape()), strides(result.rank(), 0);
  for (auto [dim, to] : llvm::enumerate(op.getDims()))
    if (x.getShape()[dim] != 1)
      strides[to] = own[dim];
  collect(x, strides, 0, result);
  return result;
}

Tensor interpreter::evaluate(hf::TransposeOp op, const Tensor &x) {
  Tensor result = emptyOf(op.getType());
  SmallVector<int64_t> own = stridesOf(x.getShape()), strides;
  for (int64_t dim : op.getPermutation())
    strides.push_back(own[dim]);
  collect(x, strides, 0, result);
  return result;
}

Tensor interpreter::evaluate(hf::SliceOp op, const Tensor &x) {
  Tensor result = emptyOf(op.getType());
  SmallVector<int64_t> strides = stridesOf(x.getShape());
  int64_t base = 0;
  for (auto [offset, stride] : llvm::zip(op.getOffsets(), strides))
    base += offset * stride;
  collect(x, strides, base, result);
  return result;
}

Tensor interpreter::evaluate(hf::ConcatOp op, ArrayRef<Tensor> inputs) {
  Tensor result = emptyOf(op.getType());
  int64_t rows = countOf(result.getShape().take_front(op.getDim()));
  Word *to = result.mutableWords().data();
  for (int64_t row = 0; row < rows; ++row)
    for (const Tensor &input : inputs) {
      int64_t length = input.size() / rows;
      to = llvm::copy(input.words().slice(row * length, length), to);
    }
  return result;
}
