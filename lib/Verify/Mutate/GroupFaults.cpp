//===- GroupFaults.cpp - a collective among the wrong ranks
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Faults.h"

#include "dialects/hf/Hf.h"

using namespace hfc;
using namespace hfc::verify;
using dist::Axes;

static dist::CollectiveOpInterface collectiveOf(Operation *op) {
  return isInEntry(op) ? dyn_cast<dist::CollectiveOpInterface>(op) : dist::CollectiveOpInterface();
}

/// Whether shapes say how large the group is.
static bool hasFixedSize(Operation *op) { return !isa<dist::AllReduceOp, dist::AgreeOp, dist::SendReceiveOp>(op); }

/// All groups that a collective could have by mistake, by how they relate to its own.
enum class Relation { Other, Missing, TooMany, SubAxis };

static SmallVector<Axes> groupsOf(Operation *op, Relation relation) {
  SmallVector<Axes> groups;
  dist::CollectiveOpInterface collective = collectiveOf(op);
  if (!collective)
    return groups;
  dist::MeshAttr mesh = dist::meshOf(op);
  Axes own(collective.getAxes().getAxes());
  SmallVector<dist::AxisRefAttr> whole = wholeAxes(mesh);
  auto add = [&](Axes group) {
    if (!group.empty() && (!hasFixedSize(op) || dist::sizeOf(group, mesh) == dist::sizeOf(own, mesh)))
      groups.push_back(std::move(group));
  };
  for (dist::AxisRefAttr axis : whole) {
    bool isIn = dist::overlap(ArrayRef(axis), own, mesh);
    if (relation == Relation::Other && !isIn)
      add({axis});
    if (relation == Relation::Missing && isIn)
      add(dist::without(own, ArrayRef(axis), mesh));
    if (relation == Relation::TooMany && !isIn) {
      Axes more = own;
      more.push_back(axis);
      add(std::move(more));
    }
    int64_t size = mesh.sizeOf(axis.getName().getValue());
    if (relation == Relation::SubAxis && isIn && size % 2 == 0 && size > 2) {
      add({dist::AxisRefAttr::get(op->getContext(), axis.getName(), 1, size / 2)});
      add({dist::AxisRefAttr::get(op->getContext(), axis.getName(), size / 2, 2)});
    }
  }
  return groups;
}

static void setAxes(Operation *op, ArrayRef<dist::AxisRefAttr> axes, Mutation &mutation) {
  auto collective = cast<dist::CollectiveOpInterface>(op);
  mutation.what =
      "is over {" + dist::toString(axes) + "} instead of {" + dist::toString(collective.getAxes().getAxes()) + "}";
  op->setAttr("axes", dist::AxisListAttr::get(op->getContext(), axes));
  blame(mutation, {op, endOf(op)});
}

template <Relation relation>
static unsigned ways(Operation *op) {
  return groupsOf(op, relation).size();
}

template <Relation relation>
static void make(Operation *op, unsigned way, Mutation &mutation) {
  setAxes(op, groupsOf(op, relation)[way], mutation);
}

//===----------------------------------------------------------------------===//
// Order
//===----------------------------------------------------------------------===//

static unsigned waysToReorder(Operation *op) {
  dist::CollectiveOpInterface collective = collectiveOf(op);
  return collective && collective.getAxes().getAxes().size() > 1;
}

static void reorder(Operation *op, unsigned, Mutation &mutation) {
  ArrayRef<dist::AxisRefAttr> axes = cast<dist::CollectiveOpInterface>(op).getAxes().getAxes();
  setAxes(op, Axes(llvm::reverse(axes)), mutation);
}

/// The ranks that a rank sends to, or has the tensor of.
static StringRef placeName(Operation *op) {
  if (!collectiveOf(op))
    return "";
  return isa<dist::SendReceiveOp>(op) ? "by" : isa<dist::BroadcastOp>(op) ? "root" : "";
}

static unsigned waysToMove(Operation *op) {
  if (placeName(op).empty())
    return 0;
  return 1;
}

static void move(Operation *op, unsigned, Mutation &mutation) {
  StringRef name = placeName(op);
  auto place = op->getAttrOfType<IntegerAttr>(name);
  int64_t ranks = dist::sizeOf(cast<dist::CollectiveOpInterface>(op).getAxes().getAxes(), dist::meshOf(op));
  op->setAttr(name, IntegerAttr::get(place.getType(), (place.getInt() + 1) % std::max<int64_t>(ranks, 1)));
  mutation.what = "goes one place further";
  blame(mutation, {op, endOf(op)});
}

ArrayRef<FaultKind> verify::getGroupFaults() {
  constexpr FaultLevel local = FaultLevel::Local;
  static const FaultKind all[] = {
      {"axis-wrong", local, "over another axis", ways<Relation::Other>, make<Relation::Other>},
      {"axis-missing", local, "over some of its axes", ways<Relation::Missing>, make<Relation::Missing>},
      {"axis-too-many", local, "over an axis more", ways<Relation::TooMany>, make<Relation::TooMany>},
      {"group-wrong", local, "over a part of an axis", ways<Relation::SubAxis>, make<Relation::SubAxis>},
      {"axes-reordered", local, "over its axes in another order", waysToReorder, reorder},
      {"offset-of-ring", local, "sent one place further", waysToMove, move},
  };
  return all;
}
