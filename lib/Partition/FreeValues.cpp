//===- FreeValues.cpp - what costs nothing to make again
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lib/Partition/FreeValues.h"
#include "lib/Partition/Plan.h"

#include "dialects/hf/Hf.h"

using namespace hfc;
using namespace hfc::dist;
using namespace hfc::partition;

bool FreeValues::isFree(Value value) {
  Operation *op = value.getDefiningOp();
  if (!op || op->getNumResults() != 1)
    return false;
  auto [entry, isNew] = free.try_emplace(value, false);
  if (!isNew)
    return entry->second;
  bool result = isa<hf::ConstantOp, hf::IotaOp, hf::BroadcastOp>(op);
  bool isCheap = op->hasTrait<OpTrait::Elementwise>() &&
                 !isa<hf::ExpOp, hf::LogOp, hf::TanhOp, hf::ErfOp, hf::SinOp, hf::CosOp, hf::PowOp, hf::SqrtOp>(op);
  if (!result && (isCheap || isa<hf::ReshapeOp>(op)))
    result = llvm::all_of(op->getOperands(), [&](Value operand) { return isFree(operand); });
  free[value] = result;
  return result;
}

/// Whether `to` is `from`, or cuts what is whole.
static bool onlyCuts(ShardingAttr from, ShardingAttr to) {
  if (from.isPartial() || to.isPartial())
    return false;
  return llvm::all_of(llvm::zip_equal(from.getDims(), to.getDims()), [](auto pair) {
    auto [before, after] = pair;
    return before.empty() || before == after;
  });
}

bool FreeValues::canMake(Value value, ShardingAttr to) {
  if (isZero(value))
    return true; // of any sum as well
  if (to.isPartial() || !isFree(value))
    return false;
  Operation *op = value.getDefiningOp();
  OpPlan plan = planOp(op, placement, {to});
  if (plan.results.front() != to)
    return false;
  return llvm::all_of(llvm::zip_equal(op->getOperands(), plan.operands), [&](auto pair) {
    auto [operand, sharding] = pair;
    return onlyCuts(placement.get(operand), sharding) || canMake(operand, sharding);
  });
}
