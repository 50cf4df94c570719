//===- Shardings.cpp - shardings of values and local shapes
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/dist/Sharding.h"

#include "mlir/Interfaces/FunctionInterfaces.h"
#include "llvm/Support/MathExtras.h"

using namespace hfc;
using namespace hfc::dist;

/// The nearest op around `op`, or itself, with the attribute.
static Operation *findAround(Operation *op, StringRef name) {
  while (op && !op->hasAttr(name))
    op = op->getParentOp();
  return op;
}

MeshAttr dist::findMesh(Operation *op) {
  Operation *owner = findAround(op, meshName);
  return owner ? owner->getAttrOfType<MeshAttr>(meshName) : MeshAttr();
}

MeshAttr dist::meshOf(Operation *op) {
  MeshAttr mesh = findMesh(op);
  return mesh ? mesh : MeshAttr::get(op->getContext(), {}, {});
}

bool dist::isMaterialized(Operation *op) { return findAround(op, materializedName) != nullptr; }

/// The function whose argument `value` is, or null.
static FunctionOpInterface functionOf(BlockArgument argument) {
  Block *block = argument.getOwner();
  auto function = dyn_cast_or_null<FunctionOpInterface>(block->getParentOp());
  return function && block->isEntryBlock() ? function : FunctionOpInterface();
}

ShardingAttr dist::getSharding(Value value) {
  if (auto argument = dyn_cast<BlockArgument>(value)) {
    FunctionOpInterface function = functionOf(argument);
    return function ? function.getArgAttrOfType<ShardingAttr>(argument.getArgNumber(), shardingName) : ShardingAttr();
  }
  auto result = cast<OpResult>(value);
  auto all = result.getOwner()->getAttrOfType<ArrayAttr>(shardingsName);
  if (!all || result.getResultNumber() >= all.size())
    return {};
  return dyn_cast<ShardingAttr>(all[result.getResultNumber()]);
}

ShardingAttr dist::shardingOr(Value value) {
  if (ShardingAttr sharding = getSharding(value))
    return sharding;
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return ShardingAttr::replicated(value.getContext(), type ? type.getRank() : 0);
}

void dist::setSharding(Value value, ShardingAttr sharding) {
  if (auto argument = dyn_cast<BlockArgument>(value)) {
    if (FunctionOpInterface function = functionOf(argument))
      function.setArgAttr(argument.getArgNumber(), shardingName, sharding);
    return;
  }
  auto result = cast<OpResult>(value);
  SmallVector<Attribute> all;
  for (OpResult each : result.getOwner()->getResults())
    all.push_back(each == result ? sharding : shardingOr(each));
  result.getOwner()->setAttr(shardingsName, ArrayAttr::get(value.getContext(), all));
}

SmallVector<int64_t> dist::localShape(ArrayRef<int64_t> global, ShardingAttr sharding, MeshAttr mesh) {
  SmallVector<int64_t> local(global);
  for (auto [dim, size] : llvm::enumerate(local))
    size = llvm::divideCeil(size, sizeOf(sharding.axesOf(dim), mesh));
  return local;
}

bool dist::isPadded(int64_t globalSize, ArrayRef<AxisRefAttr> axes, MeshAttr mesh) {
  return globalSize % sizeOf(axes, mesh) != 0;
}
