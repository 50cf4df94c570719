//===- AttentionParts.cpp - attention of one query over parts of the keys
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/hf/AttentionParts.h"

using namespace hfc;
using namespace hfc::hf;

/// The logarithm of a sum of nothing: finite, so that differences are numbers.
static constexpr double nothingSummed = -1.0e30;

namespace {
/// Sequences come apart into as many as there are parts, which share a query.
class PartsBuilder {
public:
  PartsBuilder(OpBuilder &builder, Location loc, int64_t parts) : tb(builder, loc), parts(parts) {}

  SmallVector<Value> build(const AttentionOfOne &attention, ValueRange operands);

private:
  /// Every part of a cache as a sequence, in float32.
  Value cut(Value cache) {
    SmallVector<int64_t> shape(shapeOf(cache));
    shape[0] *= parts;
    shape[1] /= parts;
    return widen(tb.reshape(cache, shape));
  }

  /// What is said of a sequence, of every part of it.
  Value repeat(Value x) {
    ArrayRef<int64_t> rest = shapeOf(x).drop_front();
    SmallVector<int64_t> many{shapeOf(x)[0], parts}, dims{0}, flat{shapeOf(x)[0] * parts};
    llvm::append_range(many, rest);
    llvm::append_range(flat, rest);
    llvm::append_range(dims, llvm::seq<int64_t>(2, static_cast<int64_t>(many.size())));
    return tb.reshape(tb.broadcast(x, many, dims), flat);
  }

  Value widen(Value x) { return tb.convert(x, tb.computeType(elementOf(x))); }
  /// The number of each part's first key.
  Value firstKeys(int64_t batch, int64_t keys, Type element);
  Value sumsOfVisible(Value logSum, Value past, Value count);

  TensorBuilder tb;
  int64_t parts;
};
} // namespace

Value PartsBuilder::firstKeys(int64_t batch, int64_t keys, Type element) {
  Value number = tb.iota(RankedTensorType::get({batch, parts}, element), 1);
  return tb.reshape(tb.mul(number, static_cast<double>(keys / parts)), {batch * parts});
}

/// A part's first key is visible, or none of it is.
Value PartsBuilder::sumsOfVisible(Value logSum, Value past, Value count) {
  Value last = tb.min(past, tb.add(tb.add(past, count), -1.0));
  Value sees = tb.compare(Compare::ge, last, tb.splatLike(last, 0.0));
  return tb.select(tb.broadcast(sees, shapeOf(logSum), {0}), logSum, tb.splatLike(logSum, nothingSummed));
}

SmallVector<Value> PartsBuilder::build(const AttentionOfOne &attention, ValueRange operands) {
  Value query = widen(repeat(operands[0])), key = cut(operands[1]), value = cut(operands[2]);
  int64_t batch = shapeOf(operands[0])[0], heads = shapeOf(query)[2], columns = shapeOf(value)[3];
  Value first = firstKeys(batch, shapeOf(operands[1])[1], elementOf(operands[3]));
  Value past = tb.sub(repeat(operands[3]), first), count = repeat(operands[4]);
  Type wide = elementOf(query);
  OpBuilder &builder = tb.get();
  auto part = AttentionWithStatisticsOp::create(
      builder, tb.getLoc(), RankedTensorType::get({batch * parts, 1, heads, columns}, wide),
      RankedTensorType::get({batch * parts, heads, 1}, wide), query, key, value, /*key_mask=*/Value(),
      /*query_segments=*/Value(), /*key_segments=*/Value(), past, count, /*bias=*/Value(), /*dropout_key=*/Value(),
      /*dropout_rows=*/Value(), attention.scale, builder.getUnitAttr(), /*window=*/IntegerAttr(), attention.softcap,
      /*dropout=*/FloatAttr(), HeadLayoutAttr::get(builder.getContext(), HeadLayout::bshd));
  return {tb.reshape(part.getResult(), {batch, parts, heads, columns}),
          tb.reshape(sumsOfVisible(part.getLogSum(), past, count), {batch, parts, heads})};
}

SmallVector<Value> hf::buildAttentionParts(OpBuilder &builder, Location loc, const AttentionOfOne &attention,
                                           ValueRange operands) {
  return PartsBuilder(builder, loc, attention.parts).build(attention, operands);
}

Value hf::joinAttentionParts(OpBuilder &builder, Location loc, ValueRange parts, RankedTensorType type) {
  TensorBuilder tb(builder, loc);
  Value values = parts[0], logSums = parts[1];
  ArrayRef<int64_t> space = shapeOf(values);
  Value largest = tb.reduce(Reduction::max, logSums, {1});
  Value weights = tb.exp(tb.sub(logSums, tb.broadcast(largest, shapeOf(logSums), {0, 2})));
  Value sum = tb.reduce(Reduction::sum, weights, {1});
  Value total = tb.reduce(Reduction::sum, tb.mul(values, tb.broadcast(weights, space, {0, 1, 2})), {1});
  Value result = tb.div(total, tb.broadcast(sum, shapeOf(total), {0, 1}));
  return tb.reshape(tb.convert(result, type.getElementType()), type.getShape());
}
