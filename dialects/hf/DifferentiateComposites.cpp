//===- DifferentiateComposites.cpp - derivatives of composites that know better ones
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/hf/Differentiate.h"

#include "dialects/hf/Activations.h"

using namespace hfc;
using namespace hfc::hf;

using Values = SmallVector<Value>;

/// All dimensions but the last.
static SmallVector<int64_t> leadingDims(Value x) {
  return llvm::to_vector(llvm::seq<int64_t>(0, static_cast<int64_t>(shapeOf(x).size()) - 1));
}

Values LinearOp::differentiate(OpBuilder &builder, ArrayRef<Value> cotangents, ArrayRef<bool> wanted) {
  TensorBuilder tb(builder, getLoc());
  Value dy = cotangents[0];
  Type element = elementOf(dy);
  Values grads(getNumOperands());
  if (wanted[0])
    grads[0] = tb.linearDgrad(dy, getWeight());
  if (wanted[1])
    grads[1] = tb.convert(tb.linearWgrad(dy, getX(), tb.computeType(element)), element);
  if (getBias() && wanted[2])
    grads[2] = sumWide(tb, dy, leadingDims(dy));
  return grads;
}

Values EmbeddingOp::differentiate(OpBuilder &builder, ArrayRef<Value> cotangents, ArrayRef<bool>) {
  TensorBuilder tb(builder, getLoc());
  Value ids = getIds();
  // torch's padding_idx: that row is not trained by this op. Rows outside the table are skipped.
  if (auto padding = (*this)->getAttrOfType<IntegerAttr>("hf.padding_index")) {
    Value isPadding = tb.compare(Compare::eq, ids, tb.splatLike(ids, static_cast<double>(padding.getInt())));
    ids = tb.select(isPadding, tb.splatLike(ids, -1), ids);
  }
  return {scatterRows(tb, getTable(), ids, cotangents[0]), Value()};
}

Values SoftmaxOp::differentiate(OpBuilder &builder, ArrayRef<Value> cotangents, ArrayRef<bool>) {
  TensorBuilder tb(builder, getLoc());
  Type element = elementOf(getX()), wide = tb.computeType(element);
  Value y = tb.convert(getResult(), wide), dy = tb.convert(cotangents[0], wide);
  Value mean = tb.reduceLastAndBroadcast(Reduction::sum, tb.mul(dy, y));
  return {tb.convert(tb.mul(y, tb.sub(dy, mean)), element)};
}

Values SoftcapOp::differentiate(OpBuilder &builder, ArrayRef<Value> cotangents, ArrayRef<bool>) {
  TensorBuilder tb(builder, getLoc());
  Type element = elementOf(getX()), wide = tb.computeType(element);
  Value tangent = tb.mul(tb.convert(getResult(), wide), 1.0 / getCap().convertToDouble());
  Value slope = tb.sub(tb.splatLike(tangent, 1.0), tb.mul(tangent, tangent));
  return {tb.convert(tb.mul(tb.convert(cotangents[0], wide), slope), element)};
}

Values ActivationOp::differentiate(OpBuilder &builder, ArrayRef<Value> cotangents, ArrayRef<bool>) {
  TensorBuilder tb(builder, getLoc());
  Type element = elementOf(getX()), wide = tb.computeType(element);
  Value slope = buildActivationDerivative(tb, getKind(), tb.convert(getX(), wide));
  return {tb.convert(tb.mul(tb.convert(cotangents[0], wide), slope), element)};
}

/// Whether the two halves of a table are equal, as a rotary table's are.
static bool hasEqualHalves(Value table) {
  while (auto convert = table.getDefiningOp<ConvertOp>())
    table = convert.getX();
  return table.getDefiningOp<RotaryTableOp>() != nullptr;
}

/// The table that turns back: `-sine`, with its halves exchanged where they are those of the heads' two halves.
static Value turnBack(TensorBuilder &tb, RotaryOp op) {
  Value sine = op.getSine();
  if (!op.getInterleaved() && !hasEqualHalves(sine)) {
    int64_t size = shapeOf(sine).back();
    sine = tb.concat({tb.sliceDim(sine, 2, size / 2, size), tb.sliceDim(sine, 2, 0, size / 2)}, 2);
  }
  return tb.neg(sine);
}

Values RotaryOp::differentiate(OpBuilder &builder, ArrayRef<Value> cotangents, ArrayRef<bool> wanted) {
  if (wanted[1] || wanted[2])
    return {};
  TensorBuilder tb(builder, getLoc());
  Value back = RotaryOp::create(builder, getLoc(), getType(), cotangents[0], getCosine(), turnBack(tb, *this),
                                getInterleaved(), getLayout());
  return {back, Value(), Value()};
}

Values AttentionOp::differentiate(OpBuilder &builder, ArrayRef<Value> cotangents, ArrayRef<bool> wanted) {
  if (getBias() && wanted[getBiasMutable()[0].getOperandNumber()])
    return {};
  Type types[] = {getQuery().getType(), getKey().getType(), getValue().getType()};
  auto op = AttentionBackwardOp::create(builder, getLoc(), types, cotangents[0], getQuery(), getKey(), getValue(),
                                        getResult(), /*log_sum=*/Value(), getKeyMask(), getQuerySegments(),
                                        getKeySegments(), getPast(), getCount(), getBias(), getDropoutKey(),
                                        getDropoutRows(), getScaleAttr(), getCausalAttr(), getWindowAttr(),
                                        getSoftcapAttr(), getDropoutAttr(), getLayoutAttr());
  Values grads(getNumOperands());
  for (auto [index, result] : llvm::enumerate(op.getResults()))
    if (wanted[index])
      grads[index] = result;
  return grads;
}

Values ExpertsOp::differentiate(OpBuilder &builder, ArrayRef<Value> cotangents, ArrayRef<bool> wanted) {
  TensorBuilder tb(builder, getLoc());
  Type element = elementOf(getX());
  auto weightGrad = [&](Value weight) { return RankedTensorType::get(shapeOf(weight), tb.computeType(element)); };
  auto op = ExpertsBackwardOp::create(builder, getLoc(), getX().getType(), getRoute().getType(), weightGrad(getGate()),
                                      weightGrad(getUp()), weightGrad(getDown()), getActivation(), cotangents[0],
                                      getX(), getRoute(), getGate(), getUp(), getDown());
  Values grads(getNumOperands());
  for (auto [index, result] : llvm::enumerate(op.getResults()))
    if (wanted[index])
      grads[index] = tb.convert(result, element);
  return grads;
}

/// With the softmax as `exp(logits - log_sum)`: no second reduction, and no communication where the vocabulary is cut.
Values CrossEntropyOp::differentiate(OpBuilder &builder, ArrayRef<Value> cotangents, ArrayRef<bool>) {
  TensorBuilder tb(builder, getLoc());
  Value logits = tb.convert(getLogits(), elementOf(getLoss())), labels = getLabels();
  ArrayRef<int64_t> shape = shapeOf(logits);
  SmallVector<int64_t> kept = leadingDims(logits);
  auto spread = [&](Value x) { return tb.broadcast(x, shape, kept); };

  Value ofSum = cotangents[1], ofOwn;
  if (Value dy = cotangents[0]) {
    Value counts = tb.compare(Compare::ne, labels, tb.splatLike(labels, static_cast<double>(ignoredLabel)));
    ofOwn = tb.select(counts, dy, tb.splatLike(dy, 0.0));
    ofSum = ofSum ? tb.add(ofSum, ofOwn) : ofOwn;
  }
  Value grad = tb.mul(tb.exp(tb.sub(logits, spread(getLogSum()))), spread(ofSum));
  if (ofOwn) {
    Value number = tb.iota(RankedTensorType::get(shape, elementOf(labels)), kept.size());
    Value hit = tb.compare(Compare::eq, number, spread(labels));
    grad = tb.sub(grad, tb.select(hit, spread(ofOwn), tb.splatLike(grad, 0.0)));
  }
  return {tb.convert(grad, elementOf(getLogits())), Value()};
}

Values DropoutOp::differentiate(OpBuilder &builder, ArrayRef<Value> cotangents, ArrayRef<bool>) {
  return {DropoutOp::create(builder, getLoc(), getType(), cotangents[0], getKey(), getPAttr()), Value()};
}
