//===- Placement.cpp - where the values of a function live
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lib/Partition/Placement.h"

#include "dialects/hf/Hf.h"

using namespace hfc;
using namespace hfc::dist;
using namespace hfc::partition;

Declarations partition::collectDeclarations(ModuleOp module) {
  Declarations declarations;
  for (Operation &op : module.getOps())
    if (isa<hf::ParameterOp, hf::StateOp>(op))
      declarations[SymbolTable::getSymbolName(&op)] = &op;
  return declarations;
}

//===----------------------------------------------------------------------===//
// Axes and shardings
//===----------------------------------------------------------------------===//

Axes partition::normalized(ArrayRef<AxisRefAttr> axes, MeshAttr mesh) {
  Axes sorted(axes);
  auto keyOf = [&](AxisRefAttr axis) {
    size_t place = llvm::find(mesh.getNames(), axis.getName()) - mesh.getNames().begin();
    return std::make_pair(place, axis.isWhole() ? int64_t(1) : axis.getPre());
  };
  llvm::sort(sorted, [&](AxisRefAttr a, AxisRefAttr b) { return keyOf(a) < keyOf(b); });
  return dist::canonical(sorted, mesh);
}

Axes partition::common(ArrayRef<AxisRefAttr> a, ArrayRef<AxisRefAttr> b, MeshAttr mesh) {
  return without(a, without(a, b, mesh), mesh);
}

ShardingAttr partition::canonical(ShardingAttr sharding, MeshAttr mesh) {
  MLIRContext *context = sharding.getContext();
  SmallVector<AxisListAttr> dims;
  for (AxisListAttr dim : sharding.getDims())
    dims.push_back(AxisListAttr::get(context, dist::canonical(dim.getAxes(), mesh)));
  Axes partial = normalized(sharding.getPartial().getAxes(), mesh);
  ReductionKind kind = partial.empty() ? ReductionKind::sum : sharding.getKind();
  return ShardingAttr::get(context, dims, AxisListAttr::get(context, partial), kind, sharding.getGlobal());
}

//===----------------------------------------------------------------------===//
// Placement
//===----------------------------------------------------------------------===//

/// What an argument's attributes say, else what is said of the parameter or state that it is.
static ShardingAttr declaredSharding(func::FuncOp function, unsigned index, const Declarations &declarations) {
  if (auto sharding = function.getArgAttrOfType<ShardingAttr>(index, shardingName))
    return sharding;
  for (StringRef name : {"hf.parameter", "hf.state"})
    if (auto symbol = function.getArgAttrOfType<FlatSymbolRefAttr>(index, name))
      if (Operation *declaration = declarations.lookup(symbol.getAttr()))
        if (auto sharding = declaration->getAttrOfType<ShardingAttr>(shardingName))
          return sharding;
  return {};
}

Placement::Placement(func::FuncOp function, const Declarations &declarations) : mesh(meshOf(function)) {
  for (BlockArgument argument : function.getArguments()) {
    unsigned index = argument.getArgNumber();
    if (ShardingAttr sharding = declaredSharding(function, index, declarations))
      set(argument, sharding);
    if (function.getArgAttr(index, "hf.parameter"))
      parameters.insert(argument);
    if (function.getArgAttr(index, "hf.input"))
      for (AxisListAttr axes : get(argument).getDims())
        inputAxes.append(without(axes.getAxes(), inputAxes, mesh));
  }
  findAccumulators(function);
}

/// The value's one use if that adds something to it.
static Value onlySum(Value value) {
  if (!value.hasOneUse())
    return {};
  OpOperand &use = *value.getUses().begin();
  if (isa<hf::AddOp>(use.getOwner()) || (isa<hf::ScatterAddOp>(use.getOwner()) && use.getOperandNumber() == 0))
    return use.getOwner()->getResult(0);
  return {};
}

void Placement::findAccumulators(func::FuncOp function) {
  if (function.isDeclaration())
    return;
  for (BlockArgument argument : function.getArguments()) {
    auto state = function.getArgAttrOfType<FlatSymbolRefAttr>(argument.getArgNumber(), "hf.state");
    if (!state)
      continue;
    SmallVector<Value> chain = {argument};
    while (Value sum = onlySum(chain.back()))
      chain.push_back(sum);
    if (chain.size() == 1 || !chain.back().hasOneUse())
      continue;
    OpOperand &use = *chain.back().getUses().begin();
    if (isa<func::ReturnOp>(use.getOwner()) &&
        function.getResultAttr(use.getOperandNumber(), "hf.state") == Attribute(state))
      accumulators.insert(chain.begin(), chain.end());
  }
}

ShardingAttr Placement::get(Value value) const {
  auto found = shardings.find(value);
  if (found != shardings.end())
    return found->second;
  return canonical(shardingOr(value), mesh);
}

bool Placement::isParameter(Value value) const {
  while (Operation *op = value.getDefiningOp()) {
    if (!isa<hf::ConvertOp, hf::TransposeOp, hf::ReshapeOp>(op))
      return false;
    value = op->getOperand(0);
  }
  return parameters.contains(value);
}

LogicalResult partition::verifyPartitionable(func::FuncOp function) {
  if (!function.getBody().hasOneBlock())
    return function.emitOpError("has several blocks; entries that are partitioned have one");
  auto isTensor = [](Type type) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    return tensor && tensor.hasStaticShape();
  };
  if (!llvm::all_of(function.getArgumentTypes(), isTensor))
    return function.emitOpError("has arguments that are no tensors of static shape, so it cannot be partitioned");
  for (Operation &op : function.front())
    if (!llvm::all_of(op.getResultTypes(), isTensor) || op.getNumRegions() != 0)
      return op.emitOpError("cannot be partitioned: it has regions, or results that are no tensors of static shape");
  return success();
}

void partition::setShardings(func::FuncOp function, ArrayRef<ShardingAttr> arguments, ArrayRef<ShardingAttr> results) {
  auto withSharding = [&](DictionaryAttr attributes, ShardingAttr sharding) {
    NamedAttrList list(attributes);
    list.set(shardingName, sharding);
    return list.getDictionary(function.getContext());
  };
  SmallVector<DictionaryAttr> ofArguments, ofResults;
  for (auto [index, sharding] : llvm::enumerate(arguments))
    ofArguments.push_back(withSharding(function.getArgAttrDict(index), sharding));
  for (auto [index, sharding] : llvm::enumerate(results))
    ofResults.push_back(withSharding(function.getResultAttrDict(index), sharding));
  function.setAllArgAttrs(ofArguments);
  function.setAllResultAttrs(ofResults);
}

bool partition::isZero(Value value) {
  auto constant = value.getDefiningOp<hf::ConstantOp>();
  auto elements = constant ? dyn_cast<DenseElementsAttr>(constant.getValue()) : DenseElementsAttr();
  if (!elements || !elements.isSplat())
    return false;
  if (isa<FloatType>(elements.getElementType()))
    return elements.getSplatValue<APFloat>().isZero();
  return elements.getSplatValue<APInt>().isZero();
}

bool Placement::isFlexible(Value value) const { return isAccumulator(value) || isZero(value); }
