//===- ViewMap.cpp - values as permutations of stored values
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lib/Transforms/Layout/ViewMap.h"

#include "dialects/hf/TensorBuilder.h"

using namespace hfc;
using namespace hfc::hf;
using namespace hfc::layout;

SmallVector<int64_t> View::getShape() const {
  SmallVector<int64_t> shape;
  for (int64_t dim : permutation)
    shape.push_back(shapeOf(stored)[dim]);
  return shape;
}

View ViewMap::lookup(Value value) const {
  if (auto it = views.find(value); it != views.end())
    return it->second;
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return {value, identity(type ? type.getRank() : 0)};
}

void ViewMap::set(Value value, Value stored, ArrayRef<int64_t> permutation) {
  views[value] = {stored, Permutation(permutation)};
}

Value ViewMap::getPlain(Value value, Operation *user) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type ? get(value, identity(type.getRank()), user) : value;
}

/// The permutation of the stored value that gives the original one permuted by `permutation`.
static Permutation compose(const View &view, ArrayRef<int64_t> permutation) {
  Permutation composed;
  for (int64_t dim : permutation)
    composed.push_back(view.permutation[dim]);
  return composed;
}

/// The dims of a broadcast whose result is permuted; nothing if its operand would have to be permuted too.
static std::optional<Permutation> permuteBroadcast(BroadcastOp op, ArrayRef<int64_t> permutation) {
  Permutation position = inverse(permutation), dims;
  for (int64_t dim : op.getDims()) {
    if (!dims.empty() && position[dim] < dims.back())
      return std::nullopt;
    dims.push_back(position[dim]);
  }
  return dims;
}

/// Whether the value can be computed in another order of its dimensions at no cost.
static bool isFree(Value stored, ArrayRef<int64_t> permutation) {
  if (isIdentity(permutation))
    return true;
  if (auto constant = stored.getDefiningOp<ConstantOp>())
    return isa<SplatElementsAttr>(constant.getValue());
  if (auto broadcast = stored.getDefiningOp<BroadcastOp>())
    return permuteBroadcast(broadcast, permutation).has_value();
  return isa_and_nonnull<IotaOp>(stored.getDefiningOp());
}

int64_t ViewMap::cost(Value value, ArrayRef<int64_t> permutation) const {
  View view = lookup(value);
  Permutation composed = compose(view, permutation);
  if (isFree(view.stored, composed) ||
      made.contains({view.stored, DenseI64ArrayAttr::get(value.getContext(), composed)}))
    return 0;
  RankedTensorType type = tensorType(view.stored);
  return std::max<int64_t>(1, type.getNumElements() * type.getElementTypeBitWidth() / 8);
}

Value ViewMap::rebuild(Value stored, ArrayRef<int64_t> permutation, Operation *user) {
  OpBuilder builder(user);
  TensorBuilder tb(builder, stored.getLoc());
  SmallVector<int64_t> shape;
  for (int64_t dim : permutation)
    shape.push_back(shapeOf(stored)[dim]);
  auto type = RankedTensorType::get(shape, elementOf(stored));
  Operation *source = stored.getDefiningOp();
  if (source && isFree(stored, permutation)) {
    if (auto constant = dyn_cast<ConstantOp>(source))
      return tb.constant(cast<SplatElementsAttr>(constant.getValue()).resizeSplat(type));
    if (auto iota = dyn_cast<IotaOp>(source))
      return tb.iota(type, inverse(permutation)[iota.getDim()]);
    auto broadcast = cast<BroadcastOp>(source);
    return tb.broadcast(broadcast.getX(), shape, *permuteBroadcast(broadcast, permutation));
  }
  ++numMade;
  return tb.transpose(stored, permutation);
}

Value ViewMap::get(Value value, ArrayRef<int64_t> permutation, Operation *user) {
  View view = lookup(value);
  Permutation composed = compose(view, permutation);
  if (isIdentity(composed))
    return view.stored;
  Value &known = made[{view.stored, DenseI64ArrayAttr::get(value.getContext(), composed)}];
  if (!known) {
    known = rebuild(view.stored, composed, user);
    if (Operation *source = view.stored.getDefiningOp())
      known.getDefiningOp()->setDiscardableAttrs(source->getDiscardableAttrDictionary());
  }
  return known;
}
