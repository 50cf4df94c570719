//===- ShardingRulesShapes.cpp - sharding rules of ops that make or move elements
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/hf/ShardingRules.h"
#include "dialects/hf/TensorBuilder.h"

#include <numeric>

using namespace hfc;
using namespace hfc::hf;
using dist::Rule;

static Rule iotaRule(IotaOp op) {
  Rule rule;
  rule.results.push_back(rule.addTensor(shapeOf(op.getResult())));
  rule.roles[rule.results[0][op.getDim()][0]] = Rule::Role::lookup;
  return rule;
}

/// A splat is a splat of any size; of other constants a rank takes its piece.
static Rule constantRule(ConstantOp op) {
  Rule rule;
  rule.results.push_back(rule.addTensor(shapeOf(op.getResult())));
  if (!op.getValue().isSplat())
    rule.roles.assign(rule.sizes.size(), Rule::Role::lookup);
  return rule;
}

static Rule broadcastRule(BroadcastOp op) {
  Rule rule;
  Rule::Tensor result = rule.addTensor(shapeOf(op.getResult())), operand;
  for (auto [dim, size] : llvm::zip_equal(op.getDims(), shapeOf(op.getX())))
    operand.push_back(size == shapeOf(op.getResult())[dim] ? result[dim] : Rule::Dim());
  rule.operands.push_back(operand);
  rule.results.push_back(result);
  rule.linear = {{0}};
  return rule;
}

namespace {
/// Finds the factors that the dimensions of two shapes with equally many elements share, from the slowest on. Where two
/// sizes have no common factor, the dimensions up to the next common boundary are whole.
class ReshapeRuleBuilder {
public:
  ReshapeRuleBuilder(ArrayRef<int64_t> from, ArrayRef<int64_t> to) : from(from), to(to) {}

  Rule build() {
    while (from.advance() && to.advance()) {
      int64_t shared = std::gcd(from.rest, to.rest);
      if (shared == 1) {
        takeUnrelated();
        continue;
      }
      unsigned factor = rule.addFactor(shared);
      from.take(factor, shared);
      to.take(factor, shared);
    }
    rule.operands.push_back(from.tensor);
    rule.results.push_back(to.tensor);
    rule.linear = {{0}};
    return rule;
  }

private:
  /// One of the shapes, and how far its dimensions have been given factors.
  struct Side {
    explicit Side(ArrayRef<int64_t> shape) : shape(shape), tensor(shape.size()) {}

    /// Goes to the next dimension with factors left; false at the end.
    bool advance() {
      while (rest == 1 && next < shape.size())
        rest = shape[next++];
      return rest != 1;
    }
    void take(unsigned factor, int64_t size) {
      tensor[next - 1].push_back(factor);
      rest /= size;
    }

    ArrayRef<int64_t> shape;
    Rule::Tensor tensor;
    size_t next = 0;
    int64_t rest = 1;
  };

  int64_t takeWhole(Side &side) {
    int64_t size = side.rest;
    side.take(rule.addFactor(size, Rule::Role::whole), size);
    return size;
  }

  /// Both sides have a size that the other's does not share: goes on until they have passed the same elements.
  void takeUnrelated() {
    int64_t left = takeWhole(from), right = takeWhole(to);
    while (left != right) {
      Side &behind = left < right ? from : to;
      if (!behind.advance())
        return;
      (left < right ? left : right) *= takeWhole(behind);
    }
  }

  Side from, to;
  Rule rule;
};
} // namespace

/// Each dimension whole and for itself: what can be said of a tensor without elements.
static Rule emptyRule(Value from, Value to) {
  Rule rule;
  rule.operands.push_back(rule.addTensor(shapeOf(from)));
  rule.results.push_back(rule.addTensor(shapeOf(to)));
  rule.roles.assign(rule.sizes.size(), Rule::Role::whole);
  return rule;
}

static Rule reshapeRule(ReshapeOp op) {
  if (llvm::is_contained(shapeOf(op.getX()), 0))
    return emptyRule(op.getX(), op.getResult());
  return ReshapeRuleBuilder(shapeOf(op.getX()), shapeOf(op.getResult())).build();
}

static Rule transposeRule(TransposeOp op) {
  Rule rule;
  Rule::Tensor operand = rule.addTensor(shapeOf(op.getX()));
  Rule::Tensor result;
  for (int64_t dim : op.getPermutation())
    result.push_back(operand[dim]);
  rule.operands.push_back(operand);
  rule.results.push_back(result);
  rule.linear = {{0}};
  return rule;
}

/// Dimensions of equal size correspond; the others are whole.
static Rule sliceRule(SliceOp op) {
  Rule rule;
  Rule::Tensor &operand = rule.operands.emplace_back(), &result = rule.results.emplace_back();
  for (auto [from, to] : llvm::zip_equal(shapeOf(op.getX()), shapeOf(op.getResult()))) {
    bool isAll = from == to;
    Rule::Role role = isAll ? Rule::Role::free : Rule::Role::whole;
    operand.push_back({rule.addFactor(from, role)});
    result.push_back(isAll ? operand.back() : Rule::Dim{rule.addFactor(to, role)});
  }
  rule.linear = {{0}};
  return rule;
}

static Rule concatRule(ConcatOp op) {
  Rule rule;
  Rule::Tensor result = rule.addTensor(shapeOf(op.getResult()));
  int64_t dim = op.getDim();
  rule.roles[result[dim][0]] = Rule::Role::whole;
  SmallVector<unsigned, 2> all;
  for (auto [number, input] : llvm::enumerate(op.getInputs())) {
    Rule::Tensor operand = result;
    operand[dim] = {rule.addFactor(shapeOf(input)[dim], Rule::Role::whole)};
    rule.operands.push_back(operand);
    all.push_back(number);
  }
  rule.results.push_back(result);
  rule.linear.push_back(all);
  return rule;
}

void hf::attachShapeRules(MLIRContext *context) {
  attachRule<IotaOp, iotaRule>(context);
  attachRule<ConstantOp, constantRule>(context);
  attachRule<BroadcastOp, broadcastRule>(context);
  attachRule<ReshapeOp, reshapeRule>(context);
  attachRule<TransposeOp, transposeRule>(context);
  attachRule<SliceOp, sliceRule>(context);
  attachRule<ConcatOp, concatRule>(context);
}
