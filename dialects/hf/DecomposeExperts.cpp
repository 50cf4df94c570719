//===- DecomposeExperts.cpp - decompositions of mixtures of experts
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/hf/Activations.h"

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

SmallVector<Value> ExpertsBackwardOp::decompose(OpBuilder &builder) {
  TensorBuilder tb(builder, getLoc());
  Type element = elementOf(getX()), wide = tb.computeType(element);
  int64_t tokens = shapeOf(getX())[0], hidden = shapeOf(getX())[1];
  int64_t experts = shapeOf(getGate())[0], inner = shapeOf(getGate())[1];
  SmallVector<int64_t> space{tokens, experts, inner}, stacked{experts * inner, hidden};
  // Every expert reads the same rows, so the stacked projections are one product.
  auto project = [&](Value weight) {
    Value product = tb.matmul(getX(), tb.reshape(weight, stacked), /*transposeLhs=*/false, /*transposeRhs=*/true);
    return tb.reshape(product, space);
  };
  auto forEachExpert = [&](Value x) { return tb.broadcast(x, {experts, tokens, hidden}, {1, 2}); };
  Value gate = project(getGate()), up = project(getUp());
  Value active = tb.activation(getActivation(), gate), gated = tb.mul(active, up);

  // The cotangent of `gated` but for the routing weight, which multiplies what comes after it.
  Value pulled = tb.transpose(tb.matmul(forEachExpert(getCotangent()), getDown()), {1, 0, 2});
  Value routeGrad = tb.reduce(Reduction::sum, tb.mul(pulled, gated), {2});
  Value route = tb.broadcast(getRoute(), space, {0, 1});
  Value gatedGrad = tb.mul(pulled, route);
  Value slope = tb.convert(buildActivationDerivative(tb, getActivation(), tb.convert(gate, wide)), element);
  auto asRows = [&](Value x) { return tb.reshape(x, {tokens, experts * inner}); };
  Value gateSum = asRows(tb.mul(tb.mul(gatedGrad, up), slope)), upSum = asRows(tb.mul(gatedGrad, active));

  Value xGrad =
      tb.add(tb.matmul(gateSum, tb.reshape(getGate(), stacked)), tb.matmul(upSum, tb.reshape(getUp(), stacked)));
  // Gradients of weights are summed in their own type, and never in anything narrower.
  auto weightGrad = [&](Value sum, Value grad) {
    return tb.reshape(tb.linearWgrad(sum, getX(), elementOf(grad)), shapeOf(grad));
  };
  Type downElement = elementOf(getDownGrad());
  Value weighted = tb.convert(tb.transpose(tb.mul(gated, route), {1, 0, 2}), downElement);
  Value downGrad = tb.matmul(forEachExpert(tb.convert(getCotangent(), downElement)), weighted, /*transposeLhs=*/true);
  return {xGrad, routeGrad, weightGrad(gateSum, getGateGrad()), weightGrad(upSum, getUpGrad()), downGrad};
}
