//===- ShardingRulesComposites.cpp - sharding rules that say more than decompositions do
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/hf/ShardingRules.h"
#include "dialects/hf/TensorBuilder.h"

using namespace hfc;
using namespace hfc::hf;
using dist::Rule;

/// A product is linear in each factor; with a bias, in the first one and the bias together.
static void addBias(Rule &rule, Value bias, const Rule::Dim &out) {
  if (!bias) {
    rule.linear = {{0}, {1}};
    return;
  }
  rule.operands.push_back({out});
  rule.linear = {{0, 2}};
}

/// With the input cut along what is contracted, a bias would be counted by each rank: input and bias are partial
/// together, which a decomposition cannot know.
static Rule linearRule(LinearOp op) {
  Rule rule;
  Rule::Tensor x = rule.addTensor(shapeOf(op.getX())), result = x;
  Rule::Dim out{rule.addFactor(shapeOf(op.getWeight())[0])};
  result.back() = out;
  rule.operands = {x, {out, x.back()}};
  rule.results = {result};
  addBias(rule, op.getBias(), out);
  return rule;
}

static Rule patchEmbeddingRule(PatchEmbeddingOp op) {
  Rule rule;
  auto whole = [&](int64_t size) { return Rule::Dim{rule.addFactor(size, Rule::Role::whole)}; };
  ArrayRef<int64_t> image = shapeOf(op.getImage()), weight = shapeOf(op.getWeight());
  Rule::Dim batch{rule.addFactor(image[0])}, channel{rule.addFactor(image[1])}, out{rule.addFactor(weight[0])};
  rule.operands = {{batch, channel, whole(image[2]), whole(image[3])},
                   {out, channel, whole(weight[2]), whole(weight[3])}};
  rule.results = {{batch, whole(shapeOf(op.getResult())[1]), out}};
  addBias(rule, op.getBias(), out);
  return rule;
}

//===----------------------------------------------------------------------===//
// Attention
//===----------------------------------------------------------------------===//

namespace {
/// Where batch, sequence, head and element stand among the dimensions of attention's tensors.
struct Places {
  unsigned batch, sequence, head, element;
};

/// The dimensions of attention's tensors. Query heads are key heads times those that share one; sequences and heads are
/// whole, because a mask counts positions, and a softmax all keys.
class AttentionDims {
public:
  /// `value` is null for what reads none.
  AttentionDims(Rule &rule, HeadLayout layout, Value queryValue, Value keyValue, Value value)
      : rule(rule), places(placesOf(layout)) {
    ArrayRef<int64_t> query = shapeOf(queryValue), key = shapeOf(keyValue);
    batch = {rule.addFactor(query[places.batch])};
    keyHeads = heads = {rule.addFactor(key[places.head])};
    if (int64_t shared = query[places.head] / std::max<int64_t>(1, key[places.head]); shared > 1)
      heads.push_back(rule.addFactor(shared));
    queries = whole(query[places.sequence]);
    keys = whole(key[places.sequence]);
    size = whole(query[places.element]);
    if (value)
      valueSize = whole(shapeOf(value)[places.element]);
  }

  Rule::Tensor query() const { return inLayout(queries, heads, size); }
  Rule::Tensor key() const { return inLayout(keys, keyHeads, size); }
  Rule::Tensor value() const { return inLayout(keys, keyHeads, valueSize); }
  Rule::Tensor result() const { return inLayout(queries, heads, valueSize); }
  Rule::Tensor statistics() const { return {batch, heads, queries}; }

  /// Adds the operands that only some attentions have, in their order.
  template <typename OpTy>
  void addParts(OpTy op) {
    auto addIf = [&](Value part, const Rule::Tensor &dims) {
      if (part)
        rule.operands.push_back(dims);
    };
    addIf(op.getKeyMask(), {batch, keys});
    addIf(op.getQuerySegments(), {batch, queries});
    addIf(op.getKeySegments(), {batch, keys});
    addIf(op.getPast(), {batch});
    addIf(op.getCount(), {batch});
    if (op.getBias())
      rule.operands.push_back(bias(shapeOf(op.getBias())));
  }

  /// What says which weights are dropped.
  template <typename OpTy>
  void addDropout(OpTy op) {
    if (op.getDropoutKey())
      rule.operands.push_back({});
    if (op.getDropoutRows())
      rule.operands.push_back({batch, heads});
  }

private:
  static Places placesOf(HeadLayout layout) {
    switch (layout) {
    case HeadLayout::bshd:
      return {0, 1, 2, 3};
    case HeadLayout::bhsd:
      return {0, 2, 1, 3};
    case HeadLayout::sbhd:
      return {1, 0, 2, 3};
    }
    llvm_unreachable("every layout is handled");
  }

  Rule::Dim whole(int64_t size) { return {rule.addFactor(size, Rule::Role::whole)}; }

  Rule::Tensor inLayout(Rule::Dim sequence, Rule::Dim head, Rule::Dim element) const {
    Rule::Tensor tensor(4);
    tensor[places.batch] = batch;
    tensor[places.sequence] = std::move(sequence);
    tensor[places.head] = std::move(head);
    tensor[places.element] = std::move(element);
    return tensor;
  }

  /// Batch, heads, queries, keys, in this order whatever the layout; a size of 1 repeats.
  Rule::Tensor bias(ArrayRef<int64_t> shape) const {
    Rule::Tensor tensor{batch, heads, queries, keys};
    for (auto [dim, dimSize] : llvm::zip_equal(tensor, shape))
      if (dimSize == 1)
        dim.clear();
    return tensor;
  }

  Rule &rule;
  Places places;
  Rule::Dim batch, heads, keyHeads, queries, keys, size, valueSize;
};
} // namespace

/// Linear in the values.
static Rule attentionRule(AttentionOp op) {
  Rule rule;
  AttentionDims dims(rule, op.getLayout(), op.getQuery(), op.getKey(), op.getValue());
  rule.operands = {dims.query(), dims.key(), dims.value()};
  dims.addParts(op);
  dims.addDropout(op);
  rule.results = {dims.result()};
  rule.linear = {{2}};
  return rule;
}

/// The logarithms of the sums are not linear in anything.
static Rule attentionWithStatisticsRule(AttentionWithStatisticsOp op) {
  Rule rule;
  AttentionDims dims(rule, op.getLayout(), op.getQuery(), op.getKey(), op.getValue());
  rule.operands = {dims.query(), dims.key(), dims.value()};
  dims.addParts(op);
  dims.addDropout(op);
  rule.results = {dims.result(), dims.statistics()};
  return rule;
}

static Rule attentionStatisticsRule(AttentionStatisticsOp op) {
  Rule rule;
  AttentionDims dims(rule, op.getLayout(), op.getQuery(), op.getKey(), /*value=*/{});
  rule.operands = {dims.query(), dims.key()};
  dims.addParts(op);
  rule.results = {dims.statistics()};
  return rule;
}

/// Linear in the cotangent. Where query heads that share a key head are on several ranks, the key's gradient is
/// partial.
static Rule attentionBackwardRule(AttentionBackwardOp op) {
  Rule rule;
  AttentionDims dims(rule, op.getLayout(), op.getQuery(), op.getKey(), op.getValue());
  rule.operands = {dims.result(), dims.query(), dims.key(), dims.value(), dims.result()};
  if (op.getLogSum())
    rule.operands.push_back(dims.statistics());
  dims.addParts(op);
  dims.addDropout(op);
  rule.results = {dims.query(), dims.key(), dims.value()};
  rule.linear = {{0}};
  return rule;
}

//===----------------------------------------------------------------------===//
// Experts
//===----------------------------------------------------------------------===//

namespace {
struct ExpertDims {
  ExpertDims(Rule &rule, Value x, Value gate)
      : token{rule.addFactor(shapeOf(x)[0])}, expert{rule.addFactor(shapeOf(gate)[0])},
        inner{rule.addFactor(shapeOf(gate)[1])}, hidden{rule.addFactor(shapeOf(x)[1], Rule::Role::whole)} {}

  Rule::Tensor x() const { return {token, hidden}; }
  Rule::Tensor route() const { return {token, expert}; }
  Rule::Tensor up() const { return {expert, inner, hidden}; }
  Rule::Tensor down() const { return {expert, hidden, inner}; }

  Rule::Dim token, expert, inner, hidden;
};
} // namespace

static Rule expertsRule(ExpertsOp op) {
  Rule rule;
  ExpertDims dims(rule, op.getX(), op.getGate());
  rule.operands = {dims.x(), dims.route(), dims.up(), dims.up(), dims.down()};
  rule.results = {dims.x()};
  rule.linear = {{1}, {4}};
  return rule;
}

/// Linear in the cotangent. Gradients lack what they sum over: tokens, or experts and inner units.
static Rule expertsBackwardRule(ExpertsBackwardOp op) {
  Rule rule;
  ExpertDims dims(rule, op.getX(), op.getGate());
  rule.operands = {dims.x(), dims.x(), dims.route(), dims.up(), dims.up(), dims.down()};
  rule.results = {dims.x(), dims.route(), dims.up(), dims.up(), dims.down()};
  rule.linear = {{0}};
  return rule;
}

/// Noise is drawn for each place in the whole tensor, so that it is the same on every mesh.
static Rule dropoutRule(DropoutOp op) {
  Rule rule;
  Rule::Tensor x = rule.addTensor(shapeOf(op.getX()));
  rule.roles.assign(rule.sizes.size(), Rule::Role::lookup);
  rule.operands = {x, {}};
  rule.results = {x};
  rule.linear = {{0}};
  return rule;
}

void hf::attachCompositeRules(MLIRContext *context) {
  attachRule<LinearOp, linearRule>(context);
  attachRule<PatchEmbeddingOp, patchEmbeddingRule>(context);
  attachRule<AttentionOp, attentionRule>(context);
  attachRule<AttentionWithStatisticsOp, attentionWithStatisticsRule>(context);
  attachRule<AttentionStatisticsOp, attentionStatisticsRule>(context);
  attachRule<AttentionBackwardOp, attentionBackwardRule>(context);
  attachRule<ExpertsOp, expertsRule>(context);
  attachRule<ExpertsBackwardOp, expertsBackwardRule>(context);
  attachRule<DropoutOp, dropoutRule>(context);
}
