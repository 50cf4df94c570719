//===- ScheduleCollectives.cpp - --hfc-schedule-collectives
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Transforms/Collective/Passes.h"

#include "TrainingProgram.h"
#include "dialects/dist/Dist.h"

namespace hfc {
#define GEN_PASS_DEF_SCHEDULECOLLECTIVES
#include "hfc/Transforms/Collective/Passes.h.inc"
} // namespace hfc

using namespace hfc;
using namespace hfc::collective;

namespace {
/// Moves and splits the collectives of one block.
class EntryScheduler {
public:
  explicit EntryScheduler(func::FuncOp entry) : block(entry.getBody().front()) {}

  LogicalResult run(int64_t &nextId) {
    for (Operation &op : block)
      if (auto reshard = dyn_cast<dist::ReshardOp>(op))
        return reshard.emitOpError("is not yet a collective; run --hfc-materialize-shardings first");
    for (dist::CollectiveOpInterface op : collectives())
      if (!op.getStart())
        hoist(op);
    number(nextId);
    // Splitting is last, so that what stands between a collective and its use does not change any more.
    for (dist::CollectiveOpInterface op : collectives())
      if (!op.getStart())
        split(op);
    return success();
  }

  unsigned count = 0, started = 0;

private:
  SmallVector<dist::CollectiveOpInterface> collectives() {
    return SmallVector<dist::CollectiveOpInterface>(block.getOps<dist::CollectiveOpInterface>());
  }

  /// Behind the last op that `op` needs, and behind the collectives that were put there before.
  void hoist(Operation *op) {
    Operation *last = nullptr;
    for (Value operand : op->getOperands())
      if (Operation *source = operand.getDefiningOp(); source && (!last || last->isBeforeInBlock(source)))
        last = source;
    Operation *next = last ? last->getNextNode() : &block.front();
    while (next != op && isa<dist::CollectiveOpInterface>(next))
      next = next->getNextNode();
    if (next != op)
      op->moveBefore(next);
  }

  void number(int64_t &nextId) {
    for (dist::CollectiveOpInterface op : collectives()) {
      op->setAttr("id", IntegerAttr::get(IntegerType::get(op.getContext(), 64), nextId++));
      ++count;
    }
  }

  /// Ops that cost nothing, beside which nothing can run.
  static bool isWork(Operation *op) {
    return !isa<hf::ReshapeOp, hf::ConstantOp, dist::CollectiveOpInterface, dist::DoneOp, dist::AxisIndexOp>(op);
  }

  void split(dist::CollectiveOpInterface op) {
    Operation *use = nullptr;
    for (Operation *user : op->getUsers())
      if (!use || user->isBeforeInBlock(use))
        use = user;
    if (!use)
      return;
    Operation *between = op->getNextNode();
    while (between != use && !isWork(between))
      between = between->getNextNode();
    if (between == use)
      return;
    OpBuilder builder(use);
    auto done = dist::DoneOp::create(builder, op.getLoc(), op->getResultTypes(), op->getResults());
    op->replaceUsesWithIf(done.getResults(), [&](OpOperand &operand) { return operand.getOwner() != done; });
    for (StringRef name : {"dist.shardings", "hf.block", "hf.phase"})
      if (Attribute attribute = op->getDiscardableAttr(name))
        done->setDiscardableAttr(name, attribute);
    op->setAttr("start", builder.getUnitAttr());
    ++started;
  }

  Block &block;
};

class ScheduleCollectivesPass : public hfc::impl::ScheduleCollectivesBase<ScheduleCollectivesPass> {
public:
  using ScheduleCollectivesBase::ScheduleCollectivesBase;

  void runOnOperation() override {
    int64_t nextId = 0;
    for (func::FuncOp entry : entriesOf(getOperation())) {
      EntryScheduler scheduler(entry);
      if (failed(scheduler.run(nextId)))
        return signalPassFailure();
      numCollectives += scheduler.count;
      numStarted += scheduler.started;
    }
  }
};
} // namespace
