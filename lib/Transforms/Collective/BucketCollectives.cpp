//===- BucketCollectives.cpp - --hfc-bucket-collectives
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Transforms/Collective/Passes.h"

#include "FlatOptimizer.h"
#include "ShardOptimizer.h"

namespace hfc {
#define GEN_PASS_DEF_BUCKETCOLLECTIVES
#include "hfc/Transforms/Collective/Passes.h.inc"
} // namespace hfc

using namespace hfc;
using namespace hfc::collective;

/// What is reduced together is updated together: the optimizer can work on the bucket.
static Attribute updateKeyOf(const Reduction &reduction) { return optimizerKeyOf(reduction.gradient.parameter); }

/// The attributes of a joined collective: each result lives as before.
static void describe(Operation *joined, const Bucket &bucket, unsigned link) {
  Builder builder(joined->getContext());
  SmallVector<Attribute> shardings;
  for (const Reduction &member : bucket.members)
    if (auto own = member.links[link]->getAttrOfType<ArrayAttr>(dist::shardingsName))
      llvm::append_range(shardings, own);
  if (shardings.size() == bucket.members.size())
    joined->setDiscardableAttr(dist::shardingsName, builder.getArrayAttr(shardings));
  if (Attribute phase = bucket.members.front().links[link]->getDiscardableAttr("hf.phase"))
    joined->setDiscardableAttr("hf.phase", phase);
}

/// Replaces the members' collectives by joined ones in front of the terminator.
static void join(const Bucket &bucket) {
  Operation *terminator = bucket.members.front().terminator;
  OpBuilder builder(terminator);
  SmallVector<Value> values;
  SmallVector<Location> locations;
  for (const Reduction &member : bucket.members) {
    values.push_back(member.gradientValue());
    locations.push_back(member.links.front()->getLoc());
  }
  Location loc = builder.getFusedLoc(locations);
  SmallVector<Type> types(ValueRange(values).getTypes());
  for (auto [link, first] : llvm::enumerate(bucket.members.front().links)) {
    Operation *joined = nullptr;
    if (auto reduce = dyn_cast<dist::AllReduceOp>(first))
      joined = dist::AllReduceOp::create(builder, loc, types, reduce.getKind(), values, reduce.getAxes(),
                                         builder.getStringAttr("gradients"), IntegerAttr(), false);
    else
      joined = dist::AgreeOp::create(builder, loc, types, values, cast<dist::AgreeOp>(first).getAxes(),
                                     builder.getStringAttr("agreed gradients"), IntegerAttr(), false);
    describe(joined, bucket, link);
    values.assign(joined->result_begin(), joined->result_end());
  }
  for (auto [member, value] : llvm::zip_equal(bucket.members, values)) {
    member.terminator->setOperand(member.result, value);
    for (Operation *link : llvm::reverse(member.links))
      link->erase();
  }
}

namespace {
class BucketCollectivesPass : public hfc::impl::BucketCollectivesBase<BucketCollectivesPass> {
public:
  using BucketCollectivesBase::BucketCollectivesBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    if (bucketBytes <= 0) {
      module.emitError("bucket-bytes must be positive, got ") << bucketBytes.getValue();
      return signalPassFailure();
    }
    FailureOr<int64_t> stage = zeroStage();
    FailureOr<TrainingProgram> program = TrainingProgram::get(module);
    if (failed(stage) || failed(program))
      return signalPassFailure();
    BucketNames names(module);
    for (func::FuncOp entry : entriesOf(module)) {
      SmallVector<Reduction> reductions = findReductions(entry, *program);
      if (*stage > 0 && failed(shard(entry, reductions, names)))
        return signalPassFailure();
      for (const Bucket &bucket : fillBuckets(reductions, bucketBytes, updateKeyOf)) {
        // One tensor is its own bucket.
        if (bucket.members.size() == 1)
          continue;
        placeInBucket(bucket, names.declare("grads", bucket));
        join(bucket);
        ++numBuckets;
      }
    }
  }

private:
  /// The option, or what the strategy has said.
  FailureOr<int64_t> zeroStage() {
    int64_t stage = zero;
    if (auto program = getOperation()->getAttrOfType<DictionaryAttr>("hf.program"); stage < 0 && program)
      if (auto said = program.getAs<IntegerAttr>("zero"))
        stage = said.getInt();
    if (stage > 1)
      return getOperation().emitError("zero=") << stage << " is not there; 0 keeps the optimizer whole, 1 divides it";
    return std::max<int64_t>(stage, 0);
  }

  /// Takes the reductions that can end with a piece out of `reductions`.
  LogicalResult shard(func::FuncOp entry, SmallVector<Reduction> &reductions, BucketNames &names) {
    SmallVector<Reduction> scattered;
    llvm::copy_if(reductions, std::back_inserter(scattered), canScatter);
    llvm::erase_if(reductions, canScatter);
    SmallVector<Bucket> buckets = fillBuckets(scattered, bucketBytes, updateKeyOf);
    numBuckets += buckets.size();
    return shardOptimizer(getOperation(), entry, buckets, names);
  }
};
} // namespace
