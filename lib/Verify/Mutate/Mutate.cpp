//===- Mutate.cpp - the table of faults, and where they can be made
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Faults.h"

#include "dialects/hf/Hf.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/SetVector.h"

using namespace hfc;
using namespace hfc::verify;

ArrayRef<FaultKind> verify::getFaultKinds() {
  static const std::vector<FaultKind> all = [] {
    std::vector<FaultKind> kinds;
    for (ArrayRef<FaultKind> some : {getRuleFaults(), getStrategyFaults(), getCollectiveFaults(), getGroupFaults(),
                                     getPieceFaults(), getNumberFaults(), getBoundaryFaults(), getScheduleFaults()})
      kinds.insert(kinds.end(), some.begin(), some.end());
    return kinds;
  }();
  return all;
}

//===----------------------------------------------------------------------===//
// Sites
//===----------------------------------------------------------------------===//

std::vector<FaultSite> verify::findFaultSites(ModuleOp module, const FaultKind &kind) {
  std::vector<FaultSite> sites;
  int64_t number = 0;
  module.walk<WalkOrder::PreOrder>([&](Operation *op) {
    for (unsigned way = 0, ways = kind.ways(op); way < ways; ++way)
      sites.push_back({&kind, number, way});
    ++number;
  });
  return sites;
}

static Operation *opOfNumber(ModuleOp module, int64_t number) {
  Operation *found = nullptr;
  module.walk<WalkOrder::PreOrder>([&](Operation *op) {
    if (number-- > 0)
      return WalkResult::advance();
    found = op;
    return WalkResult::interrupt();
  });
  return found;
}

/// A number of the rank's own lives nowhere, so it shows in what is made of it; what an entry gives shows in the entry.
/// What is missing shows where its value is used, which is not where it is moved.
static void blameWhereItShows(Mutation &mutation) {
  llvm::SetVector<Operation *> all(mutation.guilty.begin(), mutation.guilty.end());
  for (size_t i = 0; i < all.size(); ++i) {
    Operation *op = all[i];
    if (isa<func::ReturnOp>(op))
      all.insert(op->getParentOp());
    bool isSilent = isInEntry(op) && op->getNumResults() &&
                    llvm::none_of(op->getResults(), [](Value result) { return dist::getSharding(result); });
    bool isMove = mutation.isMissing && isa<dist::CollectiveOpInterface, dist::DoneOp, hf::ReshapeOp>(op);
    if (isSilent || isMove)
      all.insert(op->user_begin(), op->user_end());
  }
  mutation.guilty = all.takeVector();
}

Mutation verify::makeFault(ModuleOp module, const FaultSite &site) {
  Mutation mutation;
  Operation *op = opOfNumber(module, site.op);
  if (!op || site.way >= site.kind->ways(op))
    return mutation;
  site.kind->make(op, site.way, mutation);
  blameWhereItShows(mutation);
  return mutation;
}

//===----------------------------------------------------------------------===//
// For all kinds
//===----------------------------------------------------------------------===//

void verify::blame(Mutation &mutation, ArrayRef<Operation *> ops) {
  for (Operation *op : ops)
    if (op && !llvm::is_contained(mutation.guilty, op))
      mutation.guilty.push_back(op);
}

void verify::blameAround(Mutation &mutation, Value value) {
  blame(mutation, value.getDefiningOp());
  for (Operation *user : value.getUsers())
    blame(mutation, user);
}

void verify::replaceOp(Operation *op, ValueRange values, Mutation &mutation) {
  mutation.isMissing = true;
  for (auto [result, value] : llvm::zip_equal(op->getResults(), values)) {
    blame(mutation, value.getDefiningOp());
    for (Operation *user : result.getUsers())
      blame(mutation, user);
  }
  op->replaceAllUsesWith(values);
  op->erase();
}

void verify::exchangeReaders(Value first, Value second, Mutation &mutation) {
  for (Value value : {first, second})
    blameAround(mutation, value);
  SmallVector<OpOperand *> uses;
  for (OpOperand &use : first.getUses())
    uses.push_back(&use);
  second.replaceAllUsesWith(first);
  for (OpOperand *use : uses)
    use->set(second);
}

void verify::divert(Value value, Value other) { value.replaceAllUsesExcept(other, other.getDefiningOp()); }

bool verify::isInEntry(Operation *op) {
  auto function = dyn_cast_or_null<func::FuncOp>(op->getParentOp());
  return function && function.isPublic() && !op->hasTrait<OpTrait::IsTerminator>();
}

Value verify::floatResult(Operation *op) {
  auto type = op->getNumResults() == 1 ? dyn_cast<RankedTensorType>(op->getResultTypes()[0]) : RankedTensorType();
  return type && isa<FloatType>(type.getElementType()) ? Value(op->getResult(0)) : Value();
}

Operation *verify::copyBehind(Operation *after, Operation *op, ValueRange operands) {
  Operation *copy = op->clone();
  copy->setOperands(operands);
  copy->removeAttr("id");
  copy->removeAttr("start");
  after->getBlock()->getOperations().insertAfter(Block::iterator(after), copy);
  return copy;
}

Operation *verify::endOf(Operation *collective) {
  if (cast<dist::CollectiveOpInterface>(collective).getStart())
    for (Operation *user : collective->getUsers())
      if (isa<dist::DoneOp>(user))
        return user;
  return collective;
}

SmallVector<dist::AxisRefAttr> verify::wholeAxes(dist::MeshAttr mesh) {
  SmallVector<dist::AxisRefAttr> axes;
  for (auto [name, size] : llvm::zip_equal(mesh.getNames(), mesh.getSizes()))
    if (size > 1)
      axes.push_back(dist::AxisRefAttr::get(mesh.getContext(), name, 0, 0));
  return axes;
}

//===----------------------------------------------------------------------===//
// Megatron's
//===----------------------------------------------------------------------===//

StringRef verify::megatronBug(const FaultKind &kind, Operation *op) {
  auto collective = dyn_cast<dist::CollectiveOpInterface>(op);
  std::optional<StringRef> cause = collective ? collective.getCause() : std::nullopt;
  auto isAbout = [&](StringRef what) { return cause && cause->contains(what); };
  bool isMissing = kind.name == "collective-dropped" || kind.name == "axis-missing";
  if (isAbout("cross-entropy") && isMissing)
    return "7452-1: cross-entropy over the local vocabulary";
  if (kind.name == "reduction-kind" && (isAbout("loss") || isAbout("sum over a cut dimension")))
    return "7452-3: mean of ranks' means of unequal numbers of tokens";
  if (kind.name == "axis-too-many")
    return isAbout("gradient norm") ? "TE 715: norm counted by every rank" : "7452-4: group too large, mixes replicas";
  if (isAbout("gradient norm") && isMissing)
    return "7452-8, 5916: norm counted by some ranks only";
  if (kind.name == "collective-doubled" && isAbout("gradient"))
    return "7452-10: reduced in place, and again";
  if (isAbout("input gradient") && isMissing)
    return "ms-swift 9947: gradients of other ranks' pieces lost";
  if (isAbout("gradient") && isMissing)
    return "7452-11: partial gradients of replicas not summed";
  if (kind.name == "argument-exchanged" || kind.name == "result-exchanged")
    return "7452-12: another layer's parameters";
  return "";
}
