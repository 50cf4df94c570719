//===- AttentionTile.cpp - what an attention kernel does with a tile of keys
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

/// Keys beyond the last are zeros: their scores are computed, and then masked.
void AttentionEmitter::emitTransposedKeys() {
  int64_t width = plan.depthVector, chunks = plan.depth / width;
  Value none = splat(f32(0), width);
  distribute(index.constant(plan.keyTile * chunks), [&](Value unit) {
    Value local = index.div(unit, chunks), element = index.mul(index.rem(unit, chunks), width);
    Value key = index.add(tile, local);
    Value inside = arith::CmpIOp::create(b, arith::CmpIPredicate::slt, key, tileEnd);
    auto read = [&]() -> SmallVector<Value> {
      return {load(buffer(op.getKey()), position(key, keyHead, element), width)};
    };
    Value value = choose(inside, none.getType(), read, [&]() -> SmallVector<Value> { return {none}; })[0];
    for (int64_t lane = 0; lane < width; ++lane)
      store(width == 1 ? value : Value(vector::ExtractOp::create(b, value, lane)), transposedKeys,
            {index.add(element, lane), local});
  });
}

void AttentionEmitter::emitScores() {
  int64_t width = plan.keyVector, chunks = plan.keyTile / width;
  distribute(index.constant(plan.rowTile / plan.rowBlock * chunks), [&](Value unit) {
    Value row = index.mul(index.div(unit, chunks), plan.rowBlock), local = index.mul(index.rem(unit, chunks), width);
    SmallVector<Value> zeros(plan.rowBlock, splat(f32(0), width));
    SmallVector<Value> results =
        loop(index.constant(0), index.constant(plan.depth), 1, zeros, [&](Value element, ValueRange carried) {
          Value keys = load(transposedKeys, {element, local}, width);
          SmallVector<Value> next;
          for (auto [number, score] : llvm::enumerate(carried))
            next.push_back(multiplyAdd(splat(load(query, {index.add(row, number), element}, 1), width), keys, score));
          return next;
        });
    for (auto [number, score] : llvm::enumerate(results)) {
      Value each = index.add(row, number);
      store(finishScore(score, each, local, width), scores, {each, local});
    }
  });
}

void AttentionEmitter::emitDirectScores() {
  int64_t width = plan.depthVector;
  int64_t blocks = plan.rowTile / plan.rowBlock;
  distribute(index.constant(blocks * plan.keyTile), [&](Value unit) {
    // Row blocks next to each other read the same key.
    Value local = index.div(unit, blocks), row = index.mul(index.rem(unit, blocks), plan.rowBlock);
    Value key = index.add(tile, local);
    Value inside = arith::CmpIOp::create(b, arith::CmpIPredicate::slt, key, tileEnd);
    SmallVector<Type> types(plan.rowBlock, b.getF32Type());
    auto compute = [&] {
      SmallVector<Value> zeros(plan.rowBlock, splat(f32(0), width));
      SmallVector<Value> results =
          loop(index.constant(0), index.constant(plan.depth), width, zeros, [&](Value element, ValueRange carried) {
            Value keys = load(buffer(op.getKey()), position(key, keyHead, element), width);
            SmallVector<Value> next;
            for (auto [number, score] : llvm::enumerate(carried))
              next.push_back(multiplyAdd(load(query, {index.add(row, number), element}, width), keys, score));
            return next;
          });
      for (auto [number, score] : llvm::enumerate(results))
        score = finishScore(horizontal(vector::CombiningKind::ADD, score), index.add(row, number), local, 1);
      return results;
    };
    auto masked = [&] { return SmallVector<Value>(plan.rowBlock, f32(kMasked)); };
    for (auto [number, score] : llvm::enumerate(choose(inside, types, compute, masked)))
      store(score, scores, {index.add(row, number), local});
  });
}

//===----------------------------------------------------------------------===//
// Softcap, bias, mask
//===----------------------------------------------------------------------===//

/// The bias of `width` keys from `local` on; its dimensions may be 1. Keys beyond the last read some other's.
Value AttentionEmitter::emitBias(Value localRow, Value local, int64_t width) {
  ArrayRef<int64_t> shape = op.getBias().getType().getShape();
  Value row = index.min(index.add(firstRow, localRow), plan.rows - 1), key = index.add(tile, local);
  Value head = index.add(index.mul(keyHead, plan.group), index.rem(row, plan.group));
  auto at = [&](int64_t dim, Value value) { return shape[dim] == 1 ? index.constant(0) : value; };
  SmallVector<Value> place{at(0, batch), at(1, head), at(2, index.div(row, plan.group)), index.constant(0)};
  Value bias = buffer(op.getBias());
  if (shape[3] == 1)
    return splat(load(bias, place, 1), width);
  if (plan.keys % width == 0) {
    place[3] = key;
    return load(bias, place, width);
  }
  SmallVector<Value> lanes;
  for (int64_t lane = 0; lane < width; ++lane) {
    place[3] = index.min(index.add(key, lane), plan.keys - 1);
    lanes.push_back(load(bias, place, 1));
  }
  return vector::FromElementsOp::create(b, VectorType::get(width, b.getF32Type()), lanes);
}

Value AttentionEmitter::emitVisible(Value localRow, Value local, int64_t width) {
  Value key = splat(indexToI32(index.add(tile, local)), width);
  if (width > 1) {
    SmallVector<int32_t> steps = llvm::to_vector(llvm::seq<int32_t>(0, width));
    key = arith::AddIOp::create(b, key, arith::ConstantOp::create(b, b.getI32VectorAttr(steps)));
  }
  auto compare = [&](arith::CmpIPredicate predicate, Value lhs, Value rhs) -> Value {
    return arith::CmpIOp::create(b, predicate, lhs, splat(rhs, width));
  };
  Value visible = compare(arith::CmpIPredicate::slt, key, load(endKeys, localRow, 1));
  auto also = [&](Value condition) { visible = arith::AndIOp::create(b, visible, condition); };
  if (op.getWindow())
    also(compare(arith::CmpIPredicate::sge, key, load(firstKeys, localRow, 1)));
  if (keyMask)
    also(compare(arith::CmpIPredicate::ne, load(keyMask, local, width), i32(0)));
  if (keySegments)
    also(compare(arith::CmpIPredicate::eq, load(keySegments, local, width), load(querySegments, localRow, 1)));
  return visible;
}

Value AttentionEmitter::finishScore(Value score, Value localRow, Value local, int64_t width) {
  if (op.getSoftcap()) {
    double cap = op.getSoftcap()->convertToDouble();
    score = arith::MulFOp::create(b, score, splat(f32(1 / cap), width), kContract);
    score = math::TanhOp::create(b, score, kContract);
    score = arith::MulFOp::create(b, score, splat(f32(cap), width), kContract);
  }
  if (op.getBias())
    score = arith::AddFOp::create(b, score, emitBias(localRow, local, width), kContract);
  return arith::SelectOp::create(b, emitVisible(localRow, local, width), score, splat(f32(kMasked), width));
}

//===----------------------------------------------------------------------===//
// Softmax and values
//===----------------------------------------------------------------------===//

void AttentionEmitter::emitSoftmax() {
  int64_t width = plan.keyVector;
  Value zero = index.constant(0), end = index.constant(plan.keyTile);
  distribute(index.constant(plan.rowTile), [&](Value row) {
    Value before = load(maxima, row, 1);
    Value widest = loop(zero, end, width, splat(before, width), [&](Value local, ValueRange carried) {
      return SmallVector<Value>{maximum(load(scores, {row, local}, width), carried[0])};
    })[0];
    Value now = horizontal(vector::CombiningKind::MAXNUMF, widest), all = splat(now, width);
    Value partial = loop(zero, end, width, splat(f32(0), width), [&](Value local, ValueRange carried) {
      Value score = arith::SubFOp::create(b, load(scores, {row, local}, width), all, kContract);
      Value weight = math::ExpOp::create(b, score, kContract);
      store(weight, scores, {row, local});
      return SmallVector<Value>{arith::AddFOp::create(b, carried[0], weight, kContract)};
    })[0];
    Value correction = math::ExpOp::create(b, arith::SubFOp::create(b, before, now, kContract), kContract);
    Value sum = horizontal(vector::CombiningKind::ADD, partial);
    store(correction, corrections, row);
    store(now, maxima, row);
    store(multiplyAdd(load(totals, row, 1), correction, sum), totals, row);
  });
}

void AttentionEmitter::emitWeigh() {
  int64_t width = plan.columnVector, chunks = plan.columns / width;
  Value end = arith::MinSIOp::create(b, index.constant(plan.keyTile), arith::SubIOp::create(b, tileEnd, tile));
  distribute(index.constant(plan.rowTile / plan.valueRowBlock * chunks), [&](Value unit) {
    Value row = index.mul(index.div(unit, chunks), plan.valueRowBlock),
          column = index.mul(index.rem(unit, chunks), width);
    SmallVector<Value> inits;
    for (int64_t number = 0; number < plan.valueRowBlock; ++number) {
      Value each = index.add(row, number);
      Value correction = splat(load(corrections, each, 1), width);
      inits.push_back(arith::MulFOp::create(b, load(sums, {each, column}, width), correction, kContract));
    }
    SmallVector<Value> results = loop(index.constant(0), end, 1, inits, [&](Value local, ValueRange carried) {
      Value values = load(buffer(op.getValue()), position(index.add(tile, local), keyHead, column), width);
      SmallVector<Value> next;
      for (auto [number, sum] : llvm::enumerate(carried))
        next.push_back(multiplyAdd(splat(load(scores, {index.add(row, number), local}, 1), width), values, sum));
      return next;
    });
    for (auto [number, sum] : llvm::enumerate(results))
      store(sum, sums, {index.add(row, number), column});
  });
}
