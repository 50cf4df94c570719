//===- PieceFaults.cpp - a rank's piece that is another's, or begins elsewhere
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Faults.h"

#include "dialects/hf/Hf.h"
#include "dialects/hf/TensorBuilder.h"

using namespace hfc;
using namespace hfc::verify;

//===----------------------------------------------------------------------===//
// Another rank's
//===----------------------------------------------------------------------===//

/// The axes that cut the value first; empty if none do.
static ArrayRef<dist::AxisRefAttr> cutOf(Operation *op) {
  if (!isInEntry(op) || op->getNumResults() == 0 || op->hasAttr("start"))
    return {};
  dist::ShardingAttr sharding = dist::getSharding(op->getResult(0));
  if (!sharding)
    return {};
  for (dist::AxisListAttr axes : sharding.getDims())
    if (!axes.empty())
      return axes.getAxes();
  return {};
}

static unsigned waysToSwap(Operation *op) { return !cutOf(op).empty(); }

static void swapShards(Operation *op, unsigned, Mutation &mutation) {
  OpBuilder builder(op->getContext());
  builder.setInsertionPointAfter(op);
  Value value = op->getResult(0);
  auto axes = dist::AxisListAttr::get(op->getContext(), cutOf(op));
  Value other = dist::SendReceiveOp::create(builder, op->getLoc(), value.getType(), value, /*by=*/1, axes, nullptr,
                                            nullptr, false);
  dist::setSharding(other, dist::getSharding(value));
  divert(value, other);
  mutation.what = "has the piece of the rank before, along {" + dist::toString(axes.getAxes()) + "}";
  blame(mutation, other.getDefiningOp());
}

/// Axes that say nothing of the place.
static SmallVector<dist::AxisRefAttr> otherAxes(dist::AxisIndexOp index) {
  dist::MeshAttr mesh = dist::meshOf(index);
  SmallVector<dist::AxisRefAttr> axes = wholeAxes(mesh);
  llvm::erase_if(
      axes, [&](dist::AxisRefAttr axis) { return dist::overlap(ArrayRef(axis), index.getAxes().getAxes(), mesh); });
  return axes;
}

static unsigned waysToMisplace(Operation *op) {
  auto index = isInEntry(op) ? dyn_cast<dist::AxisIndexOp>(op) : dist::AxisIndexOp();
  return index ? 1 + otherAxes(index).size() : 0;
}

/// Its place counted from the other end, or the place along another axis.
static void misplace(Operation *op, unsigned way, Mutation &mutation) {
  auto index = cast<dist::AxisIndexOp>(op);
  dist::MeshAttr mesh = dist::meshOf(op);
  blame(mutation, op);
  if (way) {
    dist::AxisRefAttr axis = otherAxes(index)[way - 1];
    op->setAttr("axes", dist::AxisListAttr::get(op->getContext(), axis));
    mutation.what = "is the place along {" + dist::toString(axis) + "}";
    return;
  }
  OpBuilder builder(op->getContext());
  builder.setInsertionPointAfter(op);
  hf::TensorBuilder tensors(builder, op->getLoc());
  auto type = cast<RankedTensorType>(index.getResult().getType());
  Value last = tensors.splat(type, dist::sizeOf(index.getAxes().getAxes(), mesh) - 1);
  Value reversed = hf::SubOp::create(builder, op->getLoc(), type, last, index.getResult());
  divert(index.getResult(), reversed);
  blame(mutation, reversed.getDefiningOp());
  mutation.what = "is counted from the other end";
}

//===----------------------------------------------------------------------===//
// One further
//===----------------------------------------------------------------------===//

/// Where a slice may begin instead: dimension and offset.
static SmallVector<std::pair<unsigned, int64_t>> otherOffsets(Operation *op) {
  SmallVector<std::pair<unsigned, int64_t>> others;
  auto slice = isInEntry(op) ? dyn_cast<hf::SliceOp>(op) : hf::SliceOp();
  if (!slice)
    return others;
  ArrayRef<int64_t> from = cast<RankedTensorType>(slice.getX().getType()).getShape();
  ArrayRef<int64_t> to = cast<RankedTensorType>(slice.getResult().getType()).getShape();
  for (auto [dim, offset] : llvm::enumerate(slice.getOffsets())) {
    if (offset > 0)
      others.push_back({dim, offset - 1});
    if (offset + 1 + to[dim] <= from[dim])
      others.push_back({dim, offset + 1});
  }
  return others;
}

static unsigned waysToSlide(Operation *op) { return otherOffsets(op).size(); }

static void slide(Operation *op, unsigned way, Mutation &mutation) {
  auto slice = cast<hf::SliceOp>(op);
  auto [dim, offset] = otherOffsets(op)[way];
  SmallVector<int64_t> offsets(slice.getOffsets());
  offsets[dim] = offset;
  slice.setOffsets(offsets);
  mutation.what = "begins at " + std::to_string(offset) + " of dimension " + std::to_string(dim);
  blame(mutation, op);
}

/// Where a number of the rank's own, or a row of numbers, is made.
static unsigned waysToCount(Operation *op) {
  return isInEntry(op) && (isa<hf::IotaOp>(op) || isa<hf::SliceAtOp>(op)) ? 2 : 0;
}

static void countFromOne(Operation *op, unsigned way, Mutation &mutation) {
  auto slice = dyn_cast<hf::SliceAtOp>(op);
  OpBuilder builder(op->getContext());
  slice ? builder.setInsertionPoint(op) : builder.setInsertionPointAfter(op);
  hf::TensorBuilder tensors(builder, op->getLoc());
  Value number = slice ? Value(slice.getStart()) : Value(op->getResult(0));
  Value one = tensors.splat(cast<RankedTensorType>(number.getType()), way ? -1 : 1);
  Value moved = hf::AddOp::create(builder, op->getLoc(), number.getType(), number, one);
  blame(mutation, {op, moved.getDefiningOp()});
  if (dist::ShardingAttr sharding = dist::getSharding(number))
    for (Value value : {one, moved})
      dist::setSharding(value, sharding);
  if (slice)
    slice.getStartMutable().set(moved);
  else
    divert(number, moved);
  mutation.what = way ? "begins one before" : "begins one behind";
}

static IntegerAttr windowOf(Operation *op) {
  return isInEntry(op) ? op->getAttrOfType<IntegerAttr>("window") : IntegerAttr();
}

static unsigned waysToOpen(Operation *op) { return windowOf(op) ? 2 : 0; }

static void openWindow(Operation *op, unsigned way, Mutation &mutation) {
  IntegerAttr window = windowOf(op);
  op->setAttr("window", IntegerAttr::get(window.getType(), std::max<int64_t>(1, window.getInt() + (way ? -1 : 1))));
  mutation.what = way ? "sees one position less" : "sees one position more";
  blame(mutation, op);
}

static unsigned waysToCompare(Operation *op) { return isInEntry(op) && isa<hf::CompareOp>(op); }

/// "less" for "not greater", and so on.
static void compareOtherwise(Operation *op, unsigned, Mutation &mutation) {
  auto compare = cast<hf::CompareOp>(op);
  auto other = [](hf::Compare predicate) {
    switch (predicate) {
    case hf::Compare::eq:
      return hf::Compare::ge;
    case hf::Compare::ne:
      return hf::Compare::gt;
    case hf::Compare::lt:
      return hf::Compare::le;
    case hf::Compare::le:
      return hf::Compare::lt;
    case hf::Compare::gt:
      return hf::Compare::ge;
    case hf::Compare::ge:
      return hf::Compare::gt;
    }
    llvm_unreachable("all predicates are above");
  };
  hf::Compare becomes = other(compare.getPredicate());
  compare.setPredicate(becomes);
  mutation.what = ("compares by " + hf::stringifyCompare(becomes)).str();
  blame(mutation, op);
}

ArrayRef<FaultKind> verify::getPieceFaults() {
  constexpr FaultLevel local = FaultLevel::Local;
  static const FaultKind all[] = {
      {"shard-swapped", local, "a rank has its neighbour's piece", waysToSwap, swapShards},
      {"place-wrong", local, "a rank takes itself for another", waysToMisplace, misplace},
      {"slice-off-by-one", local, "a slice begins one before or behind", waysToSlide, slide},
      {"count-off-by-one", local, "positions, or a slice of the rank's own, begin one before or behind", waysToCount,
       countFromOne},
      {"window-off-by-one", local, "an attention sees one position more or less", waysToOpen, openWindow},
      {"compare-off-by-one", local, "less for not greater, and so on", waysToCompare, compareOtherwise},
  };
  return all;
}
