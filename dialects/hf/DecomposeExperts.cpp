//===- DecomposeExperts.cpp - decompositions of mixtures of experts
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/hf/TensorBuilder.h"

using namespace hfc;
using namespace hfc::hf;

SmallVector<Value> RouteOp::decompose(OpBuilder &builder) {
  TensorBuilder tb(builder, getLoc());
  Type element = elementOf(getLogits()), wide = tb.computeType(element);
  int64_t tokens = shapeOf(getLogits())[0], experts = shapeOf(getLogits())[1], chosen = getTopK();
  Value logits = tb.convert(getLogits(), wide);
  Value probabilities = SoftmaxOp::create(builder, getLoc(), logits.getType(), logits);
  auto [weights, indices] = tb.topK(probabilities, chosen);
  if (getNormalize())
    weights = tb.div(weights, tb.reduceLastAndBroadcast(Reduction::sum, weights));

  // Scatters by comparison: choice c of a token adds its weight where the expert's number is the chosen index.
  SmallVector<int64_t> space{tokens, chosen, experts};
  Value number = tb.iota(RankedTensorType::get(space, elementOf(indices)), 2);
  Value hit = tb.compare(Compare::eq, tb.broadcast(indices, space, {0, 1}), number);
  Value spread = tb.broadcast(weights, space, {0, 1});
  Value dense = tb.reduce(Reduction::sum, tb.select(hit, spread, tb.splatLike(spread, 0.0)), {1});
  return {tb.convert(dense, element)};
}

SmallVector<Value> ExpertsOp::decompose(OpBuilder &builder) {
  TensorBuilder tb(builder, getLoc());
  int64_t tokens = shapeOf(getX())[0], hidden = shapeOf(getX())[1];
  int64_t experts = shapeOf(getGate())[0], inner = shapeOf(getGate())[1];
  // Every expert reads the same rows, so the stacked projections are one product.
  auto project = [&](Value weight) {
    Value stacked = tb.reshape(weight, {experts * inner, hidden});
    return tb.matmul(getX(), stacked, /*transposeLhs=*/false, /*transposeRhs=*/true);
  };
  Value gated = tb.mul(tb.activation(getActivation(), project(getGate())), project(getUp()));
  Value byExpert = tb.transpose(tb.reshape(gated, {tokens, experts, inner}), {1, 0, 2});
  Value down = tb.matmul(byExpert, getDown(), /*transposeLhs=*/false, /*transposeRhs=*/true);
  Value route = tb.broadcast(tb.transpose(getRoute(), {1, 0}), shapeOf(down), {0, 1});
  return {tb.reduce(Reduction::sum, tb.mul(down, route), {0})};
}
