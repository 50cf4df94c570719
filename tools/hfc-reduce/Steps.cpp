//===- Steps.cpp - ways to make a module smaller
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Reducer.h"

#include "dialects/dist/Sharding.h"
#include "dialects/hf/Hf.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include <map>

using namespace hfc;

/// Whether the op is one that steps change: inside a function, an entry or a kernel, and no terminator.
static bool isWork(Operation *op) {
  return op->getParentOp() && !isa<ModuleOp>(op->getParentOp()) && !op->hasTrait<OpTrait::IsTerminator>();
}

static SmallVector<Operation *> workIn(ModuleOp module) {
  SmallVector<Operation *> ops;
  module.walk([&](Operation *op) {
    if (isWork(op))
      ops.push_back(op);
  });
  return ops;
}

static SmallVector<FunctionOpInterface> functionsIn(ModuleOp module) {
  return llvm::to_vector(module.getOps<FunctionOpInterface>());
}

void hfc::eraseUnused(ModuleOp module) {
  // Users stand behind what they read, so one pass backwards is enough.
  SmallVector<Operation *> ops = workIn(module);
  for (Operation *op : llvm::reverse(ops))
    if (op->use_empty() && (isMemoryEffectFree(op) || isa<dist::CollectiveOpInterface, dist::DoneOp>(op)))
      op->erase();
}

size_t hfc::sizeOf(ModuleOp module) {
  size_t size = 0;
  // A constant is simpler than what it may stand for.
  module.walk([&](Operation *op) { size += isa<hf::ConstantOp>(op) ? 1 : 2; });
  for (FunctionOpInterface function : functionsIn(module))
    size += function.getNumArguments() + function.getNumResults();
  return size;
}

//===----------------------------------------------------------------------===//
// Symbols and signatures
//===----------------------------------------------------------------------===//

/// Erases functions, parameters and states that nothing names.
static size_t eraseSymbols(ModuleOp module, size_t begin, size_t end) {
  // What a symbol's own attributes name counts, so that states go before their parameters.
  SymbolTableCollection tables;
  SymbolUserMap users(tables, module);
  size_t site = 0;
  SmallVector<Operation *> erased;
  for (Operation &op : *module.getBody())
    if (isa<SymbolOpInterface>(op) && users.useEmpty(&op) && site++ >= begin && site <= end)
      erased.push_back(&op);
  for (Operation *op : erased)
    op->erase();
  return site;
}

static size_t dropResults(ModuleOp module, size_t begin, size_t end) {
  size_t site = 0;
  for (FunctionOpInterface function : functionsIn(module)) {
    llvm::BitVector dropped(function.getNumResults());
    for (unsigned i = 0; i < function.getNumResults(); ++i, ++site)
      dropped[i] = site >= begin && site < end;
    Region &body = function.getFunctionBody();
    if (dropped.none() || !body.hasOneBlock() || body.front().getTerminator()->getNumOperands() != dropped.size())
      continue;
    body.front().getTerminator()->eraseOperands(dropped);
    (void)function.eraseResults(dropped);
  }
  return site;
}

static size_t dropArguments(ModuleOp module, size_t begin, size_t end) {
  size_t site = 0;
  for (FunctionOpInterface function : functionsIn(module)) {
    llvm::BitVector dropped(function.getNumArguments());
    if (function.getFunctionBody().empty())
      continue;
    for (BlockArgument argument : function.getFunctionBody().getArguments())
      if (argument.use_empty() && site++ >= begin && site <= end)
        dropped.set(argument.getArgNumber());
    if (dropped.any())
      (void)function.eraseArguments(dropped);
  }
  return site;
}

//===----------------------------------------------------------------------===//
// Work
//===----------------------------------------------------------------------===//

namespace {
/// The ops of a layer in one function.
struct Layer {
  SmallVector<Operation *> ops;
  /// What goes into it: from before its first op.
  SmallVector<Value> inputs;
};
} // namespace

static std::vector<Layer> layersIn(ModuleOp module) {
  std::map<std::tuple<unsigned, int64_t, bool>, Layer> layers;
  for (auto [number, function] : llvm::enumerate(functionsIn(module)))
    function->walk([&, number = number](Operation *op) {
      if (auto block = op->getAttrOfType<IntegerAttr>("hf.block"); block && isWork(op))
        layers[{number, block.getInt(), op->hasAttr("hf.phase")}].ops.push_back(op);
    });
  std::vector<Layer> all;
  for (auto &[key, layer] : layers) {
    for (Operation *op : layer.ops)
      for (Value operand : op->getOperands()) {
        Operation *maker = operand.getDefiningOp();
        if (!maker || (maker->getBlock() == layer.ops.front()->getBlock() && maker->isBeforeInBlock(layer.ops.front())))
          layer.inputs.push_back(operand);
      }
    all.push_back(std::move(layer));
  }
  return all;
}

/// Whether one value may stand where another does: of the same type, and of what ranks run, living in the same place.
static bool isLike(Value a, Value b) {
  return a.getType() == b.getType() &&
         (dist::getSharding(a) == dist::getSharding(b) || !dist::isMaterialized(a.getParentRegion()->getParentOp()));
}

/// Hands what goes into a layer to those who read what comes out of it.
static size_t bypassLayers(ModuleOp module, size_t begin, size_t end) {
  std::vector<Layer> layers = layersIn(module);
  for (size_t site = begin; site < std::min(end, layers.size()); ++site) {
    Layer &layer = layers[site];
    llvm::SmallPtrSet<Operation *, 32> inside(layer.ops.begin(), layer.ops.end());
    for (Operation *op : layer.ops)
      for (Value result : op->getResults()) {
        auto *input = llvm::find_if(layer.inputs, [&](Value value) { return isLike(value, result); });
        if (input != layer.inputs.end())
          result.replaceUsesWithIf(*input, [&](OpOperand &use) { return !inside.contains(use.getOwner()); });
      }
  }
  return layers.size();
}

/// Replaces results by the first of the operands that are like them, or by the last.
template <bool isLast>
static size_t forwardOperand(ModuleOp module, size_t begin, size_t end) {
  SmallVector<Operation *> ops = workIn(module);
  for (size_t site = begin; site < std::min(end, ops.size()); ++site)
    for (Value result : ops[site]->getResults()) {
      auto like = llvm::make_filter_range(ops[site]->getOperands(), [&](Value value) { return isLike(value, result); });
      SmallVector<Value> operands(like.begin(), like.end());
      if (!operands.empty())
        result.replaceAllUsesWith(isLast ? operands.back() : operands.front());
    }
  return ops.size();
}

/// Ones: what is multiplied with them stays.
static TypedAttr constantOf(RankedTensorType type) {
  Builder builder(type.getContext());
  if (auto real = dyn_cast<FloatType>(type.getElementType()))
    return DenseElementsAttr::get(type, builder.getFloatAttr(real, 1));
  if (isa<IntegerType>(type.getElementType()))
    return DenseElementsAttr::get(type, builder.getIntegerAttr(type.getElementType(), 0));
  return nullptr;
}

/// Replaces results by constants, which live where they did.
static size_t makeConstant(ModuleOp module, size_t begin, size_t end) {
  SmallVector<Operation *> ops = workIn(module);
  for (size_t site = begin; site < std::min(end, ops.size()); ++site)
    for (Value result : ops[site]->getResults()) {
      auto type = dyn_cast<RankedTensorType>(result.getType());
      TypedAttr value = type && !result.use_empty() && !isa<hf::ConstantOp>(ops[site]) ? constantOf(type) : nullptr;
      if (!value)
        continue;
      OpBuilder builder(ops[site]);
      auto constant = hf::ConstantOp::create(builder, ops[site]->getLoc(), cast<ElementsAttr>(value));
      if (dist::ShardingAttr sharding = dist::getSharding(result))
        dist::setSharding(constant, sharding);
      result.replaceAllUsesWith(constant);
    }
  return ops.size();
}

/// Ends a function behind an op, whose results it returns then: the first of the sites.
static size_t endEarly(ModuleOp module, size_t begin, size_t end) {
  SmallVector<Operation *> ops = workIn(module);
  auto function = begin < std::min(end, ops.size()) ? ops[begin]->getParentOfType<func::FuncOp>() : func::FuncOp();
  if (!function || !function.getBody().hasOneBlock() || ops[begin]->getParentOp() != function)
    return ops.size();
  function.getBody().front().getTerminator()->setOperands(ops[begin]->getResults());
  function.setType(FunctionType::get(module.getContext(), function.getArgumentTypes(), ops[begin]->getResultTypes()));
  Builder builder(module.getContext());
  SmallVector<DictionaryAttr> attributes;
  for (OpResult result : ops[begin]->getResults()) {
    NamedAttrList list;
    list.set("hf.output", builder.getStringAttr("result" + std::to_string(result.getResultNumber())));
    if (dist::ShardingAttr sharding = dist::getSharding(result))
      list.set(dist::shardingName, sharding);
    attributes.push_back(list.getDictionary(module.getContext()));
  }
  function.setAllResultAttrs(attributes);
  return ops.size();
}

/// Erases what has effects but no readers: launches, calls, stores.
static size_t eraseEffects(ModuleOp module, size_t begin, size_t end) {
  SmallVector<Operation *> ops;
  for (Operation *op : workIn(module))
    if (op->use_empty())
      ops.push_back(op);
  for (size_t site = std::min(end, ops.size()); site-- > begin;)
    ops[site]->erase();
  return ops.size();
}

ArrayRef<Step> hfc::getSteps() {
  static constexpr Step steps[] = {eraseSymbols,         bypassLayers, dropResults, forwardOperand<false>,
                                   forwardOperand<true>, makeConstant, endEarly,    eraseEffects,
                                   dropArguments};
  return steps;
}
