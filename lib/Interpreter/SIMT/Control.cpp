//===- Control.cpp - control flow under masks
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Machine.h"

#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace hfc;
using namespace hfc::simt;

static LogicalResult runIf(Machine &machine, scf::IfOp op, const Mask &mask) {
  for (bool sense : {true, false}) {
    Region &region = sense ? op.getThenRegion() : op.getElseRegion();
    Mask side = machine.select(mask, op.getCondition(), sense);
    if (region.empty() || side.count == 0)
      continue;
    if (failed(machine.run(region.front(), side)))
      return failure();
    machine.assign(op.getResults(), region.front().getTerminator()->getOperands(), side);
  }
  return success();
}

/// Threads leave the loop one by one; the body runs for those that are still in it.
static LogicalResult runFor(Machine &machine, scf::ForOp op, const Mask &mask) {
  Block &body = *op.getBody();
  machine.assign(op.getInductionVar(), op.getLowerBound(), mask);
  machine.assign(op.getRegionIterArgs(), op.getInits(), mask);
  std::vector<int64_t> &counter = machine.at(op.getInductionVar()).integers;
  const std::vector<int64_t> &upper = machine.at(op.getUpperBound()).integers;
  const std::vector<int64_t> &step = machine.at(op.getStep()).integers;
  Mask inside = mask;
  while (true) {
    inside.count = 0;
    for (int64_t thread = 0; thread < machine.threads; ++thread) {
      if (inside[thread] && step[thread] <= 0)
        return machine.error(op, thread) << "the loop's step is not positive";
      inside.on[thread] &= counter[thread] < upper[thread];
      inside.count += inside.on[thread];
    }
    if (inside.count == 0)
      break;
    if (failed(machine.run(body, inside)))
      return failure();
    machine.assign(op.getRegionIterArgs(), body.getTerminator()->getOperands(), inside);
    for (int64_t thread = 0; thread < machine.threads; ++thread)
      if (inside[thread])
        counter[thread] += step[thread];
  }
  machine.assign(op.getResults(), op.getRegionIterArgs(), mask);
  return success();
}

static LogicalResult runWhile(Machine &machine, scf::WhileOp op, const Mask &mask) {
  machine.assign(op.getBeforeArguments(), op.getInits(), mask);
  Mask inside = mask;
  while (inside.count) {
    if (failed(machine.run(*op.getBeforeBody(), inside)))
      return failure();
    scf::ConditionOp condition = op.getConditionOp();
    // Those that leave have their results here; the others overwrite theirs later.
    machine.assign(op.getResults(), condition.getArgs(), inside);
    inside = machine.select(inside, condition.getCondition(), true);
    if (inside.count == 0)
      break;
    machine.assign(op.getAfterArguments(), condition.getArgs(), inside);
    if (failed(machine.run(*op.getAfterBody(), inside)))
      return failure();
    machine.assign(op.getBeforeArguments(), op.getYieldOp().getOperands(), inside);
  }
  return success();
}

void hfc::simt::addControlHandlers(HandlerTable &table) {
  addHandler<scf::IfOp>(table, runIf);
  addHandler<scf::ForOp>(table, runFor);
  addHandler<scf::WhileOp>(table, runWhile);
  // The op around takes what these carry.
  auto nothing = [](Machine &, auto, const Mask &) { return success(); };
  addHandler<scf::YieldOp>(table, nothing);
  addHandler<scf::ConditionOp>(table, nothing);
  addHandler<gpu::ReturnOp>(table, nothing);
}
