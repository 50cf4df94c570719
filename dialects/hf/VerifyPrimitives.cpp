//===- VerifyPrimitives.cpp - verifiers of hf primitives
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/hf/Verify.h"

using namespace hfc;
using namespace hfc::hf;

//===----------------------------------------------------------------------===//
// Constants and shapes
//===----------------------------------------------------------------------===//

LogicalResult IotaOp::verify() {
  int64_t dim = getDim(), rank = rankOf(getResult());
  if (dim < 0 || dim >= rank)
    return emitOpError("(C1) counts along dimension ") << dim << ", but the result has " << rank << " dimensions";
  return success();
}

LogicalResult BroadcastOp::verify() {
  ArrayRef<int64_t> dims = getDims(), from = shapeOf(getX()), to = shapeOf(getResult());
  if (dims.size() != from.size())
    return emitOpError("(C1) has ") << dims.size() << " dims for an operand of " << from.size() << " dimensions";
  if (!areIncreasingBelow(dims, to.size()))
    return emitOpError("(C1) dims [") << dims << "] must increase strictly and lie below the result's rank, "
                                      << to.size();
  for (auto [dim, size] : llvm::zip(dims, from))
    if (size != 1 && size != to[dim])
      return emitOpError("(C2) cannot repeat size ")
             << size << " to size " << to[dim] << " of the result's dimension " << dim << "; only size 1 repeats";
  return success();
}

LogicalResult ReshapeOp::verify() {
  std::optional<int64_t> from = countElements(shapeOf(getX())), to = countElements(shapeOf(getResult()));
  if (!from || !to || *from != *to)
    return emitOpError("(C1) ") << formatShape(shapeOf(getX())) << " and " << formatShape(shapeOf(getResult()))
                                << " must have the same number of elements";
  return success();
}

LogicalResult TransposeOp::verify() {
  ArrayRef<int64_t> permutation = getPermutation(), from = shapeOf(getX());
  if (!isPermutation(permutation, from.size()))
    return emitOpError("(C1) [") << permutation << "] is not a permutation of the operand's " << from.size()
                                 << " dimensions";
  SmallVector<int64_t> shape;
  for (int64_t dim : permutation)
    shape.push_back(from[dim]);
  return verifyTensor(*this, "C2", "the result", getResult(), shape, elementOf(getX()));
}

LogicalResult SliceOp::verify() {
  ArrayRef<int64_t> offsets = getOffsets(), from = shapeOf(getX()), to = shapeOf(getResult());
  if (offsets.size() != from.size() || to.size() != from.size())
    return emitOpError("(C1) has ") << offsets.size() << " offsets and a result of " << to.size()
                                    << " dimensions for an operand of " << from.size();
  for (auto [dim, offset] : llvm::enumerate(offsets)) {
    if (offset < 0)
      return emitOpError("(C1) offset ") << offset << " of dimension " << dim << " is negative";
    if (offset > from[dim] - to[dim])
      return emitOpError("(C2) takes ") << to[dim] << " from " << offset << " on of dimension " << dim
                                        << ", which has size " << from[dim];
  }
  return success();
}

LogicalResult ConcatOp::verify() {
  ArrayRef<int64_t> whole = shapeOf(getResult());
  int64_t dim = getDim(), rank = whole.size(), sum = 0;
  if (dim < 0 || dim >= rank)
    return emitOpError("(C1) joins along dimension ") << dim << ", but the result has " << rank << " dimensions";
  for (auto [index, input] : llvm::enumerate(getInputs())) {
    SmallVector<int64_t> shape(shapeOf(input));
    bool fits = static_cast<int64_t>(shape.size()) == rank;
    if (fits) {
      sum += shape[dim];
      shape[dim] = whole[dim];
    }
    if (!fits || ArrayRef<int64_t>(shape) != whole)
      return emitOpError("(C2) operand ")
             << index << ", " << formatShape(shapeOf(input)) << ", differs from the result, " << formatShape(whole)
             << ", not only in dimension " << dim;
  }
  if (sum != whole[dim])
    return emitOpError("(C2) operands add up to size ")
           << sum << " in dimension " << dim << ", but the result has " << whole[dim];
  return success();
}

//===----------------------------------------------------------------------===//
// Reductions, products, indexed access
//===----------------------------------------------------------------------===//

LogicalResult ReduceOp::verify() {
  ArrayRef<int64_t> dims = getDims(), from = shapeOf(getX());
  if (dims.empty() || !areIncreasingBelow(dims, from.size()))
    return emitOpError("(C1) dims [") << dims << "] must not be empty, increase strictly and lie below the rank, "
                                      << from.size();
  SmallVector<int64_t> shape;
  for (auto [dim, size] : llvm::enumerate(from))
    if (!llvm::is_contained(dims, static_cast<int64_t>(dim)))
      shape.push_back(size);
  return verifyTensor(*this, "C2", "the result", getResult(), shape, elementOf(getX()));
}

LogicalResult MatmulOp::verify() {
  ArrayRef<int64_t> left = shapeOf(getLhs()), right = shapeOf(getRhs());
  if (left.size() != right.size() || left.size() < 2 || elementOf(getLhs()) != elementOf(getRhs()))
    return emitOpError("(C1) operands must have one rank, at least 2, and one element type, got ")
           << getLhs().getType() << " and " << getRhs().getType();
  if (left.drop_back(2) != right.drop_back(2))
    return emitOpError("(C1) batch dimensions differ: ")
           << formatShape(left.drop_back(2)) << " and " << formatShape(right.drop_back(2));
  auto [rows, inLeft] = std::pair(left.end()[-2], left.back());
  auto [inRight, columns] = std::pair(right.end()[-2], right.back());
  if (getTransposeLhs())
    std::swap(rows, inLeft);
  if (getTransposeRhs())
    std::swap(inRight, columns);
  if (inLeft != inRight)
    return emitOpError("(C2) contracts size ") << inLeft << " of the left operand with size " << inRight
                                               << " of the right one; is a transposition missing?";
  SmallVector<int64_t> shape(left.drop_back(2));
  shape.append({rows, columns});
  return verifyTensor(*this, "C3", "the result", getResult(), shape, elementOf(getLhs()));
}

LogicalResult GatherOp::verify() {
  ArrayRef<int64_t> table = shapeOf(getTable());
  if (table.empty())
    return emitOpError("(C1) the table must have rows, got a scalar");
  SmallVector<int64_t> shape(shapeOf(getIndices()));
  llvm::append_range(shape, table.drop_front());
  return verifyTensor(*this, "C1", "the result", getResult(), shape, elementOf(getTable()));
}

LogicalResult TakeOp::verify() {
  ArrayRef<int64_t> from = shapeOf(getX()), index = shapeOf(getIndex());
  if (from.size() < 2 || index.size() != 1 || index[0] != from[0])
    return emitOpError("(C1) picks rows of ") << formatShape(from) << " by an index of " << formatShape(index)
                                              << "; the operand must be [batch, rows, ...] and the index [batch]";
  SmallVector<int64_t> shape(from);
  shape.erase(shape.begin() + 1);
  return verifyTensor(*this, "C2", "the result", getResult(), shape, elementOf(getX()));
}

LogicalResult TopKOp::verify() {
  ArrayRef<int64_t> from = shapeOf(getX());
  if (from.empty() || shapeOf(getValues()).size() != from.size())
    return emitOpError("(C1) values of ") << formatShape(shapeOf(getValues())) << " do not fit an operand of "
                                          << formatShape(from) << "; ranks must be equal, and at least 1";
  int64_t k = shapeOf(getValues()).back();
  if (k < 1 || k > from.back())
    return emitOpError("(C1) keeps ") << k << " of " << from.back() << " elements";
  SmallVector<int64_t> shape(from);
  shape.back() = k;
  if (failed(verifyTensor(*this, "C1", "the first result", getValues(), shape, elementOf(getX()))))
    return failure();
  return verifyTensor(*this, "C1", "the second result", getIndices(), shape, elementOf(getIndices()));
}

LogicalResult CacheUpdateOp::verify() {
  ArrayRef<int64_t> cache = shapeOf(getCache()), rows = shapeOf(getRows());
  bool fits = cache.size() >= 2 && rows.size() == cache.size() && elementOf(getCache()) == elementOf(getRows());
  for (size_t dim = 0; fits && dim < cache.size(); ++dim)
    fits = dim == 1 ? rows[dim] <= cache[dim] : rows[dim] == cache[dim];
  if (!fits)
    return emitOpError("(C1) rows ") << getRows().getType() << " do not fit the cache " << getCache().getType()
                                     << "; they may differ in dimension 1 alone, and have no more there";
  for (Value counter : {getPast(), getCount()})
    if (shapeOf(counter) != cache.take_front())
      return emitOpError("(C2) past and count must be [")
             << cache.front() << "], one for each batch element, got " << formatShape(shapeOf(counter));
  return success();
}
