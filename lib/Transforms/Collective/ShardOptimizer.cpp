//===- ShardOptimizer.cpp - ZeRO: each rank updates its piece of a bucket
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ShardOptimizer.h"

#include "FlatOptimizer.h"

#include "llvm/Support/MathExtras.h"

using namespace hfc;
using namespace hfc::collective;
using dist::ShardingAttr;

bool collective::canScatter(const Reduction &reduction) {
  auto reduce = dyn_cast<dist::AllReduceOp>(reduction.links.front());
  return reduce && reduce.getKind() == dist::ReductionKind::sum;
}

namespace {
class OptimizerSharder {
public:
  OptimizerSharder(ModuleOp module, func::FuncOp last, BucketNames &names)
      : module(module), last(last), names(names), optimizer(module, names), builder(module.getContext()) {}

  LogicalResult run(ArrayRef<Bucket> buckets);

private:
  LogicalResult findOptimizer(ArrayRef<Bucket> buckets);
  FlatUpdate divide(const Bucket &bucket);
  void scatterGradients(const Bucket &bucket, const FlatUpdate &piece);
  void gatherParameters(const FlatUpdate &piece, Value updated);

  static dist::AxisListAttr groupOf(const Bucket &bucket) {
    return cast<dist::AllReduceOp>(bucket.members.front().links.front()).getAxes();
  }

  ModuleOp module;
  func::FuncOp last;
  BucketNames &names;
  FlatOptimizer optimizer;
  OpBuilder builder;
};
} // namespace

LogicalResult OptimizerSharder::findOptimizer(ArrayRef<Bucket> buckets) {
  std::optional<std::string> problem = optimizer.find();
  for (const Bucket &bucket : buckets)
    for (const Reduction &member : bucket.members) {
      hf::StateOp state = member.gradient.state;
      if (!problem && !optimizer.updateOf(state))
        problem = ("has no hf.adamw of " + symbolOf(state).getValue()).str();
    }
  if (!problem)
    return success();
  if (!optimizer.entry())
    return module.emitError("ZeRO divides the optimizer's work, but ") << *problem << "; run --hfc-add-optimizer first";
  return optimizer.entry().emitOpError(*problem)
         << "; so that ZeRO can divide it, it must be as --hfc-add-optimizer leaves it";
}

/// Each rank of the group that reduces the gradients gets a piece of the bucket.
FlatUpdate OptimizerSharder::divide(const Bucket &bucket) {
  FlatUpdate flat;
  for (const Reduction &member : bucket.members)
    flat.members.push_back(member.gradient);
  dist::AxisListAttr group = groupOf(bucket);
  int64_t ranks = dist::sizeOf(group.getAxes(), dist::meshOf(module));
  flat.elements = flatSizeFor(llvm::divideCeil(bucket.elements(), ranks));
  flat.sharding = optimizer.shardingOf(flat.members.front().parameter, group, flat.elements);
  placeInBucket(bucket, names.declare("grads", bucket, flat.elements * ranks));
  optimizer.declare(flat, flat.elements * ranks);
  flat.parameters->setAttr("hf.group", group);
  for (const Gradient &member : flat.members) {
    hf::StateOp accumulator = member.state;
    accumulator->setAttr("hf.role", builder.getStringAttr("accumulator"));
  }
  return flat;
}

/// In `last_micro_step`: the bucket's gradients stay as they are, sums of this rank; their piece is the result.
void OptimizerSharder::scatterGradients(const Bucket &bucket, const FlatUpdate &flat) {
  SmallVector<Value> values;
  SmallVector<Location> locations;
  for (const Reduction &member : bucket.members) {
    Value value = member.gradientValue();
    values.push_back(value);
    locations.push_back(member.links.front()->getLoc());
    if (ShardingAttr partial = dist::getSharding(value))
      last.setResultAttr(member.result, dist::shardingName, partial);
    member.terminator->setOperand(member.result, value);
  }
  builder.setInsertionPoint(last.getBody().front().getTerminator());
  Location loc = builder.getFusedLoc(locations);
  hf::StateOp gradient = flat.gradient;
  auto annotate = [&](Value piece) {
    optimizer.annotate(piece, flat.sharding);
    piece.getDefiningOp()->setDiscardableAttr("hf.phase", builder.getStringAttr("backward"));
  };
  Value piece =
      dist::ReduceScatterBucketOp::create(builder, loc, gradient.getType(), dist::ReductionKind::sum, values,
                                          groupOf(bucket), builder.getStringAttr("gradients"), IntegerAttr(), false);
  annotate(piece);
  for (Operation *link : ArrayRef(bucket.members.front().links).drop_front()) {
    piece = dist::AgreeOp::create(builder, loc, piece.getType(), piece, cast<dist::AgreeOp>(link).getAxes(),
                                  builder.getStringAttr("agreed gradients"), IntegerAttr(), false)
                .getResult(0);
    annotate(piece);
  }
  for (const Reduction &member : bucket.members)
    for (Operation *link : llvm::reverse(member.links))
      link->erase();
  FlatOptimizer::addResult(last, piece, flat.gradient, flat.sharding);
}

/// `optimizer_step` returns the parameters as all ranks' pieces make them.
void OptimizerSharder::gatherParameters(const FlatUpdate &flat, Value updated) {
  SmallVector<Type> types;
  SmallVector<ShardingAttr> shardings;
  llvm::DenseMap<Attribute, unsigned> numbers;
  for (const Gradient &member : flat.members) {
    hf::ParameterOp parameter = member.parameter;
    auto type = cast<RankedTensorType>(parameter.getType());
    auto own = parameter->getAttrOfType<ShardingAttr>(dist::shardingName);
    numbers[symbolOf(parameter)] = types.size();
    types.push_back(type);
    shardings.push_back(own ? own : ShardingAttr::replicated(module.getContext(), type.getRank()));
  }
  func::FuncOp entry = optimizer.entry();
  Operation *terminator = entry.getBody().front().getTerminator();
  builder.setInsertionPoint(terminator);
  hf::BucketOp bucket = flat.parameters;
  auto gather = dist::AllGatherBucketOp::create(builder, updated.getLoc(), types, updated,
                                                bucket->getAttrOfType<dist::AxisListAttr>("hf.group"),
                                                builder.getStringAttr("updated parameters"), IntegerAttr(), false);
  optimizer.annotate(gather, shardings);
  for (OpOperand &returned : terminator->getOpOperands())
    if (auto name = entry.getResultAttrOfType<FlatSymbolRefAttr>(returned.getOperandNumber(), "hf.parameter"))
      if (auto number = numbers.find(name); number != numbers.end())
        returned.set(gather.getResult(number->second));
}

LogicalResult OptimizerSharder::run(ArrayRef<Bucket> buckets) {
  if (buckets.empty())
    return success();
  if (failed(findOptimizer(buckets)))
    return failure();
  SmallVector<FlatUpdate> pieces;
  for (const Bucket &bucket : buckets) {
    pieces.push_back(divide(bucket));
    optimizer.takeStates(pieces.back());
    scatterGradients(bucket, pieces.back());
  }
  optimizer.replaceNorm(pieces);
  for (const FlatUpdate &piece : pieces)
    gatherParameters(piece, optimizer.update(piece));
  return optimizer.dropReplaced(pieces);
}

LogicalResult collective::shardOptimizer(ModuleOp module, func::FuncOp last, ArrayRef<Bucket> buckets,
                                         BucketNames &names) {
  return OptimizerSharder(module, last, names).run(buckets);
}
