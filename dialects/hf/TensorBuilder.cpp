//===- TensorBuilder.cpp - builds hf ops with inferred result types
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/hf/TensorBuilder.h"

using namespace hfc;
using namespace hfc::hf;

Value TensorBuilder::constant(ElementsAttr value) { return ConstantOp::create(builder, loc, value); }

Value TensorBuilder::splat(RankedTensorType type, double value) {
  Type element = type.getElementType();
  if (auto floatType = dyn_cast<FloatType>(element))
    return constant(SplatElementsAttr::get(type, builder.getFloatAttr(floatType, value)));
  return constant(SplatElementsAttr::get(type, builder.getIntegerAttr(element, static_cast<int64_t>(value))));
}

Value TensorBuilder::size(RankedTensorType type, dist::SizeAttr size, dist::MeshAttr mesh) {
  Value number = splat(type, static_cast<double>(size.valueOn(mesh)));
  number.getDefiningOp()->setAttr(dist::sizeName, size);
  return number;
}

Value TensorBuilder::size(RankedTensorType type, ArrayRef<int64_t> shape, int64_t dim, int64_t plus) {
  MLIRContext *context = builder.getContext();
  auto whole = dist::AxisListAttr::get(context, {});
  return size(type, dist::SizeAttr::get(context, dim, shape, whole, plus), dist::MeshAttr::get(context, {}, {}));
}

Value TensorBuilder::iota(RankedTensorType type, int64_t dim) { return IotaOp::create(builder, loc, type, dim); }

Value TensorBuilder::compare(Compare predicate, Value lhs, Value rhs) {
  Type type = RankedTensorType::get(shapeOf(lhs), builder.getI1Type());
  return CompareOp::create(builder, loc, type, predicate, lhs, rhs);
}

Value TensorBuilder::select(Value condition, Value onTrue, Value onFalse) {
  return SelectOp::create(builder, loc, onTrue.getType(), condition, onTrue, onFalse);
}

Value TensorBuilder::convert(Value x, Type element) {
  if (elementOf(x) == element)
    return x;
  return ConvertOp::create(builder, loc, RankedTensorType::get(shapeOf(x), element), x);
}

Value TensorBuilder::broadcast(Value x, ArrayRef<int64_t> shape, ArrayRef<int64_t> dims) {
  return BroadcastOp::create(builder, loc, RankedTensorType::get(shape, elementOf(x)), x, dims);
}

Value TensorBuilder::reshape(Value x, ArrayRef<int64_t> shape) {
  if (shapeOf(x) == shape)
    return x;
  return ReshapeOp::create(builder, loc, RankedTensorType::get(shape, elementOf(x)), x);
}

Value TensorBuilder::transpose(Value x, ArrayRef<int64_t> permutation) {
  SmallVector<int64_t> shape;
  for (int64_t dim : permutation)
    shape.push_back(shapeOf(x)[dim]);
  return TransposeOp::create(builder, loc, RankedTensorType::get(shape, elementOf(x)), x, permutation);
}

Value TensorBuilder::slice(Value x, ArrayRef<int64_t> offsets, ArrayRef<int64_t> sizes) {
  return SliceOp::create(builder, loc, RankedTensorType::get(sizes, elementOf(x)), x, offsets);
}

Value TensorBuilder::sliceDim(Value x, int64_t dim, int64_t begin, int64_t end) {
  SmallVector<int64_t> offsets(shapeOf(x).size(), 0), sizes(shapeOf(x));
  offsets[dim] = begin;
  sizes[dim] = end - begin;
  return slice(x, offsets, sizes);
}

Value TensorBuilder::concat(ValueRange inputs, int64_t dim) {
  SmallVector<int64_t> shape(shapeOf(inputs.front()));
  shape[dim] = 0;
  for (Value input : inputs)
    shape[dim] += shapeOf(input)[dim];
  return ConcatOp::create(builder, loc, RankedTensorType::get(shape, elementOf(inputs.front())), inputs, dim);
}

Value TensorBuilder::reduce(Reduction kind, Value x, ArrayRef<int64_t> dims) {
  SmallVector<int64_t> shape;
  for (auto [dim, size] : llvm::enumerate(shapeOf(x)))
    if (!llvm::is_contained(dims, static_cast<int64_t>(dim)))
      shape.push_back(size);
  return ReduceOp::create(builder, loc, RankedTensorType::get(shape, elementOf(x)), kind, x, dims);
}

Value TensorBuilder::reduceLastAndBroadcast(Reduction kind, Value x) {
  int64_t last = static_cast<int64_t>(shapeOf(x).size()) - 1;
  SmallVector<int64_t> kept = llvm::to_vector(llvm::seq<int64_t>(0, last));
  return broadcast(reduce(kind, x, {last}), shapeOf(x), kept);
}

Value TensorBuilder::matmul(Value lhs, Value rhs, bool transposeLhs, bool transposeRhs) {
  SmallVector<int64_t> shape(shapeOf(lhs).drop_back(2));
  ArrayRef<int64_t> left = shapeOf(lhs).take_back(2), right = shapeOf(rhs).take_back(2);
  shape.push_back(left[transposeLhs ? 1 : 0]);
  shape.push_back(right[transposeRhs ? 0 : 1]);
  return MatmulOp::create(builder, loc, RankedTensorType::get(shape, elementOf(lhs)), lhs, rhs, transposeLhs,
                          transposeRhs);
}

Value TensorBuilder::gather(Value table, Value indices) {
  SmallVector<int64_t> shape(shapeOf(indices));
  llvm::append_range(shape, shapeOf(table).drop_front());
  return GatherOp::create(builder, loc, RankedTensorType::get(shape, elementOf(table)), table, indices);
}

Value TensorBuilder::take(Value x, Value index) {
  SmallVector<int64_t> shape(shapeOf(x));
  shape.erase(shape.begin() + 1);
  return TakeOp::create(builder, loc, RankedTensorType::get(shape, elementOf(x)), x, index);
}

std::pair<Value, Value> TensorBuilder::topK(Value x, int64_t k) {
  SmallVector<int64_t> shape(shapeOf(x));
  shape.back() = k;
  auto op = TopKOp::create(builder, loc, RankedTensorType::get(shape, elementOf(x)),
                           RankedTensorType::get(shape, builder.getI32Type()), x);
  return {op.getValues(), op.getIndices()};
}

Value TensorBuilder::linear(Value x, Value weight, Value bias) {
  SmallVector<int64_t> shape(shapeOf(x));
  shape.back() = shapeOf(weight).front();
  return LinearOp::create(builder, loc, RankedTensorType::get(shape, elementOf(x)), x, weight, bias);
}

Value TensorBuilder::embedding(Value table, Value ids) {
  SmallVector<int64_t> shape(shapeOf(ids));
  shape.push_back(shapeOf(table).back());
  return EmbeddingOp::create(builder, loc, RankedTensorType::get(shape, elementOf(table)), table, ids);
}

Value TensorBuilder::activation(Activation kind, Value x) {
  return ActivationOp::create(builder, loc, x.getType(), kind, x);
}

Value TensorBuilder::argmax(Value x) {
  return ArgmaxOp::create(builder, loc, RankedTensorType::get(shapeOf(x).drop_back(), builder.getI32Type()), x);
}

Value TensorBuilder::scatterAdd(Value base, Value indices, Value updates) {
  return ScatterAddOp::create(builder, loc, base.getType(), base, indices, updates);
}

Value TensorBuilder::sliceAt(Value x, Value start, int64_t dim, int64_t size) {
  SmallVector<int64_t> shape(shapeOf(x));
  shape[dim] = size;
  return SliceAtOp::create(builder, loc, RankedTensorType::get(shape, elementOf(x)), x, start, dim);
}

Value TensorBuilder::randomUniform(Value row, Value column, Value key) {
  Type type = RankedTensorType::get(shapeOf(row), builder.getF32Type());
  return RandomUniformOp::create(builder, loc, type, row, column, key);
}

SmallVector<Value> TensorBuilder::barrier(ValueRange inputs) {
  return llvm::to_vector_of<Value>(BarrierOp::create(builder, loc, inputs.getTypes(), inputs).getResults());
}

std::pair<Value, Value> TensorBuilder::crossEntropy(Value logits, Value labels) {
  Type type = RankedTensorType::get(shapeOf(labels), computeType(elementOf(logits)));
  auto op = CrossEntropyOp::create(builder, loc, type, type, logits, labels);
  return {op.getLoss(), op.getLogSum()};
}

Value TensorBuilder::linearDgrad(Value cotangent, Value weight) {
  SmallVector<int64_t> shape(shapeOf(cotangent));
  shape.back() = shapeOf(weight).back();
  return LinearDgradOp::create(builder, loc, RankedTensorType::get(shape, elementOf(cotangent)), cotangent, weight);
}

Value TensorBuilder::linearWgrad(Value cotangent, Value x, Type element) {
  auto type = RankedTensorType::get({shapeOf(cotangent).back(), shapeOf(x).back()}, element);
  return LinearWgradOp::create(builder, loc, type, cotangent, x);
}

Value TensorBuilder::dropout(Value x, Value key, double p) {
  return DropoutOp::create(builder, loc, x.getType(), x, key, builder.getF64FloatAttr(p));
}
