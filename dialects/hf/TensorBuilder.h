//===- TensorBuilder.h - builds hf ops with inferred result types
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The front end and the decompositions write tensor algebra with this: each method infers the result
// type from its operands and creates one op. Operands must fit; the verifiers say so if they do not.
//
//===----------------------------------------------------------------------===//

#ifndef HFC_DIALECTS_HF_TENSORBUILDER_H
#define HFC_DIALECTS_HF_TENSORBUILDER_H

#include "dialects/dist/Sharding.h"
#include "dialects/hf/Hf.h"

namespace hfc::hf {

/// The static-shaped tensor type of a value of the hf dialect.
inline RankedTensorType tensorType(Value value) { return cast<RankedTensorType>(value.getType()); }
inline ArrayRef<int64_t> shapeOf(Value value) { return tensorType(value).getShape(); }
inline Type elementOf(Value value) { return tensorType(value).getElementType(); }

class TensorBuilder {
public:
  TensorBuilder(OpBuilder &builder, Location loc) : builder(builder), loc(loc) {}

  OpBuilder &get() { return builder; }
  Location getLoc() const { return loc; }
  void setLoc(Location newLoc) { loc = newLoc; }

  /// The type in which `element` is computed where transformers upcasts: float32, or float64 for itself.
  Type computeType(Type element) { return element.isF64() ? element : builder.getF32Type(); }

  // Constants. A scalar constant is a splat of the given type.
  Value constant(ElementsAttr value);
  Value splat(RankedTensorType type, double value);
  Value splatLike(Value like, double value) { return splat(tensorType(like), value); }
  /// A number that is the size of a dimension, or of a rank's piece of it, and says so (`dist.size`).
  Value size(RankedTensorType type, dist::SizeAttr size, dist::MeshAttr mesh);
  /// The size of a dimension of a tensor that is whole, and `plus`.
  Value size(RankedTensorType type, ArrayRef<int64_t> shape, int64_t dim, int64_t plus = 0);
  Value iota(RankedTensorType type, int64_t dim);

  // Elementwise.
  template <typename OpTy>
  Value unary(Value x) {
    return OpTy::create(builder, loc, x.getType(), x);
  }
  template <typename OpTy>
  Value binary(Value lhs, Value rhs) {
    return OpTy::create(builder, loc, lhs.getType(), lhs, rhs);
  }
  Value neg(Value x) { return unary<NegOp>(x); }
  Value exp(Value x) { return unary<ExpOp>(x); }
  Value tanh(Value x) { return unary<TanhOp>(x); }
  Value rsqrt(Value x) { return unary<RsqrtOp>(x); }
  Value add(Value lhs, Value rhs) { return binary<AddOp>(lhs, rhs); }
  Value sub(Value lhs, Value rhs) { return binary<SubOp>(lhs, rhs); }
  Value mul(Value lhs, Value rhs) { return binary<MulOp>(lhs, rhs); }
  Value div(Value lhs, Value rhs) { return binary<DivOp>(lhs, rhs); }
  Value max(Value lhs, Value rhs) { return binary<MaxOp>(lhs, rhs); }
  Value min(Value lhs, Value rhs) { return binary<MinOp>(lhs, rhs); }
  Value logicalAnd(Value lhs, Value rhs) { return binary<AndOp>(lhs, rhs); }
  Value logicalOr(Value lhs, Value rhs) { return binary<OrOp>(lhs, rhs); }
  // With a splat of `rhs` as the second operand.
  Value add(Value lhs, double rhs) { return add(lhs, splatLike(lhs, rhs)); }
  Value mul(Value lhs, double rhs) { return mul(lhs, splatLike(lhs, rhs)); }
  Value compare(Compare predicate, Value lhs, Value rhs);
  Value select(Value condition, Value onTrue, Value onFalse);
  /// `x` itself where it has the element type already.
  Value convert(Value x, Type element);

  // Shapes.
  Value broadcast(Value x, ArrayRef<int64_t> shape, ArrayRef<int64_t> dims);
  Value reshape(Value x, ArrayRef<int64_t> shape);
  Value transpose(Value x, ArrayRef<int64_t> permutation);
  Value slice(Value x, ArrayRef<int64_t> offsets, ArrayRef<int64_t> sizes);
  /// The whole of `x` but `[begin, end)` of dimension `dim`.
  Value sliceDim(Value x, int64_t dim, int64_t begin, int64_t end);
  Value concat(ValueRange inputs, int64_t dim);

  // Reductions, products, indexed access.
  Value reduce(Reduction kind, Value x, ArrayRef<int64_t> dims);
  /// Reduces the last dimension, and broadcasts the result back over it.
  Value reduceLastAndBroadcast(Reduction kind, Value x);
  Value matmul(Value lhs, Value rhs, bool transposeLhs = false, bool transposeRhs = false);
  Value gather(Value table, Value indices);
  Value take(Value x, Value index);
  /// The values and the indices (i32) of the `k` largest elements of the last dimension.
  std::pair<Value, Value> topK(Value x, int64_t k);

  // Composites that the front end uses in many families.
  Value linear(Value x, Value weight, Value bias = {});
  Value embedding(Value table, Value ids);
  Value activation(Activation kind, Value x);
  /// Where the largest element of each row of the last dimension stands (i32).
  Value argmax(Value x);

  // Training.
  Value scatterAdd(Value base, Value indices, Value updates);
  /// `size` elements of dimension `dim` from the scalar `start` on.
  Value sliceAt(Value x, Value start, int64_t dim, int64_t size);
  Value randomUniform(Value row, Value column, Value key);
  /// `inputs`, which nothing looks through.
  SmallVector<Value> barrier(ValueRange inputs);
  /// The loss of each row, and the logarithm of the sum of its exponentials.
  std::pair<Value, Value> crossEntropy(Value logits, Value labels);
  Value linearDgrad(Value cotangent, Value weight);
  /// A gradient of element type `element`: the operands', or float32.
  Value linearWgrad(Value cotangent, Value x, Type element);
  Value dropout(Value x, Value key, double p);

private:
  OpBuilder &builder;
  Location loc;
};

} // namespace hfc::hf

#endif // HFC_DIALECTS_HF_TENSORBUILDER_H
