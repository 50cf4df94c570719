//===- NoteCosts.cpp - --hfc-note-costs
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Ledger/Passes.h"

#include "dialects/rt/Rt.h"

namespace hfc {
#define GEN_PASS_DEF_NOTECOSTS
#include "hfc/Ledger/Passes.h.inc"
} // namespace hfc

using namespace hfc;
using namespace hfc::ledger;

/// Ops that have a line in the ledger.
static bool isWork(Operation &op) { return isa<rt::LaunchOp, rt::GemmOp, rt::CopyOp, rt::CollectiveOp>(op); }

static DictionaryAttr costOf(const Line &line, const Machine *machine, Builder &builder) {
  NamedAttrList cost;
  cost.set("kind", builder.getStringAttr(line.kind));
  cost.set("flops", builder.getI64IntegerAttr(line.flops));
  cost.set("read", builder.getI64IntegerAttr(line.read));
  cost.set("written", builder.getI64IntegerAttr(line.written));
  if (machine)
    cost.set("microseconds", builder.getF64FloatAttr(line.time));
  return cost.getDictionary(builder.getContext());
}

void ledger::noteCosts(ModuleOp module, const Ledger &ledger, const Machine *machine) {
  Builder builder(module.getContext());
  StringAttr name = builder.getStringAttr("rt.cost");
  auto entry = ledger.entries.begin();
  for (auto op : module.getOps<rt::EntryOp>()) {
    auto line = (entry++)->lines.begin();
    for (Operation &work : op.getBody().front())
      if (isWork(work)) {
        if (!work.hasAttr(name))
          work.setAttr(name, costOf(*line, machine, builder));
        ++line;
      }
  }
  if (machine)
    module->setAttr("rt.machine", builder.getStringAttr(machine->name));
}

namespace {
class NoteCostsPass : public hfc::impl::NoteCostsBase<NoteCostsPass> {
public:
  using NoteCostsBase::NoteCostsBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    if (isNoted(module))
      return markAllAnalysesPreserved();
    Ledger ledger = account(module);
    if (machine.empty())
      return noteCosts(module, ledger, nullptr);
    llvm::Expected<Machine> read = Machine::read(machine);
    if (!read) {
      module.emitError("option 'machine': ") << llvm::toString(read.takeError());
      return signalPassFailure();
    }
    estimateTimes(ledger, *read);
    noteCosts(module, ledger, &*read);
  }

private:
  static bool isNoted(ModuleOp module) {
    for (auto entry : module.getOps<rt::EntryOp>())
      for (Operation &op : entry.getBody().front())
        if (isWork(op) && !op.hasAttr("rt.cost"))
          return false;
    return true;
  }
};
} // namespace
