//===- Schedule.cpp - --hfc-schedule
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Transforms/Memory/Passes.h"

#include "EntryPlan.h"
#include "dialects/rt/Rt.h"
#include <vector>

namespace hfc {
#define GEN_PASS_DEF_SCHEDULE
#include "hfc/Transforms/Memory/Passes.h.inc"
} // namespace hfc

using namespace hfc;
using namespace hfc::memory;

namespace {
class SchedulePass : public hfc::impl::ScheduleBase<SchedulePass> {
public:
  using ScheduleBase::ScheduleBase;

  void runOnOperation() override {
    SmallVector<func::FuncOp> entries;
    for (auto func : getOperation().getOps<func::FuncOp>())
      if (func.isPublic() && !func.isDeclaration())
        entries.push_back(func);
    Bodies bodies(getOperation());
    std::vector<EntryPlan> plans;
    for (func::FuncOp entry : entries)
      if (failed(schedule(entry, bodies, plans.emplace_back())))
        return signalPassFailure();
    for (EntryPlan &plan : plans)
      emitEntry(plan);
  }

private:
  LogicalResult schedule(func::FuncOp entry, Bodies &bodies, EntryPlan &plan) {
    if (!entry.getBody().hasOneBlock())
      return entry.emitOpError("is an entry, and entries have one block");
    plan.entry = entry;
    plan.aloneFlops = aloneFlops;
    if (failed(collectWork(plan, bodies)) || failed(orderWork(plan, bodies)) || failed(planMemory(plan, bodies)))
      return failure();
    numWorks += plan.works.size();
    numInPlace += plan.inPlace;
    arenaBytes.updateMax(plan.arena);
    liveBytes.updateMax(plan.lowerBound);
    return success();
  }
};
} // namespace
