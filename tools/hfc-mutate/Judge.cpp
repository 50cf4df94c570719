//===- Judge.cpp - whether a fault counts, and whether it is found
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Judge.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <chrono>

using namespace hfc;
using verify::FaultLevel;

StringRef hfc::nameOf(Outcome outcome) {
  static constexpr StringLiteral names[] = {"caught", "survived", "equivalent", "false alarm", "refused"};
  return names[static_cast<size_t>(outcome)];
}

static bool isNamed(const Finding &finding, ArrayRef<Operation *> guilty) {
  for (Operation *op : {finding.op, finding.producer})
    if (op && llvm::is_contained(guilty, op))
      return true;
  return llvm::any_of(guilty, [&](Operation *op) {
    int64_t number = Numbering::numberOf(op->getLoc());
    return number >= 0 && llvm::is_contained(finding.numbers, number);
  });
}

/// A program with equal numbers that nobody runs may still break what it says of itself.
void Judge::decide(bool violatesDeclaration, Judgement &judgement) const {
  bool counts = judgement.isDifferent || violatesDeclaration;
  if (judgement.first)
    judgement.outcome = counts ? Outcome::Caught : Outcome::FalseAlarm;
  else
    judgement.outcome = counts ? Outcome::Survived : Outcome::Equivalent;
}

//===----------------------------------------------------------------------===//
// What ranks run
//===----------------------------------------------------------------------===//

static Finding checkDeclarations(ModuleOp local) {
  Finding finding = checkOps(local);
  return finding ? finding : checkDistribution(local);
}

void Judge::judgeLocal(const verify::FaultSite &site, ModuleOp mutant, ArrayRef<Operation *> guilty,
                       Judgement &judgement) {
  judgement.first = checkDeclarations(mutant);
  bool violatesDeclaration = static_cast<bool>(judgement.first);
  Finding running = checkPartition(*programs.global, mutant, seed, /*isConfirmed=*/false);
  judgement.isFoundByRunning = static_cast<bool>(running);
  judgement.isNamedByRunning = isNamed(running, guilty);
  if (!judgement.first)
    judgement.first = running;
  OwningOpRef<ModuleOp> small(programs.small.local->clone());
  (void)verify::makeFault(*small, site);
  judgement.isDifferent = differInFloat64(*programs.small.global, *small, judgement.entry);
  // What small sizes do not show the given ones may.
  bool isDoubtful = !judgement.isDifferent && !violatesDeclaration;
  if (isDoubtful)
    judgement.isDifferent = differInFloat64(*programs.global, mutant, judgement.entry);
  // The compiler has the last word where small sizes mislead.
  if (isDoubtful && !judgement.isDifferent && running)
    judgement.first = checkPartition(*programs.global, mutant, seed, /*isConfirmed=*/true);
  decide(violatesDeclaration, judgement);
}

//===----------------------------------------------------------------------===//
// Rules and strategies
//===----------------------------------------------------------------------===//

/// What was made of the guilty ops, and what stands next to that.
static SmallVector<Operation *> descendants(ModuleOp module, ArrayRef<Operation *> guilty) {
  llvm::DenseSet<int64_t> numbers;
  for (Operation *op : guilty)
    numbers.insert(Numbering::numberOf(op->getLoc()));
  SmallVector<Operation *> found;
  module.walk([&](Operation *op) {
    if (isa<ModuleOp>(op) || !numbers.contains(Numbering::numberOf(op->getLoc())))
      return;
    found.push_back(op);
    found.append(op->user_begin(), op->user_end());
    for (Value operand : op->getOperands())
      if (Operation *maker = operand.getDefiningOp())
        found.push_back(maker);
  });
  return found;
}

/// With small sizes, where both programs can have them.
static bool differ(const Lowered &lowered) {
  FailureOr<verify::Shrunk> small = verify::shrink(*lowered.global, *lowered.local);
  if (failed(small))
    return differInFloat64(*lowered.global, *lowered.local, "");
  return differInFloat64(*small->global, *small->local, "");
}

void Judge::judgeLowered(ModuleOp mutant, ArrayRef<Operation *> guilty, Judgement &judgement) {
  judgement.first = checkOps(mutant);
  if (judgement.first) {
    judgement.isNamed = isNamed(judgement.first, guilty);
    return decide(/*violatesDeclaration=*/true, judgement);
  }
  Lowered lowered;
  bool violates = false;
  judgement.first = listen("refused", mutant.getContext(), [&]() -> LogicalResult {
    FailureOr<Lowered> made = lowerToLocal(mutant, violates);
    if (failed(made))
      return failure();
    lowered = std::move(*made);
    return success();
  });
  if (judgement.first && !violates) {
    judgement.outcome = Outcome::Refused;
    return;
  }
  if (judgement.first) {
    judgement.first.check = "ops";
    judgement.isNamed = isNamed(judgement.first, guilty);
    return decide(/*violatesDeclaration=*/true, judgement);
  }
  judgement.first = checkDeclarations(*lowered.local);
  bool violatesDeclaration = static_cast<bool>(judgement.first);
  SmallVector<Operation *> all = descendants(*lowered.local, guilty);
  Finding running = checkPartition(*lowered.global, *lowered.local, seed, /*isConfirmed=*/true);
  judgement.isFoundByRunning = static_cast<bool>(running);
  judgement.isNamedByRunning = isNamed(running, all);
  if (!judgement.first)
    judgement.first = running;
  judgement.isDifferent = differ(lowered);
  judgement.isNamed = isNamed(judgement.first, all);
  decide(violatesDeclaration, judgement);
}

//===----------------------------------------------------------------------===//
// Schedules
//===----------------------------------------------------------------------===//

void Judge::judgeSchedule(ModuleOp mutant, ArrayRef<Operation *> guilty, Judgement &judgement) {
  judgement.first = checkOps(mutant);
  if (!judgement.first)
    judgement.first = checkSchedule(mutant);
  // A random order says something only where the program without faults gives the same in any.
  constexpr unsigned orders = 4, manyOrders = 16;
  if (!judgement.first)
    judgement.isDifferent = differInFloat64(*programs.schedule, mutant, judgement.entry, /*anyOrder=*/0) ||
                            (differInFloat64(*programs.schedule, mutant, judgement.entry, orders) &&
                             !differInFloat64(*programs.schedule, *programs.schedule, judgement.entry, manyOrders));
  decide(/*violatesDeclaration=*/static_cast<bool>(judgement.first), judgement);
}

//===----------------------------------------------------------------------===//
// All
//===----------------------------------------------------------------------===//

std::string Judge::checkClean() {
  for (const Finding &finding :
       {checkDeclarations(*programs.local), checkPartition(*programs.global, *programs.local, seed, true),
        checkOps(*programs.schedule), checkSchedule(*programs.schedule)})
    if (finding)
      return finding.check + ": " + finding.message;
  if (differInFloat64(*programs.small.global, *programs.small.local, ""))
    return "float64: what ranks run is not the program";
  return "";
}

static std::string placeOf(Operation *op) {
  auto name = dyn_cast<NameLoc>(op->getLoc());
  std::string place = "'" + op->getName().getStringRef().str() + "'";
  return name && !name.getName().empty() ? place + " at " + name.getName().str() : place;
}

static std::string entryOf(Operation *op) {
  auto function = dyn_cast<func::FuncOp>(op);
  if (!function)
    function = op->getParentOfType<func::FuncOp>();
  if (function)
    return function.getName().str();
  auto name = op->getParentOp() ? op->getParentOp()->getAttrOfType<StringAttr>("sym_name") : StringAttr();
  return name ? name.getValue().str() : "";
}

Judgement Judge::judge(const verify::FaultSite &site) {
  auto start = std::chrono::steady_clock::now();
  Judgement judgement;
  OwningOpRef<ModuleOp> mutant(programs.at(site.kind->level).clone());
  int64_t number = 0;
  mutant->walk<WalkOrder::PreOrder>([&](Operation *op) {
    if (number++ != site.op)
      return WalkResult::advance();
    judgement.place = placeOf(op);
    judgement.entry = entryOf(op);
    judgement.megatron = verify::megatronBug(*site.kind, op);
    return WalkResult::interrupt();
  });
  verify::Mutation mutation = verify::makeFault(*mutant, site);
  judgement.what = mutation.what;
  Numbering numbering(*mutant);
  if (site.kind->level == FaultLevel::Local)
    judgeLocal(site, *mutant, mutation.guilty, judgement);
  else if (site.kind->level == FaultLevel::Schedule)
    judgeSchedule(*mutant, mutation.guilty, judgement);
  else
    judgeLowered(*mutant, mutation.guilty, judgement);
  judgement.isNamed |= isNamed(judgement.first, mutation.guilty);
  judgement.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return judgement;
}
