//===- PlanCollectiveScratch.cpp - --hfc-plan-collective-scratch
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CollectivePlan.h"
#include "hfc/Conversion/Passes.h"

#include "llvm/Support/MathExtras.h"

namespace hfc {
#define GEN_PASS_DEF_PLANCOLLECTIVESCRATCH
#include "hfc/Conversion/Passes.h.inc"
} // namespace hfc

using namespace hfc;

namespace {
class PlanCollectiveScratchPass : public hfc::impl::PlanCollectiveScratchBase<PlanCollectiveScratchPass> {
public:
  using PlanCollectiveScratchBase::PlanCollectiveScratchBase;

  void runOnOperation() override {
    BucketTable buckets(getOperation());
    for (auto entry : getOperation().getOps<rt::EntryOp>())
      if (failed(plan(entry, buckets)))
        return signalPassFailure();
  }

private:
  /// Beyond this a size is a mistake.
  static constexpr int64_t maxArena = int64_t(1) << 48;

  /// Collectives run one after the other, whatever their streams: one piece of memory serves all of an entry.
  LogicalResult plan(rt::EntryOp entry, const BucketTable &buckets) {
    int64_t begin = entry.getArena(), most = 0;
    for (auto op : entry.getBody().getOps<rt::CollectiveOp>()) {
      FailureOr<CollectivePlan> plan = planCollective(op, buckets);
      if (failed(plan))
        return failure();
      if (plan->scratchBytes == 0 || op.getScratch())
        continue;
      most = std::max(most, plan->scratchBytes);
      if (most > maxArena - begin)
        return op.emitOpError("needs ") << plan->scratchBytes << " bytes of scratch memory, more than any GPU has";
      give(op, begin, plan->scratchBytes);
    }
    entry.setArena(begin + most);
    scratchBytes.updateMax(most);
    return success();
  }

  void give(rt::CollectiveOp op, int64_t offset, int64_t bytes) {
    OpBuilder builder(op);
    Type element = cast<MemRefType>(op.getIns()[0].getType()).getElementType();
    int64_t elements = bytes * 8 / element.getIntOrFloatBitWidth();
    auto buffer = rt::ArenaOp::create(builder, op.getLoc(), MemRefType::get({elements}, element), offset);
    op.getScratchMutable().assign(buffer.getBuffer());
    ++numCollectives;
  }
};
} // namespace
