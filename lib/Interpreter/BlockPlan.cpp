//===- BlockPlan.cpp - a block of ops, prepared for execution
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "BlockPlan.h"

#include "dialects/dist/Dist.h"
#include "dialects/hf/DecomposeAside.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace hfc;
using namespace hfc::interpreter;

static BlockPlan::Kind kindOf(Operation *op) {
  using Kind = BlockPlan::Kind;
  if (isa<hf::CompositeOpInterface>(op))
    return Kind::Composite;
  if (isa<func::CallOp>(op))
    return Kind::Call;
  if (isa<dist::CollectiveOpInterface>(op))
    return Kind::Collective;
  // A reshard is the identity of the global tensor; what was begun is complete here at once.
  if (isa<dist::ReshardOp, dist::DoneOp>(op))
    return Kind::Identity;
  if (isa<dist::AxisIndexOp>(op))
    return Kind::AxisIndex;
  return isPrimitive(op) ? Kind::Primitive : Kind::Unknown;
}

BlockPlan::BlockPlan(Block &block, ValueRange liveValues) {
  llvm::DenseMap<Value, unsigned> numbers;
  auto numberOf = [&](Value value) {
    auto [found, isNew] = numbers.try_emplace(value, numValues);
    numValues += isNew;
    return found->second;
  };
  for (Value argument : block.getArguments())
    arguments.push_back(numberOf(argument));
  for (Operation &op : block) {
    if (op.hasTrait<OpTrait::IsTerminator>())
      break;
    Step step{&op, kindOf(&op), {}, {}, {}, {}, {}};
    if (step.kind == Kind::Primitive)
      step.elementwise = elementwiseOf(&op);
    if (step.elementwise)
      step.kind = Kind::Elementwise;
    for (Value operand : op.getOperands())
      step.operands.push_back(numberOf(operand));
    for (Value result : op.getResults())
      step.results.push_back(numberOf(result));
    steps.push_back(std::move(step));
  }
  for (Value value : liveValues)
    live.push_back(numberOf(value));

  std::vector<bool> isNeeded(numValues, false);
  for (unsigned value : live)
    isNeeded[value] = true;
  for (Step &step : llvm::reverse(steps))
    for (ArrayRef<unsigned> values : {ArrayRef<unsigned>(step.operands), ArrayRef<unsigned>(step.results)})
      for (unsigned value : values)
        if (!isNeeded[value]) {
          isNeeded[value] = true;
          step.dying.push_back(value);
        }
}

size_t Decompositions::ByMeaning::operator()(Operation *op) const {
  return llvm::hash_combine(op->getName(), op->hashProperties(), llvm::hash_combine_range(op->getOperandTypes()),
                            llvm::hash_combine_range(op->getResultTypes()));
}

bool Decompositions::ByMeaning::operator()(Operation *a, Operation *b) const {
  return a->getName() == b->getName() && a->getOperandTypes() == b->getOperandTypes() &&
         a->getResultTypes() == b->getResultTypes() &&
         a->getName().compareOpProperties(a->getPropertiesStorage(), b->getPropertiesStorage());
}

llvm::Expected<const BlockPlan *> Decompositions::get(hf::CompositeOpInterface op) {
  if (auto found = entries.find(op); found != entries.end())
    return found->second.plan.get();
  hf::Aside aside = hf::decomposeAside(op);
  if (aside.results.size() != op->getNumResults())
    return makeError("its decomposition gives " + Twine(aside.results.size()) + " values, not " +
                     Twine(op->getNumResults()));
  Entry entry{hf::isolate(op), std::move(aside.block), nullptr};
  entry.plan = std::make_unique<BlockPlan>(*entry.decomposition, aside.results);
  Operation *key = &entry.op->front();
  return entries.emplace(key, std::move(entry)).first->second.plan.get();
}
