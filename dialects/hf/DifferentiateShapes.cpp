//===- DifferentiateShapes.cpp - derivatives of moves, reductions and products
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/hf/Differentiate.h"

#include "mlir/Dialect/Utils/IndexingUtils.h"

using namespace hfc;
using namespace hfc::hf;

using Values = SmallVector<Value>;

//===----------------------------------------------------------------------===//
// Moves: each derivative moves back
//===----------------------------------------------------------------------===//

Values BroadcastOp::differentiate(OpBuilder &builder, ArrayRef<Value> cotangents, ArrayRef<bool>) {
  TensorBuilder tb(builder, getLoc());
  SmallVector<int64_t> repeated;
  ArrayRef<int64_t> from = shapeOf(getX()), to = shapeOf(getResult());
  for (int64_t dim = 0; dim < static_cast<int64_t>(to.size()); ++dim) {
    const int64_t *place = llvm::find(getDims(), dim);
    if (place == getDims().end() || from[place - getDims().begin()] != to[dim])
      repeated.push_back(dim);
  }
  return {tb.reshape(sumWide(tb, cotangents[0], repeated), from)};
}

Values ReshapeOp::differentiate(OpBuilder &builder, ArrayRef<Value> cotangents, ArrayRef<bool>) {
  return {TensorBuilder(builder, getLoc()).reshape(cotangents[0], shapeOf(getX()))};
}

Values TransposeOp::differentiate(OpBuilder &builder, ArrayRef<Value> cotangents, ArrayRef<bool>) {
  return {TensorBuilder(builder, getLoc()).transpose(cotangents[0], invertPermutationVector(getPermutation()))};
}

/// `x` with zeros before and after it in dimension `dim`, up to `size`.
static Value padDim(TensorBuilder &tb, Value x, int64_t dim, int64_t before, int64_t size) {
  SmallVector<Value> parts;
  auto addZeros = [&](int64_t count) {
    SmallVector<int64_t> shape(shapeOf(x));
    shape[dim] = count;
    if (count)
      parts.push_back(tb.splat(RankedTensorType::get(shape, elementOf(x)), 0.0));
  };
  addZeros(before);
  parts.push_back(x);
  addZeros(size - before - shapeOf(x)[dim]);
  return parts.size() == 1 ? x : tb.concat(parts, dim);
}

Values SliceOp::differentiate(OpBuilder &builder, ArrayRef<Value> cotangents, ArrayRef<bool>) {
  TensorBuilder tb(builder, getLoc());
  Value padded = cotangents[0];
  for (auto [dim, offset] : llvm::enumerate(getOffsets()))
    padded = padDim(tb, padded, dim, offset, shapeOf(getX())[dim]);
  return {padded};
}

Values ConcatOp::differentiate(OpBuilder &builder, ArrayRef<Value> cotangents, ArrayRef<bool> wanted) {
  TensorBuilder tb(builder, getLoc());
  int64_t dim = getDim(), begin = 0;
  Values grads(getInputs().size());
  for (auto [grad, input, isWanted] : llvm::zip(grads, getInputs(), wanted)) {
    int64_t end = begin + shapeOf(input)[dim];
    if (isWanted)
      grad = tb.sliceDim(cotangents[0], dim, begin, end);
    begin = end;
  }
  return grads;
}

Values BarrierOp::differentiate(OpBuilder &, ArrayRef<Value> cotangents, ArrayRef<bool> wanted) {
  Values grads(cotangents);
  for (auto [grad, isWanted] : llvm::zip(grads, wanted))
    if (!isWanted)
      grad = Value();
  return grads;
}

//===----------------------------------------------------------------------===//
// Reductions and products
//===----------------------------------------------------------------------===//

/// A maximum's or minimum's cotangent is shared by the elements that attain it, as PyTorch's amax does.
Values ReduceOp::differentiate(OpBuilder &builder, ArrayRef<Value> cotangents, ArrayRef<bool>) {
  TensorBuilder tb(builder, getLoc());
  ArrayRef<int64_t> shape = shapeOf(getX());
  SmallVector<int64_t> kept;
  for (int64_t dim = 0; dim < static_cast<int64_t>(shape.size()); ++dim)
    if (!llvm::is_contained(getDims(), dim))
      kept.push_back(dim);
  auto spread = [&](Value x) { return tb.broadcast(x, shape, kept); };
  if (getKind() == Reduction::sum)
    return {spread(cotangents[0])};

  Value attains = tb.compare(Compare::eq, getX(), spread(getResult()));
  Value count = tb.reduce(Reduction::sum, tb.convert(attains, elementOf(getX())), getDims());
  return {tb.select(attains, spread(tb.div(cotangents[0], count)), tb.splatLike(getX(), 0.0))};
}

Values MatmulOp::differentiate(OpBuilder &builder, ArrayRef<Value> cotangents, ArrayRef<bool> wanted) {
  TensorBuilder tb(builder, getLoc());
  Value dy = cotangents[0], lhs = getLhs(), rhs = getRhs();
  bool left = getTransposeLhs(), right = getTransposeRhs();
  Values grads(2);
  if (wanted[0])
    grads[0] = left ? tb.matmul(rhs, dy, right, true) : tb.matmul(dy, rhs, false, !right);
  if (wanted[1])
    grads[1] = right ? tb.matmul(dy, lhs, true, left) : tb.matmul(lhs, dy, !left, false);
  return grads;
}

//===----------------------------------------------------------------------===//
// Indexed access
//===----------------------------------------------------------------------===//

Values GatherOp::differentiate(OpBuilder &builder, ArrayRef<Value> cotangents, ArrayRef<bool>) {
  TensorBuilder tb(builder, getLoc());
  return {scatterRows(tb, getTable(), getIndices(), cotangents[0]), Value()};
}

Values TakeOp::differentiate(OpBuilder &builder, ArrayRef<Value> cotangents, ArrayRef<bool>) {
  TensorBuilder tb(builder, getLoc());
  ArrayRef<int64_t> shape = shapeOf(getX());
  SmallVector<int64_t> dims = llvm::to_vector(llvm::seq<int64_t>(0, static_cast<int64_t>(shape.size())));
  dims.erase(dims.begin() + 1);
  Value number = tb.iota(RankedTensorType::get(shape, elementOf(getIndex())), 1);
  Value taken = tb.compare(Compare::eq, number, tb.broadcast(getIndex(), shape, {0}));
  return {tb.select(taken, tb.broadcast(cotangents[0], shape, dims), tb.splatLike(getX(), 0.0)), Value()};
}

/// Element `e` gets the cotangent of the choice whose index is `e`: one of `k` comparisons, which are a dimension in
/// front of the last.
Values TopKOp::differentiate(OpBuilder &builder, ArrayRef<Value> cotangents, ArrayRef<bool>) {
  TensorBuilder tb(builder, getLoc());
  SmallVector<int64_t> space(shapeOf(getValues()));
  int64_t choice = static_cast<int64_t>(space.size()) - 1;
  SmallVector<int64_t> dims = llvm::to_vector(llvm::seq<int64_t>(0, choice + 1));
  space.push_back(shapeOf(getX()).back());
  Value number = tb.iota(RankedTensorType::get(space, elementOf(getIndices())), choice + 1);
  Value hit = tb.compare(Compare::eq, tb.broadcast(getIndices(), space, dims), number);
  Value spread = tb.broadcast(cotangents[0], space, dims);
  return {tb.reduce(Reduction::sum, tb.select(hit, spread, tb.splatLike(spread, 0.0)), {choice})};
}
