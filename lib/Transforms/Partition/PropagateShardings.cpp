//===- PropagateShardings.cpp - --hfc-propagate-shardings
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Transforms/Partition/Passes.h"
#include "lib/Partition/FreeValues.h"
#include "lib/Partition/Plan.h"

#include "dialects/hf/TensorBuilder.h"

namespace hfc {
#define GEN_PASS_DEF_PROPAGATESHARDINGS
#include "hfc/Transforms/Partition/Passes.h.inc"
} // namespace hfc

using namespace hfc;
using namespace hfc::dist;
using namespace hfc::partition;

namespace {

class Propagation {
public:
  Propagation(func::FuncOp function, const Declarations &declarations)
      : function(function), declarations(declarations), placement(function, declarations), free(placement) {}

  LogicalResult run();

private:
  LogicalResult visit(Operation *op);
  LogicalResult verifyAnnotations(Operation *op, ArrayRef<ShardingAttr> wanted);
  /// Lets a value that costs nothing to make, and that nobody annotated, live as its one user wants it: its cotangent
  /// will live so too.
  void makeAsWanted(Value value, ShardingAttr sharding);
  void visitReturn(func::ReturnOp op);
  ShardingAttr resultSharding(unsigned index, Value value);

  func::FuncOp function;
  const Declarations &declarations;
  Placement placement;
  FreeValues free;
  llvm::DenseSet<Value> derived; ///< values without an annotation of their own
};

} // namespace

LogicalResult Propagation::verifyAnnotations(Operation *op, ArrayRef<ShardingAttr> wanted) {
  for (auto [result, sharding] : llvm::zip_equal(op->getResults(), wanted))
    if (sharding && static_cast<int64_t>(sharding.getDims().size()) != hf::tensorType(result).getRank())
      return op->emitOpError("is annotated with a sharding of ")
             << sharding.getDims().size() << " dimensions, but its result is " << result.getType();
  return success();
}

/// The rule of a product with a bias, without it.
static RuleAttr withoutBias(RuleAttr attribute) {
  Rule rule = parseRule(attribute);
  constexpr unsigned bias = 2;
  rule.operands.pop_back();
  for (auto &group : rule.linear)
    llvm::erase(group, bias);
  llvm::erase_if(rule.linear, [](const auto &group) { return group.empty(); });
  return toAttribute(attribute.getContext(), rule);
}

/// Replaces a product with a bias by one without, which has the rule that was given, and a sum, which takes over the
/// annotation. Returns the product.
static Operation *takeOutBias(hf::LinearOp op) {
  OpBuilder builder(op);
  hf::TensorBuilder tensors(builder, op.getLoc());
  Value product = tensors.linear(op.getX(), op.getWeight());
  ArrayRef<int64_t> shape = hf::shapeOf(product);
  Value bias = tensors.broadcast(op.getBias(), shape, {static_cast<int64_t>(shape.size()) - 1});
  Value sum = tensors.add(product, bias);
  for (Value value : {product, bias, sum})
    value.getDefiningOp()->setDiscardableAttrs(op->getDiscardableAttrDictionary());
  for (Value value : {product, bias})
    value.getDefiningOp()->removeAttr(shardingsName);
  if (auto rule = op->getAttrOfType<RuleAttr>(ruleName)) {
    for (Value value : {bias, sum})
      value.getDefiningOp()->removeAttr(ruleName);
    product.getDefiningOp()->setAttr(ruleName, withoutBias(rule));
  }
  op.replaceAllUsesWith(sum);
  op.erase();
  return product.getDefiningOp();
}

void Propagation::makeAsWanted(Value value, ShardingAttr sharding) {
  if (placement.get(value) == sharding || !derived.contains(value) || !value.hasOneUse() ||
      !free.canMake(value, sharding))
    return;
  OpPlan plan = planOp(value.getDefiningOp(), placement, {sharding});
  placement.set(value, sharding);
  setSharding(value, sharding);
  for (auto [operand, wanted] : llvm::zip_equal(value.getDefiningOp()->getOperands(), plan.operands))
    makeAsWanted(operand, wanted);
}

LogicalResult Propagation::visit(Operation *op) {
  SmallVector<ShardingAttr> wanted = wantedOf(op, placement);
  if (failed(verifyAnnotations(op, wanted)))
    return failure();
  OpPlan plan = planOp(op, placement, wanted);
  for (auto [operand, sharding] : llvm::zip_equal(op->getOperands(), plan.operands)) {
    if (placement.isAccumulator(operand) && isa<BlockArgument>(operand))
      placement.set(operand, sharding);
    makeAsWanted(operand, sharding);
  }
  SmallVector<Attribute> seen;
  for (OpResult result : op->getResults()) {
    unsigned index = result.getResultNumber();
    if (!getSharding(result))
      derived.insert(result);
    placement.set(result, seenAs(result, plan.results[index], wanted[index], placement));
    seen.push_back(placement.get(result));
  }
  if (!seen.empty())
    op->setAttr(shardingsName, ArrayAttr::get(op->getContext(), seen));
  return success();
}

/// Where a result of the function lives: as annotated; as the parameter or state that it becomes; as it comes, but
/// complete.
ShardingAttr Propagation::resultSharding(unsigned index, Value value) {
  if (placement.isAccumulator(value))
    return placement.get(value);
  if (auto sharding = function.getResultAttrOfType<ShardingAttr>(index, shardingName))
    return canonical(sharding, placement.getMesh());
  for (StringRef name : {"hf.parameter", "hf.state"})
    if (auto symbol = function.getResultAttrOfType<FlatSymbolRefAttr>(index, name)) {
      Operation *declaration = declarations.lookup(symbol.getAttr());
      auto sharding = declaration ? declaration->getAttrOfType<ShardingAttr>(shardingName) : ShardingAttr();
      return canonical(sharding ? sharding
                                : ShardingAttr::replicated(value.getContext(), hf::tensorType(value).getRank()),
                       placement.getMesh());
    }
  return placement.get(value).withoutPartial();
}

void Propagation::visitReturn(func::ReturnOp op) {
  SmallVector<ShardingAttr> arguments, results;
  for (BlockArgument argument : function.getArguments())
    arguments.push_back(placement.get(argument));
  for (auto [index, value] : llvm::enumerate(op.getOperands()))
    results.push_back(resultSharding(index, value));
  setShardings(function, arguments, results);
}

LogicalResult Propagation::run() {
  Operation *next = nullptr;
  for (Operation *op = &function.front().front(); op; op = next) {
    auto linear = dyn_cast<hf::LinearOp>(op);
    if (linear && planOp(op, placement, wantedOf(op, placement)).countsBiasTwice)
      op = takeOutBias(linear);
    next = op->getNextNode();
    if (auto terminator = dyn_cast<func::ReturnOp>(op))
      visitReturn(terminator);
    else if (failed(visit(op)))
      return failure();
  }
  return success();
}

namespace {
struct PropagateShardings : hfc::impl::PropagateShardingsBase<PropagateShardings> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    if (isMaterialized(module) || !findMesh(module))
      return markAllAnalysesPreserved();
    Declarations declarations = collectDeclarations(module);
    for (auto function : module.getOps<func::FuncOp>()) {
      if (function.isDeclaration())
        continue;
      if (failed(verifyPartitionable(function)) || failed(Propagation(function, declarations).run()))
        return signalPassFailure();
    }
  }
};
} // namespace
