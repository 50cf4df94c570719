//===- Fold.cpp - folders of hf ops
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Folders keep results equal bit for bit. Constants fold only where they are splats, so that none ever grows.
//
//===----------------------------------------------------------------------===//

#include "dialects/hf/Hf.h"

using namespace hfc;
using namespace hfc::hf;

//===----------------------------------------------------------------------===//
// Splats
//===----------------------------------------------------------------------===//

static SplatElementsAttr asSplat(Attribute attribute) { return dyn_cast_or_null<SplatElementsAttr>(attribute); }

/// The same element under another shape.
static OpFoldResult foldSplatShape(Attribute operand, Type result) {
  if (SplatElementsAttr splat = asSplat(operand))
    return splat.resizeSplat(cast<ShapedType>(result));
  return {};
}

/// `onFloats` or `onIntegers` of the elements of two splats; nothing if they are not.
static OpFoldResult foldSplats(Attribute lhs, Attribute rhs,
                               function_ref<std::optional<APFloat>(const APFloat &, const APFloat &)> onFloats,
                               function_ref<std::optional<APInt>(const APInt &, const APInt &)> onIntegers) {
  SplatElementsAttr left = asSplat(lhs), right = asSplat(rhs);
  if (!left || !right || left.getType() != right.getType())
    return {};
  if (isa<FloatType>(left.getElementType())) {
    if (auto value = onFloats(left.getSplatValue<APFloat>(), right.getSplatValue<APFloat>()))
      return SplatElementsAttr::get(left.getType(), *value);
  } else if (auto value = onIntegers(left.getSplatValue<APInt>(), right.getSplatValue<APInt>())) {
    return SplatElementsAttr::get(left.getType(), *value);
  }
  return {};
}

/// Whether every element is `number`, and not its negative where that is another one.
static bool isSplatOf(Attribute attribute, int64_t number) {
  SplatElementsAttr splat = asSplat(attribute);
  if (!splat)
    return false;
  if (!isa<FloatType>(splat.getElementType()))
    return splat.getSplatValue<APInt>().getSExtValue() == number;
  APFloat value = splat.getSplatValue<APFloat>();
  return value.isExactlyValue(static_cast<double>(number));
}

OpFoldResult ConstantOp::fold(FoldAdaptor) { return getValueAttr(); }

//===----------------------------------------------------------------------===//
// Elementwise
//===----------------------------------------------------------------------===//

OpFoldResult NegOp::fold(FoldAdaptor adaptor) {
  if (auto inner = getX().getDefiningOp<NegOp>())
    return inner.getX();
  return foldSplats(
      adaptor.getX(), adaptor.getX(), [](const APFloat &x, const APFloat &) { return -x; },
      [](const APInt &x, const APInt &) { return -x; });
}

OpFoldResult AddOp::fold(FoldAdaptor adaptor) {
  // A float plus 0 is not always that float: -0 + 0 is 0.
  if (isa<IntegerType>(getType().getElementType()) && isSplatOf(adaptor.getRhs(), 0))
    return getLhs();
  return foldSplats(
      adaptor.getLhs(), adaptor.getRhs(), [](const APFloat &a, const APFloat &b) { return a + b; },
      [](const APInt &a, const APInt &b) { return a + b; });
}

OpFoldResult SubOp::fold(FoldAdaptor adaptor) {
  if (isSplatOf(adaptor.getRhs(), 0))
    return getLhs();
  return foldSplats(
      adaptor.getLhs(), adaptor.getRhs(), [](const APFloat &a, const APFloat &b) { return a - b; },
      [](const APInt &a, const APInt &b) { return a - b; });
}

OpFoldResult MulOp::fold(FoldAdaptor adaptor) {
  if (isSplatOf(adaptor.getRhs(), 1))
    return getLhs();
  return foldSplats(
      adaptor.getLhs(), adaptor.getRhs(), [](const APFloat &a, const APFloat &b) { return a * b; },
      [](const APInt &a, const APInt &b) { return a * b; });
}

OpFoldResult DivOp::fold(FoldAdaptor adaptor) {
  if (isSplatOf(adaptor.getRhs(), 1))
    return getLhs();
  return foldSplats(
      adaptor.getLhs(), adaptor.getRhs(), [](const APFloat &a, const APFloat &b) { return a / b; },
      [](const APInt &a, const APInt &b) -> APInt { return b.isZero() ? APInt::getZero(a.getBitWidth()) : a.sdiv(b); });
}

OpFoldResult PowOp::fold(FoldAdaptor adaptor) { return isSplatOf(adaptor.getRhs(), 1) ? getLhs() : Value(); }

OpFoldResult MaxOp::fold(FoldAdaptor adaptor) {
  if (getLhs() == getRhs())
    return getLhs();
  return foldSplats(
      adaptor.getLhs(), adaptor.getRhs(), [](const APFloat &a, const APFloat &b) { return llvm::maximum(a, b); },
      [](const APInt &a, const APInt &b) { return llvm::APIntOps::smax(a, b); });
}

OpFoldResult MinOp::fold(FoldAdaptor adaptor) {
  if (getLhs() == getRhs())
    return getLhs();
  return foldSplats(
      adaptor.getLhs(), adaptor.getRhs(), [](const APFloat &a, const APFloat &b) { return llvm::minimum(a, b); },
      [](const APInt &a, const APInt &b) { return llvm::APIntOps::smin(a, b); });
}

/// A conjunction (`neutral` true) or disjunction (`neutral` false) of a constant on the right.
static OpFoldResult foldLogical(Value lhs, Value rhs, Attribute constant, bool neutral) {
  if (lhs == rhs)
    return lhs;
  SplatElementsAttr splat = asSplat(constant);
  if (!splat)
    return {};
  return splat.getSplatValue<bool>() == neutral ? OpFoldResult(lhs) : OpFoldResult(splat);
}

OpFoldResult AndOp::fold(FoldAdaptor adaptor) { return foldLogical(getLhs(), getRhs(), adaptor.getRhs(), true); }

OpFoldResult OrOp::fold(FoldAdaptor adaptor) { return foldLogical(getLhs(), getRhs(), adaptor.getRhs(), false); }

OpFoldResult SelectOp::fold(FoldAdaptor adaptor) {
  if (getOnTrue() == getOnFalse())
    return getOnTrue();
  if (SplatElementsAttr condition = asSplat(adaptor.getCondition()))
    return condition.getSplatValue<bool>() ? getOnTrue() : getOnFalse();
  return {};
}

/// Whether every value of type `from` is one of type `to`.
static bool isExact(Type from, Type to) {
  if (from == to)
    return true;
  auto narrow = dyn_cast<FloatType>(from), wide = dyn_cast<FloatType>(to);
  return narrow && wide && wide.getWidth() > narrow.getWidth();
}

/// A float splat in another float type. A signalling NaN is left to run time.
static OpFoldResult convertSplat(SplatElementsAttr splat, RankedTensorType type) {
  auto target = dyn_cast<FloatType>(type.getElementType());
  if (!target || !isa<FloatType>(splat.getElementType()))
    return {};
  APFloat value = splat.getSplatValue<APFloat>();
  if (value.isNaN())
    return {};
  bool losesInfo;
  value.convert(target.getFloatSemantics(), APFloat::rmNearestTiesToEven, &losesInfo);
  return SplatElementsAttr::get(type, value);
}

OpFoldResult ConvertOp::fold(FoldAdaptor adaptor) {
  if (getX().getType() == getType())
    return getX();
  if (SplatElementsAttr splat = asSplat(adaptor.getX()))
    return convertSplat(splat, getType());
  auto inner = getX().getDefiningOp<ConvertOp>();
  if (!inner || !isExact(inner.getX().getType().getElementType(), inner.getType().getElementType()))
    return {};
  // A conversion of what was only widened is one of the original.
  if (inner.getX().getType() == getType())
    return inner.getX();
  getXMutable().assign(inner.getX());
  return getResult();
}

//===----------------------------------------------------------------------===//
// Shapes
//===----------------------------------------------------------------------===//

OpFoldResult BroadcastOp::fold(FoldAdaptor adaptor) {
  if (getX().getType() == getType())
    return getX();
  if (OpFoldResult splat = foldSplatShape(adaptor.getX(), getType()))
    return splat;
  auto inner = getX().getDefiningOp<BroadcastOp>();
  if (!inner)
    return {};
  SmallVector<int64_t> dims;
  for (int64_t dim : inner.getDims())
    dims.push_back(getDims()[dim]);
  setDims(dims);
  getXMutable().assign(inner.getX());
  return getResult();
}

OpFoldResult ReshapeOp::fold(FoldAdaptor adaptor) {
  if (getX().getType() == getType())
    return getX();
  if (OpFoldResult splat = foldSplatShape(adaptor.getX(), getType()))
    return splat;
  if (auto inner = getX().getDefiningOp<ReshapeOp>()) {
    if (inner.getX().getType() == getType())
      return inner.getX();
    getXMutable().assign(inner.getX());
    return getResult();
  }
  return {};
}

OpFoldResult TransposeOp::fold(FoldAdaptor adaptor) {
  if (llvm::equal(getPermutation(), llvm::seq<int64_t>(0, getPermutation().size())))
    return getX();
  if (OpFoldResult splat = foldSplatShape(adaptor.getX(), getType()))
    return splat;
  if (auto inner = getX().getDefiningOp<TransposeOp>()) {
    SmallVector<int64_t> composed;
    for (int64_t dim : getPermutation())
      composed.push_back(inner.getPermutation()[dim]);
    setPermutation(composed);
    getXMutable().assign(inner.getX());
    return getResult();
  }
  return {};
}

OpFoldResult SliceOp::fold(FoldAdaptor adaptor) {
  if (getX().getType() == getType())
    return getX();
  if (OpFoldResult splat = foldSplatShape(adaptor.getX(), getType()))
    return splat;
  auto inner = getX().getDefiningOp<SliceOp>();
  if (!inner)
    return {};
  SmallVector<int64_t> offsets;
  for (auto [outer, first] : llvm::zip(getOffsets(), inner.getOffsets()))
    offsets.push_back(outer + first);
  setOffsets(offsets);
  getXMutable().assign(inner.getX());
  return getResult();
}

OpFoldResult ConcatOp::fold(FoldAdaptor) { return getInputs().size() == 1 ? getInputs().front() : Value(); }
