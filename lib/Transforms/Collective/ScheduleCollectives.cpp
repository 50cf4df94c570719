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
/// How far ahead of its place a collective may begin, whatever its data allow. Where the results are more than the
/// operands, they take memory from there on: what is gathered again for the backward pass, so that nobody keeps it,
/// must not begin in the forward pass, and it begins beside the work of one layer before its own.
class Horizon {
public:
  explicit Horizon(Operation *op)
      : phase(op->getDiscardableAttr("hf.phase")), block(op->getDiscardableAttr("hf.block")),
        grows(bytesOf(op->getResultTypes()) > bytesOf(op->getOperandTypes())) {}

  /// Asked of ops further and further ahead.
  bool includes(Operation *ahead) {
    if (!grows)
      return true;
    if (ahead->getDiscardableAttr("hf.phase") != phase)
      return isFree(ahead);
    Attribute other = ahead->getDiscardableAttr("hf.block");
    if (other == block)
      return true;
    if (!neighbour)
      neighbour = other;
    return neighbour == other;
  }

private:
  /// What says nothing of where it stands.
  static bool isFree(Operation *op) { return isa<hf::ConstantOp, dist::DoneOp>(op); }

  static int64_t bytesOf(TypeRange types) {
    int64_t bytes = 0;
    for (Type type : types)
      bytes += cast<ShapedType>(type).getNumElements() * getElementTypeOrSelf(type).getIntOrFloatBitWidth() / 8;
    return bytes;
  }

  Attribute phase, block;
  bool grows;
  std::optional<Attribute> neighbour;
};

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

  /// As far ahead as its data and its `Horizon` allow, behind the collectives that were put there before.
  void hoist(Operation *op) {
    SmallPtrSet<Operation *, 4> sources;
    for (Value operand : op->getOperands())
      sources.insert(operand.getDefiningOp());
    Horizon horizon(op);
    Operation *first = op;
    for (Operation *ahead = op->getPrevNode(); ahead && !sources.contains(ahead) && horizon.includes(ahead);
         ahead = ahead->getPrevNode())
      first = ahead;
    while (first != op && isa<dist::CollectiveOpInterface>(first))
      first = first->getNextNode();
    if (first != op)
      op->moveBefore(first);
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

  /// Where products of weights' gradients can be moved between a collective and its use, when work is ordered.
  static bool isBackward(Operation *op) {
    auto phase = op->getAttrOfType<StringAttr>("hf.phase");
    return phase && phase.getValue() == "backward";
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
    if (between == use && !isBackward(op))
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
