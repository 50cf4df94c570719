//===- Decompose.cpp - decompositions of products, norms and softmax
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The decompositions are the reference semantics of the composites. They round where transformers rounds:
// what its modules compute in float32 stands between a conversion to float32 and one back.
//
//===----------------------------------------------------------------------===//

#include "dialects/hf/TensorBuilder.h"

using namespace hfc;
using namespace hfc::hf;

SmallVector<Value> LinearOp::decompose(OpBuilder &builder) {
  TensorBuilder tb(builder, getLoc());
  ArrayRef<int64_t> inShape = shapeOf(getX());
  Type element = elementOf(getX()), wide = tb.computeType(element);
  int64_t in = inShape.back(), out = shapeOf(getWeight()).front();
  Value rows = tb.reshape(getX(), {ShapedType::getNumElements(inShape.drop_back()), in});
  Value weight = getWeight();
  if (getBias()) { // The sum is rounded once, bias included, as a product with an epilogue does it.
    rows = tb.convert(rows, wide);
    weight = tb.convert(weight, wide);
  }
  Value product = tb.matmul(rows, weight, /*transposeLhs=*/false, /*transposeRhs=*/true);
  if (getBias()) {
    Value bias = tb.broadcast(tb.convert(getBias(), wide), {shapeOf(rows).front(), out}, {1});
    product = tb.convert(tb.add(product, bias), element);
  }
  return {tb.reshape(product, shapeOf(getResult()))};
}

SmallVector<Value> EmbeddingOp::decompose(OpBuilder &builder) {
  return {TensorBuilder(builder, getLoc()).gather(getTable(), getIds())};
}

/// The mean over the last dimension, broadcast back over it.
static Value meanOfLast(TensorBuilder &tb, Value x) {
  int64_t last = static_cast<int64_t>(shapeOf(x).size()) - 1;
  Value sum = tb.reduce(Reduction::sum, x, {last});
  Value mean = tb.div(sum, tb.size(tensorType(sum), shapeOf(x), last));
  return tb.broadcast(mean, shapeOf(x), llvm::to_vector(llvm::seq<int64_t>(0, last)));
}

/// `x / sqrt(mean(x^2) + epsilon)`.
static Value normalize(TensorBuilder &tb, Value x, double epsilon) {
  return tb.mul(x, tb.rsqrt(tb.add(meanOfLast(tb, tb.mul(x, x)), epsilon)));
}

/// `vector`, of the last dimension's size, repeated over the other dimensions of `like`.
static Value alongLast(TensorBuilder &tb, Value vector, Value like) {
  return tb.broadcast(vector, shapeOf(like), {static_cast<int64_t>(shapeOf(like).size()) - 1});
}

SmallVector<Value> RmsNormOp::decompose(OpBuilder &builder) {
  TensorBuilder tb(builder, getLoc());
  Type element = elementOf(getX()), wide = tb.computeType(element);
  Value y = normalize(tb, tb.convert(getX(), wide), getEpsilon().convertToDouble());
  if (!getUnitOffset())
    return {tb.mul(alongLast(tb, getWeight(), getX()), tb.convert(y, element))};
  Value factor = tb.add(tb.convert(getWeight(), wide), 1.0);
  return {tb.convert(tb.mul(y, alongLast(tb, factor, y)), element)};
}

SmallVector<Value> LayerNormOp::decompose(OpBuilder &builder) {
  TensorBuilder tb(builder, getLoc());
  Type element = elementOf(getX()), wide = tb.computeType(element);
  Value x = tb.convert(getX(), wide);
  Value y = normalize(tb, tb.sub(x, meanOfLast(tb, x)), getEpsilon().convertToDouble());
  y = tb.mul(y, alongLast(tb, tb.convert(getWeight(), wide), y));
  if (getBias())
    y = tb.add(y, alongLast(tb, tb.convert(getBias(), wide), y));
  return {tb.convert(y, element)};
}

SmallVector<Value> SoftmaxOp::decompose(OpBuilder &builder) {
  TensorBuilder tb(builder, getLoc());
  Value x = tb.convert(getX(), tb.computeType(elementOf(getX())));
  Value power = tb.exp(tb.sub(x, tb.reduceLastAndBroadcast(Reduction::max, x)));
  Value y = tb.div(power, tb.reduceLastAndBroadcast(Reduction::sum, power));
  return {tb.convert(y, elementOf(getX()))};
}

SmallVector<Value> SoftcapOp::decompose(OpBuilder &builder) {
  TensorBuilder tb(builder, getLoc());
  double cap = getCap().convertToDouble();
  Value x = tb.convert(getX(), tb.computeType(elementOf(getX())));
  Value y = tb.mul(tb.tanh(tb.div(x, tb.splatLike(x, cap))), cap);
  return {tb.convert(y, elementOf(getX()))};
}

/// Nothing equals NaN: a row that holds some has no largest element, and the size is the least of what is left.
SmallVector<Value> ArgmaxOp::decompose(OpBuilder &builder) {
  TensorBuilder tb(builder, getLoc());
  ArrayRef<int64_t> shape = shapeOf(getX());
  int64_t last = static_cast<int64_t>(shape.size()) - 1;
  Value isLargest = tb.compare(Compare::eq, getX(), tb.reduceLastAndBroadcast(Reduction::max, getX()));
  auto numbers = RankedTensorType::get(shape, elementOf(getResult()));
  Value candidates = tb.select(isLargest, tb.iota(numbers, last), tb.size(numbers, shape, last));
  return {tb.reduce(Reduction::min, candidates, {last})};
}

SmallVector<Value> PatchEmbeddingOp::decompose(OpBuilder &builder) {
  TensorBuilder tb(builder, getLoc());
  ArrayRef<int64_t> image = shapeOf(getImage()), weight = shapeOf(getWeight());
  int64_t batch = image[0], channels = image[1], patch = weight[2];
  int64_t rows = image[2] / patch, columns = image[3] / patch;
  Value whole = getImage();
  if (rows * patch != image[2] || columns * patch != image[3])
    whole = tb.slice(whole, {0, 0, 0, 0}, {batch, channels, rows * patch, columns * patch});
  Value tiles = tb.reshape(whole, {batch, channels, rows, patch, columns, patch});
  int64_t pixels = channels * patch * patch;
  Value patches = tb.reshape(tb.transpose(tiles, {0, 2, 4, 1, 3, 5}), {batch, rows * columns, pixels});
  return {tb.linear(patches, tb.reshape(getWeight(), {weight[0], pixels}), getBias())};
}
