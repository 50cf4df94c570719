//===- StrategyFaults.cpp - what a strategy says of where values live
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Most of these are other layouts, and as right: the core makes a right program of any placement, or refuses it. They
// show that nothing is called wrong that is not.
//
//===----------------------------------------------------------------------===//

#include "Faults.h"

#include "dialects/hf/Hf.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace hfc;
using namespace hfc::verify;
using dist::ShardingAttr;

/// Other places for a tensor: whole, or cut along another dimension, or over another axis.
static SmallVector<ShardingAttr> otherPlaces(ShardingAttr sharding, dist::MeshAttr mesh) {
  SmallVector<ShardingAttr> others;
  auto add = [&](ShardingAttr other) {
    if (other != sharding && !llvm::is_contained(others, other))
      others.push_back(other);
  };
  size_t rank = sharding.getDims().size();
  ShardingAttr whole = ShardingAttr::replicated(sharding.getContext(), rank);
  add(whole);
  for (size_t dim = 0; dim < rank; ++dim)
    for (dist::AxisRefAttr axis : wholeAxes(mesh))
      add(whole.withDim(dim, axis));
  return others;
}

//===----------------------------------------------------------------------===//
// Parameters and states
//===----------------------------------------------------------------------===//

static ShardingAttr declared(Operation *op) {
  if (!isa<hf::ParameterOp, hf::StateOp>(op) || !isa<ModuleOp>(op->getParentOp()))
    return {};
  auto type = dyn_cast<RankedTensorType>(cast<TypeAttr>(op->getAttr("type")).getValue());
  auto sharding = op->getAttrOfType<ShardingAttr>(dist::shardingName);
  if (sharding || !type)
    return sharding;
  return ShardingAttr::replicated(op->getContext(), type.getRank());
}

static unsigned waysToDeclare(Operation *op) {
  ShardingAttr sharding = declared(op);
  return sharding ? otherPlaces(sharding, dist::meshOf(op)).size() : 0;
}

static void declare(Operation *op, unsigned way, Mutation &mutation) {
  ShardingAttr other = otherPlaces(declared(op), dist::meshOf(op))[way];
  op->setAttr(dist::shardingName, other);
  llvm::raw_string_ostream(mutation.what) << "lives as " << other;
  blame(mutation, op);
}

//===----------------------------------------------------------------------===//
// Activations
//===----------------------------------------------------------------------===//

/// Ways of all results; the way behind those of one leaves away what is said of all.
static unsigned waysToPlace(Operation *op) {
  if (!isInEntry(op) || !op->hasAttr(dist::shardingsName))
    return 0;
  unsigned ways = 1;
  for (Value result : op->getResults())
    if (ShardingAttr sharding = dist::getSharding(result))
      ways += otherPlaces(sharding, dist::meshOf(op)).size();
  return ways;
}

static void place(Operation *op, unsigned way, Mutation &mutation) {
  blame(mutation, op);
  for (Value result : op->getResults()) {
    ShardingAttr sharding = dist::getSharding(result);
    if (!sharding)
      continue;
    SmallVector<ShardingAttr> others = otherPlaces(sharding, dist::meshOf(op));
    if (way < others.size()) {
      dist::setSharding(result, others[way]);
      llvm::raw_string_ostream(mutation.what) << "gives a result that lives as " << others[way];
      return;
    }
    way -= others.size();
  }
  op->removeAttr(dist::shardingsName);
  mutation.what = "is not placed";
}

//===----------------------------------------------------------------------===//
// Inputs, and agreement
//===----------------------------------------------------------------------===//

/// What entries take: each argument that is said to live somewhere.
static SmallVector<std::pair<unsigned, ShardingAttr>> otherArguments(Operation *op) {
  SmallVector<std::pair<unsigned, ShardingAttr>> others;
  auto entry = dyn_cast<func::FuncOp>(op);
  for (unsigned i = 0; entry && i < entry.getNumArguments(); ++i)
    if (auto sharding = entry.getArgAttrOfType<ShardingAttr>(i, dist::shardingName))
      for (ShardingAttr other : otherPlaces(sharding, dist::meshOf(op)))
        others.push_back({i, other});
  return others;
}

static unsigned waysToTake(Operation *op) { return otherArguments(op).size(); }

static void take(Operation *op, unsigned way, Mutation &mutation) {
  auto [number, other] = otherArguments(op)[way];
  auto entry = cast<func::FuncOp>(op);
  entry.setArgAttr(number, dist::shardingName, other);
  llvm::raw_string_ostream(mutation.what) << "takes argument " << number << " as " << other;
  blame(mutation, op);
  blameAround(mutation, entry.getArgument(number));
}

static unsigned waysToAgree(Operation *op) {
  return isa<hf::ParameterOp>(op) ? wholeAxes(dist::meshOf(op)).size() + op->hasAttr(dist::agreeName) : 0;
}

/// Agreement where there are no replicas, or none where it was asked for.
static void agree(Operation *op, unsigned way, Mutation &mutation) {
  SmallVector<dist::AxisRefAttr> axes = wholeAxes(dist::meshOf(op));
  blame(mutation, op);
  if (way == axes.size()) {
    op->removeAttr(dist::agreeName);
    mutation.what = "asks for no agreement";
    return;
  }
  op->setAttr(dist::agreeName, dist::AxisListAttr::get(op->getContext(), axes[way]));
  mutation.what = "asks for agreement over {" + dist::toString(axes[way]) + "}";
}

ArrayRef<FaultKind> verify::getStrategyFaults() {
  constexpr FaultLevel strategy = FaultLevel::Strategy;
  static const FaultKind all[] = {
      {"parameter-placed", strategy, "a parameter or state lives elsewhere", waysToDeclare, declare},
      {"value-placed", strategy, "a value lives elsewhere, or as it comes", waysToPlace, place},
      {"argument-placed", strategy, "an entry takes a value elsewhere", waysToTake, take},
      {"agreement-wrong", strategy, "agreement over an axis that does not replicate", waysToAgree, agree},
  };
  return all;
}
