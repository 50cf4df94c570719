//===- SizeRelations.cpp - how the sizes of hf ops depend on each other
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Most ops compute the same whatever their sizes are, as long as dimensions correspond as their sharding rules say.
// What is here says more: of sums, bounds and numbers in attributes.
//
//===----------------------------------------------------------------------===//

#include "dialects/hf/ShardingRules.h"
#include "dialects/hf/TensorBuilder.h"
#include "dialects/hf/Verify.h"

using namespace hfc;
using namespace hfc::hf;
using dist::Size;
using dist::SizeRelations;
using dist::SizeRelationsOpInterface;

namespace {

/// What the sharding rule says.
struct ByRuleModel : SizeRelationsOpInterface::FallbackModel<ByRuleModel> {
  void relateSizes(Operation *, SizeRelations &sizes) const { sizes.byRule(); }
};

template <typename OpTy, void (*relate)(OpTy, SizeRelations &)>
struct RelationsModel : SizeRelationsOpInterface::ExternalModel<RelationsModel<OpTy, relate>, OpTy> {
  void relateSizes(Operation *op, SizeRelations &sizes) const { relate(cast<OpTy>(op), sizes); }
};

} // namespace

static unsigned lastDim(Value value) { return shapeOf(value).size() - 1; }

/// `whole` is made of `parts` and what else there is in it.
static void relatePart(SizeRelations &sizes, Size whole, ArrayRef<Size> some) {
  SmallVector<Size> parts(some);
  int64_t rest = sizes.valueOf(whole);
  for (Size part : parts)
    rest -= sizes.valueOf(part);
  if (rest > 0)
    parts.push_back(sizes.fresh(rest));
  if (rest >= 0)
    sizes.sum(whole, parts);
}

//===----------------------------------------------------------------------===//
// Shapes
//===----------------------------------------------------------------------===//

static void relateSlice(SliceOp op, SizeRelations &sizes) {
  sizes.byRule();
  for (auto [dim, offset] : llvm::enumerate(op.getOffsets())) {
    Size whole = sizes.operand(0, dim), part = sizes.result(0, dim);
    if (sizes.valueOf(whole) == sizes.valueOf(part))
      continue;
    SmallVector<Size> parts{part};
    if (offset > 0)
      parts.push_back(sizes.attribute("offsets", dim));
    relatePart(sizes, whole, parts);
  }
}

static void relateConcat(ConcatOp op, SizeRelations &sizes) {
  sizes.byRule();
  SmallVector<Size> parts;
  for (unsigned input = 0; input < op.getInputs().size(); ++input)
    parts.push_back(sizes.operand(input, op.getDim()));
  sizes.sum(sizes.result(0, op.getDim()), parts);
}

/// Elements keep their places, so that only sizes that both shapes have may change.
static void relateReshape(ReshapeOp op, SizeRelations &sizes) {
  sizes.byRule();
  FailureOr<dist::Rule> rule = dist::getRule(op);
  if (failed(rule))
    return;
  auto keepUnrelated = [&](const dist::Rule::Tensor &tensor, bool isOperand) {
    for (auto [dim, factors] : llvm::enumerate(tensor))
      if (llvm::any_of(factors, [&](unsigned factor) { return rule->roles[factor] == dist::Rule::Role::whole; }))
        sizes.keep(isOperand ? sizes.operand(0, dim) : sizes.result(0, dim));
  };
  keepUnrelated(rule->operands.front(), /*isOperand=*/true);
  keepUnrelated(rule->results.front(), /*isOperand=*/false);
}

//===----------------------------------------------------------------------===//
// Indexed access
//===----------------------------------------------------------------------===//

template <typename OpTy>
static void relateLookup(OpTy, SizeRelations &sizes) {
  sizes.byRule();
  sizes.bounds(1, sizes.operand(0, 0), /*plus=*/-1);
}

static void relateTake(TakeOp, SizeRelations &sizes) {
  sizes.byRule();
  sizes.bounds(1, sizes.operand(0, 1), /*plus=*/-1);
}

static void relateTopK(TopKOp op, SizeRelations &sizes) {
  sizes.byRule();
  unsigned last = lastDim(op.getX());
  sizes.atMost(sizes.result(0, last), sizes.operand(0, last));
}

static void relateCacheUpdate(CacheUpdateOp, SizeRelations &sizes) {
  sizes.byRule();
  sizes.atMost(sizes.operand(1, 1), sizes.operand(0, 1));
  sizes.bounds(2, sizes.operand(0, 1), /*plus=*/0);
  sizes.bounds(3, sizes.operand(1, 1), /*plus=*/0);
}

static void relateCrossEntropy(CrossEntropyOp op, SizeRelations &sizes) {
  sizes.byRule();
  sizes.bounds(1, sizes.operand(0, lastDim(op.getLogits())), /*plus=*/-1);
}

//===----------------------------------------------------------------------===//
// Composites
//===----------------------------------------------------------------------===//

static void relateTwice(SizeRelations &sizes, Size whole) {
  Size half = sizes.fresh(sizes.valueOf(whole) / 2);
  sizes.sum(whole, {half, half});
}

static void relateRotaryTable(RotaryTableOp op, SizeRelations &sizes) {
  unsigned last = lastDim(op.getCosine()), lastFrequency = lastDim(op.getInverseFrequencies());
  for (unsigned table : {0u, 1u}) {
    for (unsigned dim = 0; dim < last; ++dim)
      sizes.equal(sizes.operand(0, dim), sizes.result(table, dim));
    Size half = sizes.operand(1, lastFrequency);
    sizes.sum(sizes.result(table, last), {half, half});
  }
  if (lastFrequency == 1 && shapeOf(op.getInverseFrequencies())[0] == shapeOf(op.getCosine())[0])
    sizes.equal(sizes.operand(1, 0), sizes.operand(0, 0));
}

static void relateRotary(RotaryOp op, SizeRelations &sizes) {
  HeadDims dims(op.getLayout());
  for (unsigned dim = 0; dim < 4; ++dim)
    sizes.equal(sizes.operand(0, dim), sizes.result(0, dim));
  for (unsigned table : {1u, 2u}) {
    if (shapeOf(op.getCosine())[0] == shapeOf(op.getX())[dims.batch])
      sizes.equal(sizes.operand(table, 0), sizes.operand(0, dims.batch));
    sizes.equal(sizes.operand(table, 1), sizes.operand(0, dims.sequence));
  }
  Size rotated = sizes.operand(1, 2), size = sizes.operand(0, 3);
  sizes.equal(rotated, sizes.operand(2, 2));
  relateTwice(sizes, rotated);
  if (sizes.valueOf(rotated) == sizes.valueOf(size))
    sizes.equal(rotated, size);
  else
    relatePart(sizes, size, {rotated});
}

/// A window that hides something hides something still.
template <typename OpTy>
static void relateAttention(OpTy op, SizeRelations &sizes) {
  sizes.byRule();
  Size keys = sizes.operand(isa<AttentionBackwardOp>(op) ? 2 : 1, HeadDims(op.getLayout()).sequence);
  if (op.getWindow() && static_cast<int64_t>(*op.getWindow()) < sizes.valueOf(keys))
    sizes.atMost(sizes.attribute("window"), keys);
}

/// Image sides are patches, and what fills none.
static void relatePatchEmbedding(PatchEmbeddingOp op, SizeRelations &sizes) {
  sizes.byRule();
  SmallVector<Size> counts;
  for (unsigned dim : {2u, 3u}) {
    Size side = sizes.operand(0, dim), patch = sizes.operand(1, dim);
    Size count = sizes.fresh(sizes.valueOf(side) / sizes.valueOf(patch));
    Size covered = sizes.fresh(sizes.valueOf(count) * sizes.valueOf(patch));
    sizes.product(covered, {count, patch});
    SmallVector<Size> parts{covered};
    if (int64_t rest = sizes.valueOf(side) - sizes.valueOf(covered)) {
      parts.push_back(sizes.fresh(rest));
      relatePart(sizes, patch, parts.back()); // It fills no patch.
    }
    sizes.sum(side, parts);
    counts.push_back(count);
  }
  sizes.equal(sizes.operand(1, 2), sizes.operand(1, 3));
  sizes.product(sizes.result(0, 1), counts);
}

/// The decomposition makes the experts' numbers anew, so that no rule tells that there are as many.
static void relateRoute(RouteOp, SizeRelations &sizes) {
  for (unsigned dim : {0u, 1u})
    sizes.equal(sizes.operand(0, dim), sizes.result(0, dim));
  sizes.atMost(sizes.attribute("top_k"), sizes.operand(0, 1));
}

template <typename OpTy, void (*relate)(OpTy, SizeRelations &)>
static void attachRelations(MLIRContext *context) {
  OpTy::template attachInterface<RelationsModel<OpTy, relate>>(*context);
}

void hf::attachSizeRelations(MLIRContext *context) {
  attachRelations<SliceOp, relateSlice>(context);
  attachRelations<ConcatOp, relateConcat>(context);
  attachRelations<ReshapeOp, relateReshape>(context);
  attachRelations<GatherOp, relateLookup<GatherOp>>(context);
  attachRelations<EmbeddingOp, relateLookup<EmbeddingOp>>(context);
  attachRelations<TakeOp, relateTake>(context);
  attachRelations<TopKOp, relateTopK>(context);
  attachRelations<CacheUpdateOp, relateCacheUpdate>(context);
  attachRelations<CrossEntropyOp, relateCrossEntropy>(context);
  attachRelations<RotaryTableOp, relateRotaryTable>(context);
  attachRelations<RotaryOp, relateRotary>(context);
  attachRelations<AttentionOp, relateAttention<AttentionOp>>(context);
  attachRelations<AttentionWithStatisticsOp, relateAttention<AttentionWithStatisticsOp>>(context);
  attachRelations<AttentionStatisticsOp, relateAttention<AttentionStatisticsOp>>(context);
  attachRelations<AttentionBackwardOp, relateAttention<AttentionBackwardOp>>(context);
  attachRelations<PatchEmbeddingOp, relatePatchEmbedding>(context);
  attachRelations<RouteOp, relateRoute>(context);
  for (RegisteredOperationName name : context->getRegisteredOperations())
    if (name.getDialectNamespace() == HfDialect::getDialectNamespace() &&
        name.hasInterface<dist::ShardingRuleOpInterface>() && !name.hasInterface<SizeRelationsOpInterface>())
      name.attachInterface<ByRuleModel>();
}
