//===- AttentionScores.cpp - scores of a tile of rows against a tile of keys
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Attention.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace hfc;

static constexpr auto kContract = arith::FastMathFlags::contract;

/// Copies the keys' rows of `source`, `width` elements each, as columns. Keys beyond the last are zeros: their scores
/// are computed, and then masked.
void AttentionBlock::emitTransposed(Value source, int64_t width, Value target) {
  int64_t vector = width == plan.depth ? plan.depthVector : plan.columnVector, chunks = width / vector;
  Value none = splat(f32(0), vector);
  distribute(index.constant(plan.keyTile * chunks), [&](Value unit) {
    Value local = index.div(unit, chunks), element = index.mul(index.rem(unit, chunks), vector);
    Value key = index.add(tile, local);
    Value inside = arith::CmpIOp::create(b, arith::CmpIPredicate::slt, key, tileEnd);
    auto read = [&]() -> Values { return {load(source, position(key, keyHead, element), vector)}; };
    Value value = choose(inside, none.getType(), read, [&]() -> Values { return {none}; })[0];
    for (int64_t lane = 0; lane < vector; ++lane)
      store(vector == 1 ? value : Value(vector::ExtractOp::create(b, value, lane)), target,
            {index.add(element, lane), local});
  });
}

AttentionBlock::Values AttentionBlock::emitProducts(Value rows, Value transposed, int64_t depth, Value row,
                                                    Value local) {
  int64_t width = plan.keyVector;
  Values zeros(plan.rowBlock, splat(f32(0), width));
  return loop(index.constant(0), index.constant(depth), 1, zeros, [&](Value element, ValueRange carried) {
    Value keys = load(transposed, {element, local}, width);
    Values next;
    for (auto [number, sum] : llvm::enumerate(carried))
      next.push_back(multiplyAdd(splat(load(rows, {index.add(row, number), element}, 1), width), keys, sum));
    return next;
  });
}

//===----------------------------------------------------------------------===//
// Softcap, bias, mask, dropout
//===----------------------------------------------------------------------===//

/// The bias of `width` keys from `local` on; its dimensions may be 1. Keys beyond the last read some other's.
Value AttentionBlock::emitBias(Value localRow, Value local, int64_t width) {
  ArrayRef<int64_t> shape = cast<RankedTensorType>(parts.bias.getType()).getShape();
  Value row = index.min(index.add(firstRow, localRow), plan.rows - 1), key = index.add(tile, local);
  Value head = index.add(index.mul(keyHead, plan.group), index.rem(row, plan.group));
  auto at = [&](int64_t dim, Value value) { return shape[dim] == 1 ? index.constant(0) : value; };
  Values place{at(0, batch), at(1, head), at(2, index.div(row, plan.group)), index.constant(0)};
  Value bias = buffer(parts.bias);
  if (shape[3] == 1)
    return splat(load(bias, place, 1), width);
  if (plan.keys % width == 0) {
    place[3] = index.min(key, plan.keys - width);
    return load(bias, place, width);
  }
  Values lanes;
  for (int64_t lane = 0; lane < width; ++lane) {
    place[3] = index.min(index.add(key, lane), plan.keys - 1);
    lanes.push_back(load(bias, place, 1));
  }
  return vector::FromElementsOp::create(b, VectorType::get(width, b.getF32Type()), lanes);
}

Value AttentionBlock::keyNumbers(Value local, int64_t width) {
  Value key = splat(indexToI32(index.add(tile, local)), width);
  if (width == 1)
    return key;
  SmallVector<int32_t> steps = llvm::to_vector(llvm::seq<int32_t>(0, width));
  return arith::AddIOp::create(b, key, arith::ConstantOp::create(b, b.getI32VectorAttr(steps)));
}

Value AttentionBlock::emitVisible(Value localRow, Value local, int64_t width) {
  Value key = keyNumbers(local, width);
  auto compare = [&](arith::CmpIPredicate predicate, Value lhs, Value rhs) -> Value {
    return arith::CmpIOp::create(b, predicate, lhs, splat(rhs, width));
  };
  Value visible = compare(arith::CmpIPredicate::slt, key, load(endKeys, localRow, 1));
  auto also = [&](Value condition) { visible = arith::AndIOp::create(b, visible, condition); };
  if (parts.window)
    also(compare(arith::CmpIPredicate::sge, key, load(firstKeys, localRow, 1)));
  if (keyMask)
    also(compare(arith::CmpIPredicate::ne, load(keyMask, local, width), i32(0)));
  if (keySegments)
    also(compare(arith::CmpIPredicate::eq, load(keySegments, local, width), load(querySegments, localRow, 1)));
  return visible;
}

Value AttentionBlock::emitSoftcap(Value score) {
  auto vector = dyn_cast<VectorType>(score.getType());
  int64_t width = vector ? vector.getNumElements() : 1;
  score = math::TanhOp::create(b, multiply(score, splat(f32(1 / *parts.softcap), width)), kContract);
  return multiply(score, splat(f32(*parts.softcap), width));
}

Value AttentionBlock::finishScore(Value score, Value localRow, Value local, int64_t width) {
  return maskScore(parts.softcap ? emitSoftcap(score) : score, localRow, local, width);
}

Value AttentionBlock::maskScore(Value score, Value localRow, Value local, int64_t width) {
  if (parts.bias)
    score = arith::AddFOp::create(b, score, emitBias(localRow, local, width), kContract);
  return arith::SelectOp::create(b, emitVisible(localRow, local, width), score, splat(f32(kMasked), width));
}

/// Draws by the row's and the key's number in the whole tensor. Rows beyond the last draw some other's.
Value AttentionBlock::emitDropped(Value weight, Value localRow, Value local, int64_t width) {
  if (!parts.dropoutKey)
    return weight;
  Value row = index.min(index.add(firstRow, localRow), plan.rows - 1);
  Value head = index.add(index.mul(keyHead, plan.group), index.rem(row, plan.group));
  Value first = load(buffer(parts.dropoutRows), {batch, head}, 1);
  Value number = arith::AddIOp::create(b, first, indexToI32(index.div(row, plan.group)));
  Value key = load(buffer(parts.dropoutKey), {}, 1);
  Value uniform = emitRandomUniform(b, splat(number, width), keyNumbers(local, width), splat(key, width));
  Value kept = arith::CmpFOp::create(b, arith::CmpFPredicate::OGE, uniform, splat(f32(parts.dropout), width));
  Value scaled = multiply(weight, splat(f32(1 / (1 - parts.dropout)), width));
  return arith::SelectOp::create(b, kept, scaled, splat(f32(0), width));
}
