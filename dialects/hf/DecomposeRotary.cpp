//===- DecomposeRotary.cpp - decompositions of rotary position embeddings
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/hf/TensorBuilder.h"

using namespace hfc;
using namespace hfc::hf;

SmallVector<Value> RotaryTableOp::decompose(OpBuilder &builder) {
  TensorBuilder tb(builder, getLoc());
  Value frequencies = getInverseFrequencies();
  Type wide = elementOf(frequencies), element = elementOf(getCosine());
  int64_t rank = static_cast<int64_t>(shapeOf(getPositions()).size());
  SmallVector<int64_t> half(shapeOf(getPositions()));
  half.push_back(shapeOf(frequencies).back());

  Value positions = tb.broadcast(tb.convert(getPositions(), wide), half, llvm::to_vector(llvm::seq<int64_t>(0, rank)));
  SmallVector<int64_t> frequencyDims{rank};
  if (shapeOf(frequencies).size() == 2)
    frequencyDims.insert(frequencyDims.begin(), 0);
  Value angles = tb.mul(positions, tb.broadcast(frequencies, half, frequencyDims));

  auto table = [&](Value wave) -> Value {
    Value scaled = tb.convert(tb.mul(wave, getScaling().convertToDouble()), element);
    return tb.concat({scaled, scaled}, rank);
  };
  Value cosine = table(tb.unary<CosOp>(angles));
  return {cosine, table(tb.unary<SinOp>(angles))};
}

/// A table [batch or 1, sequence, R] over the dimensions of `like`, which stand in `layout`'s order.
static Value broadcastTable(TensorBuilder &tb, Value table, Value like, HeadLayout layout) {
  switch (layout) {
  case HeadLayout::bshd:
    return tb.broadcast(table, shapeOf(like), {0, 1, 3});
  case HeadLayout::bhsd:
    return tb.broadcast(table, shapeOf(like), {0, 2, 3});
  case HeadLayout::sbhd:
    return tb.broadcast(tb.transpose(table, {1, 0, 2}), shapeOf(like), {0, 1, 3});
  }
  llvm_unreachable("every layout is handled");
}

/// `(a, b)` to `(-b, a)`, where `a` and `b` are the two slices of size `half` of dimension `dim`.
static Value rotateSlices(TensorBuilder &tb, Value x, int64_t dim, int64_t half) {
  Value first = tb.sliceDim(x, dim, 0, half), second = tb.sliceDim(x, dim, half, 2 * half);
  return tb.concat({tb.neg(second), first}, dim);
}

/// The even and the odd elements of the last dimension as slices of one more dimension.
static Value splitPairs(TensorBuilder &tb, Value x) {
  SmallVector<int64_t> shape(shapeOf(x));
  shape.back() /= 2;
  shape.push_back(2);
  return tb.reshape(x, shape);
}

/// The first half of a table, each entry twice.
static Value repeatEntries(TensorBuilder &tb, Value table) {
  SmallVector<int64_t> shape(shapeOf(table)), pairs(shape);
  pairs.back() /= 2;
  Value entries = tb.sliceDim(table, 2, 0, pairs.back());
  pairs.push_back(2);
  return tb.reshape(tb.broadcast(entries, pairs, {0, 1, 2}), shape);
}

SmallVector<Value> RotaryOp::decompose(OpBuilder &builder) {
  TensorBuilder tb(builder, getLoc());
  Type element = elementOf(getX()), wide = tb.computeType(element);
  int64_t size = shapeOf(getX()).back(), rotated = shapeOf(getCosine()).back();
  Value x = tb.convert(rotated == size ? getX() : tb.sliceDim(getX(), 3, 0, rotated), wide);

  Value turned = getInterleaved() ? tb.reshape(rotateSlices(tb, splitPairs(tb, x), 4, 1), shapeOf(x))
                                  : rotateSlices(tb, x, 3, rotated / 2);
  auto table = [&](Value values) {
    Value entries = tb.convert(getInterleaved() ? repeatEntries(tb, values) : values, wide);
    return broadcastTable(tb, entries, x, getLayout());
  };
  Value result = tb.convert(tb.add(tb.mul(x, table(getCosine())), tb.mul(turned, table(getSine()))), element);
  if (rotated == size)
    return {result};
  return {tb.concat({result, tb.sliceDim(getX(), 3, rotated, size)}, 3)};
}
