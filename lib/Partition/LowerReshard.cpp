//===- LowerReshard.cpp - a reshard as collectives and local slices
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lib/Partition/LowerReshard.h"
#include "lib/Partition/Placement.h"

#include "dialects/hf/TensorBuilder.h"

using namespace hfc;
using namespace hfc::dist;
using namespace hfc::partition;

Value partition::pieceStart(OpBuilder &builder, Location loc, AxisListAttr axes, ShardingAttr sharding, size_t dim,
                            MeshAttr mesh) {
  auto type = RankedTensorType::get({}, builder.getI32Type());
  Value place = AxisIndexOp::create(builder, loc, type, axes);
  auto piece = SizeAttr::get(builder.getContext(), dim, sharding.getGlobal(), sharding.getDims()[dim], /*plus=*/0);
  hf::TensorBuilder tensors(builder, loc);
  return piece.valueOn(mesh) == 1 ? place : tensors.mul(place, tensors.size(type, piece, mesh));
}

namespace {
class ReshardLowering {
public:
  ReshardLowering(OpBuilder &builder, Operation *like, StringAttr cause, Value x, ShardingAttr from, ShardingAttr to,
                  MeshAttr mesh)
      : builder(builder), like(like), cause(cause), loc(like->getLoc()), x(x), now(from), to(to), mesh(mesh) {}

  Value run() {
    complete();
    moveCuts();
    join();
    cut();
    makePartial();
    return x;
  }

private:
  using AxisRefs = ArrayRef<AxisRefAttr>;

  void complete();
  void moveCuts();
  void join();
  void cut();
  void makePartial();

  size_t rank() const { return now.getDims().size(); }
  AxisListAttr list(AxisRefs axes) const { return AxisListAttr::get(builder.getContext(), axes); }
  /// `cut` and then `more`, canonical.
  Axes joined(AxisRefs cut, AxisRefs more) const {
    Axes axes(cut);
    axes.append(more.begin(), more.end());
    return dist::canonical(axes, mesh);
  }
  /// The axes that `whole` has behind `first`; none if it does not begin with `first`.
  std::optional<Axes> behind(AxisRefs first, AxisRefs whole) const;
  /// The axes that two cuts begin with.
  Axes prefix(AxisRefs a, AxisRefs b) const;
  RankedTensorType typeUnder(ShardingAttr sharding) const {
    return RankedTensorType::get(localShape(now.getGlobal(), sharding, mesh), hf::elementOf(x));
  }
  /// Takes `value`, which lives as `sharding` says, for the tensor.
  void step(Value value, ShardingAttr sharding);

  OpBuilder &builder;
  Operation *like;
  StringAttr cause;
  Location loc;
  Value x;
  ShardingAttr now, to;
  MeshAttr mesh;
};
} // namespace

std::optional<Axes> ReshardLowering::behind(AxisRefs first, AxisRefs whole) const {
  if (first.empty())
    return Axes(whole);
  auto split = splitMajor(whole, sizeOf(first, mesh), mesh);
  if (!split || dist::canonical(split->first, mesh) != dist::canonical(first, mesh))
    return std::nullopt;
  return split->second;
}

Axes ReshardLowering::prefix(AxisRefs a, AxisRefs b) const {
  for (Axes shorter(a); !shorter.empty(); shorter.pop_back())
    if (behind(shorter, b))
      return shorter;
  return {};
}

void ReshardLowering::step(Value value, ShardingAttr sharding) {
  Operation *op = value.getDefiningOp();
  for (StringRef name : {"hf.block", "hf.phase"})
    if (Attribute attribute = like->getAttr(name))
      op->setAttr(name, attribute);
  setSharding(value, sharding);
  x = value;
  now = sharding;
}

/// Reductions. Where the target cuts a dimension by axes that are reduced over, every rank only gets its piece.
void ReshardLowering::complete() {
  Axes todo = without(now.getPartial().getAxes(), to.getPartial().getAxes(), mesh);
  if (todo.empty())
    return;
  Axes left = without(now.getPartial().getAxes(), todo, mesh);
  ReductionKind kind = now.getKind();
  for (size_t dim = 0; dim < rank(); ++dim) {
    auto axes = behind(now.axesOf(dim), to.axesOf(dim));
    if (!axes || axes->empty() || !without(*axes, todo, mesh).empty())
      continue;
    if (!now.axesOf(dim).empty() && isPadded(now.getGlobal()[dim], to.axesOf(dim), mesh))
      continue; // the pieces of pieces are not the pieces of the whole
    todo = without(todo, *axes, mesh);
    Axes partial = joined(left, todo);
    ShardingAttr next = now.withDim(dim, to.axesOf(dim));
    next = partial.empty() ? next.withoutPartial() : next.withPartial(kind, normalized(partial, mesh));
    Value value =
        ReduceScatterOp::create(builder, loc, typeUnder(next), kind, x, dim, list(*axes), cause, IntegerAttr(), false)
            .getResult();
    step(value, next);
  }
  if (todo.empty())
    return;
  ShardingAttr next = left.empty() ? now.withoutPartial() : now.withPartial(kind, left);
  auto op = AllReduceOp::create(builder, loc, TypeRange{x.getType()}, kind, ValueRange{x}, list(todo), cause,
                                IntegerAttr(), false);
  step(op.getResults().front(), next);
}

/// All-to-alls: axes that stand last in one dimension and are wanted next in another.
void ReshardLowering::moveCuts() {
  for (size_t from = 0; from < rank(); ++from)
    for (size_t into = 0; into < rank(); ++into) {
      if (from == into)
        continue;
      auto lost = behind(to.axesOf(from), now.axesOf(from));
      auto won = behind(now.axesOf(into), to.axesOf(into));
      if (!lost || !won || lost->empty() || *lost != *won)
        continue;
      if (isPadded(now.getGlobal()[from], now.axesOf(from), mesh) ||
          isPadded(now.getGlobal()[into], to.axesOf(into), mesh))
        continue;
      ShardingAttr next = now.withDim(from, to.axesOf(from)).withDim(into, to.axesOf(into));
      Value value =
          AllToAllOp::create(builder, loc, typeUnder(next), x, into, from, list(*lost), cause, IntegerAttr(), false)
              .getResult();
      step(value, next);
    }
}

void ReshardLowering::join() {
  for (size_t dim = 0; dim < rank(); ++dim) {
    Axes stay = prefix(now.axesOf(dim), to.axesOf(dim));
    bool cutsMore = stay.size() < to.axesOf(dim).size();
    if (cutsMore && isPadded(now.getGlobal()[dim], to.axesOf(dim), mesh))
      stay.clear();
    Axes gathered = *behind(stay, now.axesOf(dim));
    if (gathered.empty())
      continue;
    ShardingAttr next = now.withDim(dim, stay);
    Value value =
        AllGatherOp::create(builder, loc, typeUnder(next), x, dim, list(gathered), cause, IntegerAttr(), false)
            .getResult();
    step(value, next);
  }
}

void ReshardLowering::cut() {
  for (size_t dim = 0; dim < rank(); ++dim) {
    Axes axes = *behind(now.axesOf(dim), to.axesOf(dim));
    if (axes.empty())
      continue;
    ShardingAttr next = now.withDim(dim, to.axesOf(dim));
    RankedTensorType type = typeUnder(next);
    Value start = pieceStart(builder, loc, list(axes), next, dim, mesh);
    step(hf::SliceAtOp::create(builder, loc, type, x, start, dim), next);
  }
}

/// A complete tensor as a sum: the first rank's is it, the others' are zero.
void ReshardLowering::makePartial() {
  Axes axes = without(to.getPartial().getAxes(), now.getPartial().getAxes(), mesh);
  if (axes.empty())
    return;
  hf::TensorBuilder tensors(builder, loc);
  Value place = AxisIndexOp::create(builder, loc, RankedTensorType::get({}, builder.getI32Type()), list(axes));
  Value isFirst = tensors.compare(hf::Compare::eq, place, tensors.splatLike(place, 0));
  Value everywhere = tensors.broadcast(isFirst, hf::shapeOf(x), {});
  step(tensors.select(everywhere, x, tensors.splatLike(x, 0)), to);
}

Value partition::lowerReshard(OpBuilder &builder, Operation *like, StringAttr cause, Value x, ShardingAttr from,
                              ShardingAttr to, MeshAttr mesh) {
  return ReshardLowering(builder, like, cause, x, from, to, mesh).run();
}
