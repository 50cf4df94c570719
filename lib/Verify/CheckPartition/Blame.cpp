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

Suspect Blame::find(func::FuncOp entry, const llvm::StringSet<> &wrong) {
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
  if (!first.op)
    first = firstStranger(entry, wrong);
  return first.op ? first : checkGiven(entry, wrong);
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

/// Results that are given by one of these names.
static SmallVector<unsigned> resultsNamed(func::FuncOp entry, const llvm::StringSet<> &names) {
  SmallVector<unsigned> numbers;
  for (unsigned number = 0; number < entry.getNumResults(); ++number)
    for (StringRef kind : {"hf.state", "hf.parameter", "hf.output"}) {
      Attribute name = entry.getResultAttr(number, kind);
      auto symbol = dyn_cast_if_present<FlatSymbolRefAttr>(name);
      auto text = dyn_cast_if_present<StringAttr>(name);
      if ((symbol && names.contains(symbol.getValue())) || (text && names.contains(text.getValue())))
        numbers.push_back(number);
    }
  return numbers;
}

/// What the entry gives as something that it is not, though the global program has such a value.
Suspect Blame::checkGiven(func::FuncOp entry, const llvm::StringSet<> &wrong) {
  Suspect suspect;
  Operation *end = entry.getBody().front().getTerminator();
  for (unsigned number : resultsNamed(entry, wrong)) {
    Value value = end->getOperand(number);
    if (!isKnown(value))
      continue;
    suspect.op = end;
    suspect.producer = value.getDefiningOp();
    std::string from = suspect.producer ? ", by " + describe(suspect.producer) : "; it is one that the entry takes";
    suspect.what = "gives as " + boundTo(entry, number) + " another value of the program" + from;
    return suspect;
  }
  return suspect;
}

bool Blame::hasCounterpart(Operation *op) {
  const Claim &claim = local.claim(op->getResult(0));
  if (!claim.whole)
    return false;
  std::string key = placeKey(op, claim.whole->getShape());
  if (places.empty())
    for (Operation &other : *op->getBlock())
      if (other.getNumResults())
        if (const Claim &made = local.claim(other.getResult(0)); made.whole)
          ++places[placeKey(&other, made.whole->getShape())];
  return global.countAt(key) > 0;
}

/// Follows values that the global program does not have back to the ops that make them of those that it has.
void Blame::findSources(ArrayRef<Value> results, llvm::DenseSet<Operation *> &sources) {
  llvm::DenseSet<Operation *> strange;
  SmallVector<Value> work;
  auto push = [&](Value value) {
    Operation *op = value.getDefiningOp();
    if (op && !isKnown(value) && (states.lookup(op) != State::Silent || !strange.contains(op)))
      work.push_back(value);
  };
  for (Value value : results)
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
}

Suspect Blame::firstStranger(func::FuncOp entry, const llvm::StringSet<> &wrong) {
  Operation *end = entry.getBody().front().getTerminator();
  SmallVector<Value> results;
  for (unsigned number : resultsNamed(entry, wrong))
    results.push_back(end->getOperand(number));
  llvm::DenseSet<Operation *> sources;
  findSources(results.empty() ? SmallVector<Value>(end->getOperands()) : results, sources);
  auto isAny = [](Operation *) { return true; };
  Suspect suspect;
  auto choose = [&](auto isWanted) {
    for (Operation &op : entry.getBody().front())
      if (!suspect.op && sources.contains(&op) && isWanted(&op))
        suspect.op = &op;
  };
  choose([&](Operation *op) { return hasCounterpart(op); });
  choose(isAny);
  if (suspect.op)
    suspect.what = "makes a value that the global program does not have: something is missing, too much or misplaced "
                   "here or just before";
  return suspect;
}
