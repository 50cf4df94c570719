//===- KeepShardings.cpp - how ranks hold what an entry takes and gives
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Hosts cut what an entry takes and join what it gives. Where a state lives is said with its declaration; only a state
// that ranks hold as partial sums between micro-batches does so in some entries.
//
//===----------------------------------------------------------------------===//

#include "EntryPlan.h"

#include "dialects/dist/Sharding.h"
#include "dialects/rt/Rt.h"

using namespace hfc;

namespace {
/// How a state lives before and after the entry.
struct StateShardings {
  dist::ShardingAttr taken, given;

  bool isPartial() const { return (taken && taken.isPartial()) || (given && given.isPartial()); }
};
} // namespace

void memory::keepShardings(func::FuncOp from, rt::EntryOp to) {
  llvm::DenseMap<Attribute, StateShardings> states;
  llvm::DenseMap<Attribute, dist::ShardingAttr> outputs;
  for (unsigned number = 0; number < from.getNumArguments(); ++number)
    if (Attribute state = from.getArgAttr(number, "hf.state"))
      states[state].taken = from.getArgAttrOfType<dist::ShardingAttr>(number, dist::shardingName);
  for (unsigned number = 0; number < from.getNumResults(); ++number) {
    auto sharding = from.getResultAttrOfType<dist::ShardingAttr>(number, dist::shardingName);
    if (Attribute state = from.getResultAttr(number, "hf.state"))
      states[state].given = sharding;
    else if (Attribute output = from.getResultAttr(number, "hf.output"))
      outputs[output] = sharding;
  }
  for (Operation &op : to.getBody().front()) {
    if (auto output = dyn_cast<rt::OutputOp>(op))
      if (dist::ShardingAttr sharding = outputs.lookup(output.getNameAttr()))
        op.setDiscardableAttr("rt.sharding", sharding);
    auto state = dyn_cast<rt::StateOp>(op);
    StateShardings shardings = state ? states.lookup(state.getStateAttr()) : StateShardings();
    if (!shardings.isPartial())
      continue;
    Attribute taken = shardings.taken ? shardings.taken : shardings.given;
    Attribute given = shardings.given ? shardings.given : shardings.taken;
    op.setDiscardableAttr("rt.shardings", ArrayAttr::get(op.getContext(), {taken, given}));
  }
}
