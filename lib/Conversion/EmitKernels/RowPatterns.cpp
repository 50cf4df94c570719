//===- RowPatterns.cpp - reductions of rows that need no pass of their own
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RowPatterns.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Matchers.h"

using namespace hfc;

/// The value that each column of a row repeats, or null.
static Value repeatedInRows(Value value) {
  auto broadcast = value.getDefiningOp<hf::BroadcastOp>();
  if (!broadcast)
    return {};
  int64_t rank = cast<RankedTensorType>(broadcast.getX().getType()).getRank();
  bool leads = llvm::equal(broadcast.getDims(), llvm::seq<int64_t>(0, rank));
  ArrayRef<int64_t> from = cast<RankedTensorType>(broadcast.getX().getType()).getShape(),
                    to = cast<RankedTensorType>(broadcast.getType()).getShape();
  return leads && rank + 1 == static_cast<int64_t>(to.size()) && to.drop_back() == from ? broadcast.getX() : Value();
}

static bool isZero(Value value) {
  auto constant = value.getDefiningOp<hf::ConstantOp>();
  auto splat = constant ? dyn_cast<SplatElementsAttr>(constant.getValue()) : SplatElementsAttr();
  return splat && isa<FloatType>(splat.getElementType()) && splat.getSplatValue<APFloat>().isZero();
}

std::optional<PickedElement> hfc::matchPickedElement(hf::ReduceOp sum) {
  auto select = sum.getX().getDefiningOp<hf::SelectOp>();
  if (sum.getKind() != hf::Reduction::sum || sum.getDims().size() != 1 || !select || !isZero(select.getOnFalse()))
    return std::nullopt;
  auto compare = select.getCondition().getDefiningOp<hf::CompareOp>();
  if (!compare || compare.getPredicate() != hf::Compare::eq)
    return std::nullopt;
  Value number = compare.getRhs();
  auto columns = compare.getLhs().getDefiningOp<hf::IotaOp>();
  if (!columns) {
    number = compare.getLhs();
    columns = compare.getRhs().getDefiningOp<hf::IotaOp>();
  }
  if (!columns || static_cast<int64_t>(columns.getDim()) != sum.getDims().front() ||
      !columns.getType().getElementType().isInteger(32) || !repeatedInRows(number))
    return std::nullopt;
  return PickedElement{repeatedInRows(number), select.getOnTrue()};
}

hf::ReduceOp hfc::matchMaximumOfExponents(hf::ReduceOp sum) {
  auto exp = sum.getX().getDefiningOp<hf::ExpOp>();
  auto difference = exp ? exp.getX().getDefiningOp<hf::SubOp>() : hf::SubOp();
  if (sum.getKind() != hf::Reduction::sum || !difference)
    return {};
  Value repeated = repeatedInRows(difference.getRhs());
  auto maximum = repeated ? repeated.getDefiningOp<hf::ReduceOp>() : hf::ReduceOp();
  bool fits = maximum && maximum.getKind() == hf::Reduction::max && maximum.getX() == difference.getLhs() &&
              maximum.getDims() == sum.getDims();
  return fits ? maximum : hf::ReduceOp();
}

RunningExponents hfc::noExponents(ImplicitLocOpBuilder &b) {
  const llvm::fltSemantics &single = b.getF32Type().getFloatSemantics();
  Value lowest = arith::ConstantOp::create(b, b.getFloatAttr(b.getF32Type(), APFloat::getLargest(single, true)));
  return {lowest, arith::ConstantOp::create(b, b.getF32FloatAttr(0.0f))};
}

/// One exponential an element: whichever is larger, the other is scaled by it.
RunningExponents hfc::addExponents(ImplicitLocOpBuilder &b, RunningExponents before, Value x) {
  constexpr auto fused = arith::FastMathFlags::contract;
  Value difference = arith::SubFOp::create(b, before.maximum, x);
  Value scale = math::ExpOp::create(b, arith::NegFOp::create(b, math::AbsFOp::create(b, difference)));
  Value isLarger = arith::CmpFOp::create(b, arith::CmpFPredicate::OGT, x, before.maximum);
  Value one = arith::ConstantOp::create(b, b.getOneAttr(x.getType()));
  Value scaled = arith::AddFOp::create(b, arith::MulFOp::create(b, before.sum, scale, fused), one, fused);
  Value added = arith::AddFOp::create(b, before.sum, scale);
  return {arith::MaximumFOp::create(b, before.maximum, x), arith::SelectOp::create(b, isLarger, scaled, added)};
}

Value hfc::rescaleExponents(ImplicitLocOpBuilder &b, RunningExponents exponents, Value maximum) {
  Value difference = arith::SubFOp::create(b, exponents.maximum, maximum);
  return arith::MulFOp::create(b, exponents.sum, math::ExpOp::create(b, difference));
}
