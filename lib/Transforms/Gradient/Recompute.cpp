//===- Recompute.cpp - what the backward pass computes again
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lib/Transforms/Gradient/Recompute.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringSwitch.h"

using namespace hfc;
using namespace hfc::gradient;

std::optional<Recompute> gradient::parseRecompute(StringRef name) {
  return llvm::StringSwitch<std::optional<Recompute>>(name)
      .Case("none", Recompute::none)
      .Case("selective", Recompute::selective)
      .Case("full", Recompute::full)
      .Default(std::nullopt);
}

Recomputation::Recomputation(Recompute policy, ArrayRef<Operation *> forward, const ValueFacts &facts)
    : policy(policy), facts(facts) {
  size_t begin = 0;
  Attribute block;
  auto close = [&](size_t end) {
    if (block)
      layers[forward[end - 1]] = forward.slice(begin, end - begin);
  };
  for (size_t index = 0; index < forward.size(); ++index) {
    Attribute own = forward[index]->getAttr("hf.block");
    bool continues = own == block || (block && forward[index]->hasTrait<OpTrait::ConstantLike>());
    if (continues)
      continue;
    close(index);
    begin = index;
    block = own;
  }
  close(forward.size());
}

/// An op whose operands its own derivative reads, and that costs little next to a product.
static bool isCheap(Operation *op, const ValueFacts &facts) {
  if (isa<hf::MulOp>(op))
    return llvm::all_of(op->getOperands(), [&](Value operand) { return facts.isActive(operand); });
  return isa<hf::RmsNormOp, hf::LayerNormOp, hf::ActivationOp>(op);
}

/// An activation that only gates: its derivative reads its operand, and the derivative of the gate, which reads its
/// result, is computed element by element as well. Keeping the result would cost more than computing it again.
static bool isGate(Operation *op, const ValueFacts &facts) {
  return isa<hf::ActivationOp>(op) && facts.isActive(op->getOperand(0)) &&
         llvm::all_of(op->getUsers(), [](Operation *user) { return isa<hf::MulOp>(user); });
}

bool Recomputation::isRecomputed(Operation *op) const {
  if (op->hasTrait<OpTrait::ConstantLike>())
    return false;
  if (policy == Recompute::none)
    return isGate(op, facts);
  if (policy == Recompute::full)
    return true;
  bool isView =
      isa<hf::ReshapeOp, hf::TransposeOp, hf::SliceOp, hf::ConvertOp, hf::BroadcastOp, hf::NegOp, hf::MulOp>(op);
  return isCheap(op, facts) ||
         (isView && llvm::any_of(op->getOperands(), [&](Value operand) { return again.contains(operand); }));
}

Attribute gradient::shardingOf(Value value) {
  if (auto argument = dyn_cast<BlockArgument>(value)) {
    auto function = dyn_cast<func::FuncOp>(argument.getOwner()->getParentOp());
    return function ? function.getArgAttr(argument.getArgNumber(), "dist.sharding") : Attribute();
  }
  auto result = cast<OpResult>(value);
  auto all = result.getOwner()->getAttrOfType<ArrayAttr>("dist.shardings");
  return all && result.getResultNumber() < all.size() ? all[result.getResultNumber()] : Attribute();
}

SmallVector<Value> Recomputation::collectInputs(Layer layer) const {
  llvm::SetVector<Value> active, others;
  for (Operation *op : layer) {
    if (!clones.contains(op))
      continue;
    for (Value operand : op->getOperands()) {
      Operation *producer = operand.getDefiningOp();
      bool stays = producer ? producer->hasTrait<OpTrait::ConstantLike>() : facts.parameters.contains(operand);
      if (!stays && !clones.contains(producer) && hf::isDifferentiable(operand.getType()))
        (facts.isActive(operand) ? active : others).insert(operand);
    }
  }
  // Tables and the like need no barrier where an activation has one, and stay what derivatives know them to be.
  return active.empty() ? others.takeVector() : active.takeVector();
}

void Recomputation::buildBarrier(Layer layer, OpBuilder &builder, hf::Cotangents &cotangents) {
  SmallVector<Value> inputs = collectInputs(layer);
  if (inputs.empty())
    return;
  SmallVector<Value> primals, operands(inputs);
  SmallVector<Attribute> shardings = llvm::map_to_vector(inputs, shardingOf);
  for (Operation *op : layer)
    for (Value result : op->getResults())
      if (Value cotangent = cotangents.lookup(result)) {
        primals.push_back(result);
        operands.push_back(cotangent);
        shardings.push_back(shardingOf(result));
      }
  SmallVector<Value> results = hf::TensorBuilder(builder, layer.back()->getLoc()).barrier(operands);
  if (llvm::all_of(shardings, [](Attribute sharding) { return !!sharding; }))
    results.front().getDefiningOp()->setAttr("dist.shardings", builder.getArrayAttr(shardings));
  for (auto [input, result] : llvm::zip(inputs, results))
    again.map(input, result);
  for (auto [primal, result] : llvm::zip(primals, ArrayRef(results).drop_front(inputs.size())))
    cotangents.set(primal, result);
}

void Recomputation::enter(Operation *op, OpBuilder &builder, hf::Cotangents &cotangents) {
  auto found = layers.find(op);
  if (found == layers.end())
    return;
  Layer layer = found->second;
  again.clear();
  clones.clear();
  // First which ops, since the barrier stands in front of all of them; `again` holds their results meanwhile.
  for (Operation *inner : layer)
    if (isRecomputed(inner)) {
      clones[inner] = nullptr;
      again.map(inner->getResults(), inner->getResults());
    }
  buildBarrier(layer, builder, cotangents);
  for (Operation *inner : layer)
    if (auto place = clones.find(inner); place != clones.end())
      place->second = builder.clone(*inner, again);
}

FailureOr<SmallVector<Value>> Recomputation::differentiate(Operation *op, OpBuilder &builder,
                                                           ArrayRef<Value> cotangents, ArrayRef<bool> wanted) {
  if (Operation *clone = clones.lookup(op))
    return hf::differentiate(clone, builder, cotangents, wanted);
  if (llvm::none_of(op->getOperands(), [&](Value operand) { return again.contains(operand); }))
    return hf::differentiate(op, builder, cotangents, wanted);

  // The op's own results stay; only what its derivative reads of its operands changes.
  Operation *stand = op->clone();
  for (OpOperand &operand : stand->getOpOperands())
    operand.set(again.lookupOrDefault(operand.get()));
  builder.insert(stand);
  FailureOr<SmallVector<Value>> grads = hf::differentiate(stand, builder, cotangents, wanted);
  stand->replaceAllUsesWith(op);
  stand->erase();
  return grads;
}
