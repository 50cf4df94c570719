//===- DecomposeAttention.cpp - decompositions of attention and its backward pass
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/hf/Dropout.h"
#include "dialects/hf/Verify.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"

using namespace hfc;
using namespace hfc::hf;

namespace {

/// Builds attention over operands in the order batch, heads, sequence, head dimension. `OpTy` is `AttentionOp` or one
/// of its companions, which take the same parts by the same names.
template <typename OpTy>
class AttentionBuilder {
public:
  AttentionBuilder(TensorBuilder &tb, OpTy op) : tb(tb), op(op) {
    query = toHeadsFirst(op.getQuery());
    key = toHeadsFirst(op.getKey());
    batch = shapeOf(query)[0];
    heads = shapeOf(query)[1];
    queries = shapeOf(query)[2];
    keyHeads = shapeOf(key)[1];
    keys = shapeOf(key)[2];
  }

  Value build() { return buildResult(withBias(cappedScores())); }

  /// The result, and the logarithms of the rows' sums, from the same scores.
  SmallVector<Value> buildWithStatistics() {
    Value score = withBias(cappedScores());
    return {buildResult(score), buildStatistics(score)};
  }

  /// Gradients of query, key and value. A score's cotangent is `P (dP - sum(P dP))` for the softmax `P`, and that sum
  /// is the product of the result with its cotangent, whatever has been dropped: `dP` is 0 there.
  SmallVector<Value> buildBackward(Value cotangentOperand, Value outputOperand) {
    value = toHeadsFirst(op.getValue());
    Value capped = cappedScores(), weights = softmax(withBias(capped));
    Value cotangent = toHeadsFirst(cotangentOperand), output = toHeadsFirst(outputOperand);
    Value mean = tb.reduce(Reduction::sum, tb.mul(cotangent, output), {3});
    Value weightGrad = dropped(groupedProduct(cotangent, value, /*transposeRhs=*/true));
    Value scoreGrad = tb.mul(weights, tb.sub(weightGrad, tb.broadcast(mean, shapeOf(weights), {0, 1, 2})));
    if (auto cap = op.getSoftcapAttr()) {
      Value tangent = tb.mul(capped, 1.0 / cap.getValueAsDouble());
      scoreGrad = tb.mul(scoreGrad, tb.sub(tb.splatLike(tangent, 1.0), tb.mul(tangent, tangent)));
    }
    scoreGrad = tb.mul(scoreGrad, op.getScale().convertToDouble());
    return {fromHeadsFirst(groupedProduct(scoreGrad, key, /*transposeRhs=*/false)),
            fromHeadsFirst(sumOverQueries(scoreGrad, query)),
            fromHeadsFirst(sumOverQueries(dropped(weights), cotangent))};
  }

  Value buildStatistics() { return buildStatistics(withBias(cappedScores())); }

private:
  Value buildResult(Value score) {
    value = toHeadsFirst(op.getValue());
    return fromHeadsFirst(groupedProduct(dropped(softmax(score)), value, /*transposeRhs=*/false));
  }

  /// The logarithm of the sum of each row's exponentials. The largest visible score adds 1 to the sum beside it, so a
  /// smaller sum means that nothing is visible.
  Value buildStatistics(Value score) {
    Value shown = score, mask = visible();
    if (mask) {
      mask = tb.broadcast(mask, shapeOf(score), {0, 2, 3});
      shown = tb.select(mask, score, tb.splatLike(score, -3.0e38));
    }
    Value largest = tb.reduce(Reduction::max, shown, {3});
    Value power = tb.exp(tb.sub(shown, tb.broadcast(largest, shapeOf(score), {0, 1, 2})));
    if (mask)
      power = tb.select(mask, power, tb.splatLike(power, 0.0));
    Value sum = tb.reduce(Reduction::sum, power, {3}), one = tb.splatLike(sum, 1.0);
    Value logSum = tb.add(tb.unary<LogOp>(tb.max(sum, one)), largest);
    return tb.select(tb.compare(Compare::ge, sum, one), logSum, tb.splatLike(sum, 0.0));
  }

  /// The permutation that brings a layout's dimensions to batch, heads, sequence, head dimension.
  static SmallVector<int64_t> headsFirst(HeadLayout layout) {
    switch (layout) {
    case HeadLayout::bshd:
      return {0, 2, 1, 3};
    case HeadLayout::bhsd:
      return {0, 1, 2, 3};
    case HeadLayout::sbhd:
      return {1, 2, 0, 3};
    }
    llvm_unreachable("every layout is handled");
  }

  /// Float32 (or wider), heads outside the sequence.
  Value toHeadsFirst(Value x) {
    x = tb.convert(x, tb.computeType(elementOf(x)));
    return op.getLayout() == HeadLayout::bhsd ? x : tb.transpose(x, headsFirst(op.getLayout()));
  }

  /// The operands' element type and layout.
  Value fromHeadsFirst(Value x) {
    x = tb.convert(x, elementOf(op.getQuery()));
    return op.getLayout() == HeadLayout::bhsd ? x
                                              : tb.transpose(x, invertPermutationVector(headsFirst(op.getLayout())));
  }

  /// A product of each query head with its key head: the query heads of a group stack up as rows.
  Value groupedProduct(Value lhs, Value rhs, bool transposeRhs) {
    Value product = tb.matmul(byKeyHead(lhs), rhs, /*transposeLhs=*/false, transposeRhs);
    return tb.reshape(product, {batch, heads, queries, shapeOf(product).back()});
  }

  /// `lhs^T rhs` for each key head, over all queries of all its query heads.
  Value sumOverQueries(Value lhs, Value rhs) {
    return tb.matmul(byKeyHead(lhs), byKeyHead(rhs), /*transposeLhs=*/true, /*transposeRhs=*/false);
  }

  Value byKeyHead(Value x) { return tb.reshape(x, {batch, keyHeads, heads / keyHeads * queries, shapeOf(x).back()}); }

  Value cappedScores() {
    Value score = tb.mul(groupedProduct(query, key, /*transposeRhs=*/true), op.getScale().convertToDouble());
    if (auto cap = op.getSoftcapAttr())
      score = SoftcapOp::create(tb.get(), tb.getLoc(), score.getType(), score, cap);
    return score;
  }

  Value withBias(Value score) {
    if (Value bias = op.getBias())
      return tb.add(score, tb.broadcast(tb.convert(bias, elementOf(score)), shapeOf(score), {0, 1, 2, 3}));
    return score;
  }

  Value softmax(Value score) {
    if (Value mask = visible())
      return maskedSoftmax(score, tb.broadcast(mask, shapeOf(score), {0, 2, 3}));
    return SoftmaxOp::create(tb.get(), tb.getLoc(), score.getType(), score);
  }

  /// Zeroes weights at random, or their cotangents, and scales the others.
  Value dropped(Value weights) {
    if (!op.getDropoutKey())
      return weights;
    ArrayRef<int64_t> shape = shapeOf(weights);
    auto space = RankedTensorType::get(shape, tb.get().getI32Type());
    Value row = tb.add(tb.broadcast(op.getDropoutRows(), shape, {0, 1}), tb.iota(space, 2));
    Value keys = tb.broadcast(op.getDropoutKey(), shape, {});
    return dropoutAt(tb, weights, keys, op.getDropout()->convertToDouble(), row, tb.iota(space, 3));
  }

  // Masks, over [batch, queries, keys].

  RankedTensorType indexSpace() { return RankedTensorType::get({batch, queries, keys}, tb.get().getI32Type()); }
  /// A value for each batch element, over the index space.
  Value perBatch(Value x) { return tb.broadcast(tb.convert(x, tb.get().getI32Type()), indexSpace().getShape(), {0}); }
  Value perQuery(Value x) { return tb.broadcast(x, indexSpace().getShape(), {0, 1}); }
  Value perKey(Value x) { return tb.broadcast(x, indexSpace().getShape(), {0, 2}); }

  /// Each query's position among the keys.
  Value queryPositions() {
    Value index = tb.iota(indexSpace(), 1);
    return op.getPast() ? tb.add(index, perBatch(op.getPast())) : index;
  }

  /// Which keys a query may see; null if it is all of them.
  Value visible() {
    Value mask;
    auto require = [&](Value condition) { mask = mask ? tb.logicalAnd(mask, condition) : condition; };
    if (op.getCausal())
      require(tb.compare(Compare::le, keyIndex(), queryPositions()));
    if (std::optional<uint64_t> window = op.getWindow()) {
      Value distance = tb.sub(queryPositions(), keyIndex());
      // No two positions are further apart than an i32 tells.
      double width = static_cast<double>(std::min<uint64_t>(*window, std::numeric_limits<int32_t>::max()));
      require(tb.compare(Compare::lt, distance, tb.splatLike(distance, width)));
    }
    if (Value keyMask = op.getKeyMask())
      require(perKey(tb.compare(Compare::ne, keyMask, tb.splatLike(keyMask, 0.0))));
    if (op.getQuerySegments())
      require(tb.compare(Compare::eq, perQuery(op.getQuerySegments()), perKey(op.getKeySegments())));
    if (op.getPast())
      require(tb.compare(Compare::lt, keyIndex(), tb.add(perBatch(op.getPast()), perBatch(op.getCount()))));
    return mask;
  }

  Value keyIndex() { return tb.iota(indexSpace(), 2); }

  /// Softmax over visible keys, and 0 where there is none. Hidden scores become a large negative number and never an
  /// infinity, whose difference with itself is no number. The largest visible score adds 1 to the sum, so a smaller
  /// sum means that nothing is visible.
  Value maskedSoftmax(Value score, Value mask) {
    Value floor = tb.splatLike(score, -3.0e38);
    Value shown = tb.max(tb.select(mask, score, floor), floor);
    Value power = tb.exp(tb.sub(shown, tb.reduceLastAndBroadcast(Reduction::max, shown)));
    power = tb.select(mask, power, tb.splatLike(power, 0.0));
    Value sum = tb.reduceLastAndBroadcast(Reduction::sum, power);
    return tb.div(power, tb.max(sum, tb.splatLike(sum, 1.0)));
  }

  TensorBuilder &tb;
  OpTy op;
  Value query, key, value;
  int64_t batch, heads, queries, keyHeads, keys;
};

} // namespace

SmallVector<Value> AttentionOp::decompose(OpBuilder &builder) {
  TensorBuilder tb(builder, getLoc());
  return {AttentionBuilder(tb, *this).build()};
}

SmallVector<Value> AttentionBackwardOp::decompose(OpBuilder &builder) {
  TensorBuilder tb(builder, getLoc());
  return AttentionBuilder(tb, *this).buildBackward(getCotangent(), getOutput());
}

SmallVector<Value> AttentionStatisticsOp::decompose(OpBuilder &builder) {
  TensorBuilder tb(builder, getLoc());
  return {AttentionBuilder(tb, *this).buildStatistics()};
}

SmallVector<Value> AttentionWithStatisticsOp::decompose(OpBuilder &builder) {
  TensorBuilder tb(builder, getLoc());
  return AttentionBuilder(tb, *this).buildWithStatistics();
}

/// `[batch, query heads, queries]`, float32 or wider.
template <typename OpTy>
static RankedTensorType statisticsType(OpTy of) {
  auto query = cast<RankedTensorType>(of.getQuery().getType());
  Type element = query.getElementType();
  HeadDims dims(of.getLayout());
  ArrayRef<int64_t> sizes = query.getShape();
  return RankedTensorType::get({sizes[dims.batch], sizes[dims.heads], sizes[dims.sequence]},
                               element.isF64() ? element : Type(Float32Type::get(of.getContext())));
}

void AttentionWithStatisticsOp::build(OpBuilder &builder, OperationState &state, AttentionOp of) {
  build(builder, state, of.getType(), statisticsType(of), of.getQuery(), of.getKey(), of.getValue(), of.getKeyMask(),
        of.getQuerySegments(), of.getKeySegments(), of.getPast(), of.getCount(), of.getBias(), of.getDropoutKey(),
        of.getDropoutRows(), of.getScaleAttr(), of.getCausalAttr(), of.getWindowAttr(), of.getSoftcapAttr(),
        of.getDropoutAttr(), of.getLayoutAttr());
}

void AttentionStatisticsOp::build(OpBuilder &builder, OperationState &state, AttentionBackwardOp of) {
  build(builder, state, statisticsType(of), of.getQuery(), of.getKey(), of.getKeyMask(), of.getQuerySegments(),
        of.getKeySegments(), of.getPast(), of.getCount(), of.getBias(), of.getScaleAttr(), of.getCausalAttr(),
        of.getWindowAttr(), of.getSoftcapAttr(), of.getLayoutAttr());
}
