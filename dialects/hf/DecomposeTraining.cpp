//===- DecomposeTraining.cpp - decompositions of losses, gradients and updates
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/hf/Dropout.h"

using namespace hfc;
using namespace hfc::hf;

static SmallVector<int64_t> allButLast(ArrayRef<int64_t> shape) {
  return llvm::to_vector(llvm::seq<int64_t>(0, static_cast<int64_t>(shape.size()) - 1));
}

SmallVector<Value> CrossEntropyOp::decompose(OpBuilder &builder) {
  TensorBuilder tb(builder, getLoc());
  Value logits = tb.convert(getLogits(), elementOf(getLoss())), labels = getLabels();
  ArrayRef<int64_t> shape = shapeOf(logits);
  SmallVector<int64_t> kept = allButLast(shape);
  int64_t last = kept.size();

  Value largest = tb.reduce(Reduction::max, logits, {last});
  Value shifted = tb.sub(logits, tb.broadcast(largest, shape, kept));
  Value logSum = tb.unary<LogOp>(tb.reduce(Reduction::sum, tb.exp(shifted), {last}));

  // The loss is a difference of shifted numbers, which are exact where the logits themselves are large.
  Value number = tb.iota(RankedTensorType::get(shape, elementOf(labels)), last);
  Value hit = tb.compare(Compare::eq, number, tb.broadcast(labels, shape, kept));
  Value own = tb.reduce(Reduction::sum, tb.select(hit, shifted, tb.splatLike(shifted, 0.0)), {last});
  Value counts = tb.compare(Compare::ne, labels, tb.splatLike(labels, static_cast<double>(ignoredLabel)));
  return {tb.select(counts, tb.sub(logSum, own), tb.splatLike(own, 0.0)), tb.add(logSum, largest)};
}

/// All dimensions but the last as one.
static Value asRows(TensorBuilder &tb, Value x) {
  ArrayRef<int64_t> shape = shapeOf(x);
  return tb.reshape(x, {ShapedType::getNumElements(shape.drop_back()), shape.back()});
}

SmallVector<Value> LinearDgradOp::decompose(OpBuilder &builder) {
  TensorBuilder tb(builder, getLoc());
  return {tb.reshape(tb.matmul(asRows(tb, getCotangent()), getWeight()), shapeOf(getResult()))};
}

SmallVector<Value> LinearWgradOp::decompose(OpBuilder &builder) {
  TensorBuilder tb(builder, getLoc());
  Type element = elementOf(getResult());
  Value cotangent = tb.convert(asRows(tb, getCotangent()), element), x = tb.convert(asRows(tb, getX()), element);
  return {tb.matmul(cotangent, x, /*transposeLhs=*/true)};
}

SmallVector<Value> AdamWOp::decompose(OpBuilder &builder) {
  TensorBuilder tb(builder, getLoc());
  ArrayRef<int64_t> shape = shapeOf(getParameter());
  Type wide = tb.computeType(elementOf(getParameter()));
  auto widen = [&](Value x) { return tb.convert(x, wide); };
  auto spread = [&](Value scalar) { return tb.broadcast(scalar, shape, {}); };
  auto oneMinus = [&](Value scalar) { return tb.sub(tb.splatLike(scalar, 1.0), scalar); };

  // Scalars first: none of this is done for each element.
  Value rate = widen(getLearningRate()), beta1 = widen(getBeta1()), beta2 = widen(getBeta2());
  Value step = widen(getStep());
  Value correction1 = oneMinus(tb.binary<PowOp>(beta1, step)), correction2 = oneMinus(tb.binary<PowOp>(beta2, step));
  Value rootInverse = tb.rsqrt(correction2), stepSize = tb.div(rate, correction1);
  Value keep = oneMinus(tb.mul(rate, widen(getWeightDecay())));

  Value gradient = tb.mul(widen(getGradient()), spread(widen(getScale())));
  auto average = [&](Value moment, Value beta, Value sample) {
    return tb.add(tb.mul(widen(moment), spread(beta)), tb.mul(sample, spread(oneMinus(beta))));
  };
  Value moment1 = average(getMoment1(), beta1, gradient);
  Value moment2 = average(getMoment2(), beta2, tb.mul(gradient, gradient));
  Value root = tb.mul(tb.unary<SqrtOp>(moment2), spread(rootInverse));
  Value denominator = tb.add(root, spread(widen(getEpsilon())));
  Value change = tb.mul(tb.div(moment1, denominator), spread(stepSize));
  Value parameter = tb.sub(tb.mul(widen(getParameter()), spread(keep)), change);
  return {tb.convert(parameter, elementOf(getParameter())), tb.convert(moment1, elementOf(getMoment1())),
          tb.convert(moment2, elementOf(getMoment2()))};
}

/// The number of each element's row: its index in all dimensions but the last, row-major.
static Value rowNumbers(TensorBuilder &tb, RankedTensorType type) {
  Value number;
  for (int64_t dim = 0; dim + 1 < type.getRank(); ++dim) {
    Value index = tb.iota(type, dim);
    number = number ? tb.add(tb.mul(number, tb.size(type, type.getShape(), dim)), index) : index;
  }
  return number ? number : tb.splat(type, 0.0);
}

Value hf::dropoutAt(TensorBuilder &tb, Value x, Value keys, double p, Value row, Value column) {
  Value uniform = tb.randomUniform(row, column, keys);
  Value kept = tb.compare(Compare::ge, uniform, tb.splatLike(uniform, p));
  // All but the last op is about places, which a rank may number for itself.
  return tb.mul(x, tb.select(kept, tb.splatLike(x, 1.0 / (1.0 - p)), tb.splatLike(x, 0.0)));
}

SmallVector<Value> DropoutOp::decompose(OpBuilder &builder) {
  TensorBuilder tb(builder, getLoc());
  ArrayRef<int64_t> shape = shapeOf(getX());
  auto space = RankedTensorType::get(shape, builder.getI32Type());
  double p = getP().convertToDouble();
  Value keys = tb.broadcast(getKey(), shape, {});
  return {dropoutAt(tb, getX(), keys, p, rowNumbers(tb, space), tb.iota(space, space.getRank() - 1))};
}
