//===- OrderWork.cpp - the order in which an entry issues its work
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "WorkOrder.h"

#include "llvm/ADT/STLExtras.h"

#include <queue>

using namespace hfc;
using namespace hfc::memory;

Dependences::Dependences(const EntryPlan &plan, bool ordered)
    : users(plan.works.size()), pending(plan.works.size(), 0) {
  for (const Version &version : plan.versions) {
    for (unsigned reader : version.readers) {
      add(version.writer, reader);
      add(reader, version.overwriter);
      // A collective that was begun reads until it is done.
      if (plan.works[reader].kind == Work::Kind::collective && version.overwriter != reader)
        add(plan.works[reader].partner, version.overwriter);
    }
    add(version.writer, version.overwriter);
  }
  unsigned previous = none;
  for (auto [number, work] : llvm::enumerate(plan.works))
    if (ordered && (work.kind == Work::Kind::collective || work.kind == Work::Kind::done)) {
      add(previous, number);
      previous = number;
    }
}

void Dependences::add(unsigned before, unsigned after) {
  if (before == none || after == none || before == after)
    return;
  users[before].push_back(after);
  ++pending[after];
}

static std::string describe(const Work &work) {
  if (auto call = dyn_cast_or_null<func::CallOp>(work.op))
    return ("@" + call.getCallee()).str();
  return work.op ? work.op->getName().getStringRef().str() : "a copy to an output";
}

/// Says which state cannot be updated in place. Some such state is on every cycle, as data flow has none.
static LogicalResult reportCycle(EntryPlan &plan, ArrayRef<unsigned> pending) {
  for (const Version &version : plan.versions) {
    if (version.overwriter == none || pending[version.overwriter] == 0)
      continue;
    for (unsigned reader : version.readers) {
      if (reader == version.overwriter || pending[reader] == 0)
        continue;
      const Work &update = plan.works[version.overwriter], &read = plan.works[reader];
      auto diagnostic = emitError(update.loc)
                        << "state " << plan.buffers[version.buffer].what
                        << " cannot be updated in place: " << describe(update) << " overwrites a value that "
                        << describe(read)
                        << " reads, which itself needs the update; read the state before it is updated";
      diagnostic.attachNote(read.loc) << "the old value is read here";
      return failure();
    }
  }
  return emitError(plan.entry.getLoc()) << "the work of entry @" << plan.entry.getName() << " cannot be ordered";
}

/// Work is issued in program order, where its data allow.
static void orderAsGiven(EntryPlan &plan, Dependences &dependences) {
  std::priority_queue<unsigned, std::vector<unsigned>, std::greater<unsigned>> ready;
  for (unsigned work : llvm::seq<unsigned>(0, plan.works.size()))
    if (dependences.pending[work] == 0)
      ready.push(work);
  while (!ready.empty()) {
    unsigned work = ready.top();
    ready.pop();
    plan.order.push_back(work);
    for (unsigned user : dependences.users[work])
      if (--dependences.pending[user] == 0)
        ready.push(user);
  }
}

/// A collective that is waited for at once is not begun.
static void joinIdleCollectives(EntryPlan &plan) {
  for (size_t i = 0; i + 1 < plan.order.size(); ++i) {
    Work &work = plan.works[plan.order[i]];
    if (work.kind != Work::Kind::collective || work.partner != plan.order[i + 1])
      continue;
    plan.works[work.partner].partner = none;
    work.partner = none;
  }
}

LogicalResult memory::orderWork(EntryPlan &plan, Bodies &bodies) {
  Dependences dependences(plan, /*ordered=*/true);
  orderAsGiven(plan, dependences);
  if (plan.order.size() != plan.works.size())
    return reportCycle(plan, dependences.pending);
  hideCollectives(plan, bodies);
  joinIdleCollectives(plan);
  return success();
}
