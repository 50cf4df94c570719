//===- Blame.cpp - which op of a wrong program is wrong
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Blame.h"

#include "Words.h"

#include "dialects/dist/Sharding.h"
#include "hfc/Interpreter/Placement.h"

using namespace hfc;
using namespace hfc::verify;

static bool isSame(const Tensor &a, const Tensor &b) { return a.getShape() == b.getShape() && a.words() == b.words(); }

bool Blame::isKnown(Value value) {
  if (isa<BlockArgument>(value))
    return true;
  const Claim &claim = local.claim(value);
  return claim.whole && global.contains(*claim.whole);
}

//===----------------------------------------------------------------------===//
// Ops that are wrong in themselves
//===----------------------------------------------------------------------===//

static std::string missingReduction(Value value) {
  dist::ShardingAttr sharding = dist::getSharding(value);
  std::string axes = describeAxes(sharding.getPartial().getAxes());
  std::string kind = dist::stringifyReductionKind(sharding.getKind()).str();
  std::string made = value.getDefiningOp() ? "made by " + describe(value.getDefiningOp()) : "of the entry";
  return made + ", which is partial (" + kind + ") over " + axes + ": a reduction over " + axes + " is missing";
}

std::string Blame::explain(Operation *op, Suspect &why) const {
  if (Value value = findIncomplete(op, mesh)) {
    why.producer = value.getDefiningOp();
    return "needs complete operands, but reads one " + missingReduction(value);
  }
  return describeCollective(op, mesh);
}

/// Compares what an op gave with what it should give.
Blame::State Blame::compare(Operation *op, ArrayRef<Tensor> expected, Suspect &why) {
  for (auto [result, whole] : llvm::zip_equal(op->getResults(), expected)) {
    const Claim &claim = local.claim(result);
    if (claim.whole && isSame(*claim.whole, whole))
      continue;
    why.op = op;
    why.isCertain = true;
    std::string cause = explain(op, why);
    std::string effect =
        claim.whole ? "its result " + describeDifference(interpreter.domain(), whole, *claim.whole) : claim.conflict;
    why.what = cause.empty() ? effect : cause + "; " + effect;
    dist::ShardingAttr sharding = dist::getSharding(result);
    if (sharding && !sharding.isPartial() && isFloat(whole.getElement())) {
      interpreter::Placement placement(mesh, sharding, whole.getShape());
      for (auto [rank, piece] : llvm::enumerate(local.ranks(result)))
        if (why.rank < 0 && placement.localShape() == SmallVector<int64_t>(piece.getShape()) &&
            placement.localize(whole, rank, /*padding=*/0).words() != piece.words())
          why.rank = static_cast<int64_t>(rank);
    }
    return State::Wrong;
  }
  return State::Derived;
}

Blame::State Blame::judge(Operation *op, Suspect &why) {
  bool isSilent = llvm::none_of(op->getResults(), [](Value result) { return dist::getSharding(result); });
  if (isSilent || op->getNumResults() == 0)
    return State::Silent;
  if (llvm::all_of(op->getResults(), [&](Value result) { return isKnown(result); }))
    return State::Known;
  Tensors operands;
  for (Value operand : op->getOperands()) {
    const Claim &claim = local.claim(operand);
    if (!claim.whole)
      break;
    operands.push_back(*claim.whole);
  }
  std::optional<Tensors> expected;
  if (operands.size() == op->getNumOperands())
    expected = evaluateWhole(interpreter, op, operands, mesh);
  if (expected && expected->size() == op->getNumResults())
    return compare(op, *expected, why);
  // Pieces that contradict each other are wrong whatever they were made of.
  for (Value result : op->getResults())
    if (const Claim &claim = local.claim(result); !claim.conflict.empty()) {
      why.op = op;
      why.what = claim.conflict;
      return State::Wrong;
    }
  return State::Open;
}

Suspect Blame::find(func::FuncOp entry) {
  Suspect first;
  for (Operation &op : entry.getBody().front().without_terminator()) {
    Suspect why;
    State state = judge(&op, why);
    states[&op] = state;
    if (state == State::Wrong || state == State::Open)
      others.insert(&op);
    if (state == State::Wrong && !first.op)
      first = std::move(why);
  }
  if (!first.op)
    first = checkReturned(entry);
  return first.op ? first : firstStranger(entry);
}

//===----------------------------------------------------------------------===//
// What is missing
//===----------------------------------------------------------------------===//

/// The name of what a result is bound to.
static std::string boundTo(func::FuncOp entry, unsigned number) {
  for (StringRef kind : {"hf.state", "hf.parameter", "hf.output"}) {
    Attribute name = entry.getResultAttr(number, kind);
    if (auto symbol = dyn_cast_if_present<FlatSymbolRefAttr>(name))
      return (kind.drop_front(3) + " '" + symbol.getValue() + "'").str();
    if (auto text = dyn_cast_if_present<StringAttr>(name))
      return (kind.drop_front(3) + " '" + text.getValue() + "'").str();
  }
  return "result " + std::to_string(number);
}

/// A value that the entry gives as something that it is not.
Suspect Blame::checkReturned(func::FuncOp entry) {
  Suspect suspect;
  for (auto [number, value] : llvm::enumerate(entry.getBody().front().getTerminator()->getOperands())) {
    auto promised = entry.getResultAttrOfType<dist::ShardingAttr>(number, dist::shardingName);
    dist::ShardingAttr sharding = dist::getSharding(value);
    if (!promised || !sharding || !value.getDefiningOp())
      continue;
    dist::Axes missing = dist::without(sharding.getPartial().getAxes(), promised.getPartial().getAxes(), mesh);
    if (missing.empty())
      continue;
    suspect.op = suspect.producer = value.getDefiningOp();
    suspect.what = "its result becomes " + boundTo(entry, number) + ", which is complete over " +
                   describeAxes(missing) + ", but is " +
                   StringRef(missingReduction(value)).split(", which is ").second.str();
    return suspect;
  }
  return suspect;
}

/// Follows wrong results back through values that the global program does not have.
Suspect Blame::firstStranger(func::FuncOp entry) {
  llvm::DenseSet<Operation *> strange, sources;
  SmallVector<Value> work;
  auto push = [&](Value value) {
    Operation *op = value.getDefiningOp();
    bool isStranger = op && !isKnown(value) && (states.lookup(op) != State::Silent || !strange.contains(op));
    if (isStranger)
      work.push_back(value);
    return isStranger;
  };
  for (Value value : entry.getBody().front().getTerminator()->getOperands())
    push(value);
  while (!work.empty()) {
    Operation *op = work.pop_back_val().getDefiningOp();
    if (!strange.insert(op).second)
      continue;
    bool isFirst = states.lookup(op) != State::Silent;
    for (Value operand : op->getOperands())
      if (Operation *maker = operand.getDefiningOp(); maker && !isKnown(operand)) {
        // A number of the rank's own is part of the op that reads it.
        isFirst &= states.lookup(maker) == State::Silent;
        push(operand);
      }
    if (isFirst)
      sources.insert(op);
  }
  Suspect suspect;
  for (State wanted : {State::Open, State::Derived})
    for (Operation &op : entry.getBody().front())
      if (!suspect.op && sources.contains(&op) && states.lookup(&op) == wanted) {
        suspect.op = &op;
        suspect.what = "makes a value that the global program does not have: something is missing, too much or "
                       "misplaced here or just before";
      }
  return suspect;
}
