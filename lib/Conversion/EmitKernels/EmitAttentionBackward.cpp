//===- EmitAttentionBackward.cpp - attention's gradients without a matrix of scores
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// With the logarithm of each row's sum of exponentials known, every weight can be computed again by itself:
//
//   weight = exp(score - log sum)      gradient = weight * (cotangent . value - cotangent . output)
//
// and so no sum needs two blocks. The first blocks have a tile of rows each, and walk over the keys:
//
//   query's gradient += gradients x keys
//
// the others have a tile of keys each, and walk over the rows that may see them:
//
//   value's gradient += weights^T x cotangents        key's gradient += gradients^T x queries
//
// Whatever the order in which blocks run, each element is summed in one order, in float32.
//
//===----------------------------------------------------------------------===//

#include "Attention.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/Support/MathExtras.h"

using namespace hfc;

static constexpr auto kContract = arith::FastMathFlags::contract;

namespace {
class AttentionBackwardEmitter : public AttentionBlock {
public:
  AttentionBackwardEmitter(func::FuncOp body, hf::AttentionBackwardOp op, const EmitOptions &options)
      : AttentionBlock(body, AttentionParts::of(op, op.getValue()), options), op(op) {}

  LogicalResult emit();

private:
  void allocate();
  void emitRowTile(Value block);
  void emitKeyTile(Value block);
  void emitRowRange();

  // What a tile of rows brings along, and a tile of keys.
  void loadRows();
  void loadKeys();
  void emitDeltas();
  /// Weights and gradients of scores, rows x keys.
  void emitGradients();
  Value emitCapped(Value score, Value &slope);

  /// `target[i, …] += sum over `inner` of factors[i, inner] * read(inner, …)`, for the rows of a tile.
  void addToRows();
  /// `target[key, …] += sum over rows of factors[row, key] * source[row, …]`.
  void addToKeys(Value factors, Value source, int64_t columns, int64_t width, Value target);
  void writeRows();
  void writeKeys(Value sums, int64_t columns, int64_t width, Value target);

  hf::AttentionBackwardOp op;
  Value query, cotangent, transposedKeys, transposedValues, weights, gradients, sums, valueSums, logSums, deltas;
};
} // namespace

void AttentionBackwardEmitter::allocate() {
  Type f32 = b.getF32Type();
  query = scratch({plan.rowTile, plan.depth}, f32);
  cotangent = scratch({plan.rowTile, plan.columns}, f32);
  transposedKeys = scratch({plan.depth, plan.keyTile}, f32);
  transposedValues = scratch({plan.columns, plan.keyTile}, f32);
  weights = scratch({plan.rowTile, plan.keyTile}, f32);
  gradients = scratch({plan.rowTile, plan.keyTile}, f32);
  sums = scratch({std::max(plan.rowTile, plan.keyTile), plan.depth}, f32);
  valueSums = scratch({plan.keyTile, plan.columns}, f32);
  logSums = scratch({plan.rowTile}, f32);
  deltas = scratch({plan.rowTile}, f32);
  allocateRowInfo();
}

//===----------------------------------------------------------------------===//
// Tiles
//===----------------------------------------------------------------------===//

void AttentionBackwardEmitter::loadRows() {
  emitRows(buffer(op.getQuery()), plan.depth, parts.scale, query);
  emitRows(buffer(op.getCotangent()), plan.columns, 1.0, cotangent);
  emitRowInfo();
  emitDeltas();
}

void AttentionBackwardEmitter::loadKeys() {
  emitAllKeyInfo();
  emitTransposed(buffer(op.getKey()), plan.depth, transposedKeys);
  emitTransposed(buffer(op.getValue()), plan.columns, transposedValues);
}

/// For each row the logarithm of its sum, and the product of its output with the output's cotangent.
void AttentionBackwardEmitter::emitDeltas() {
  int64_t width = plan.columnVector;
  distribute(index.constant(plan.rowTile), [&](Value local) {
    Value row = index.add(firstRow, local);
    auto read = [&]() -> Values {
      Value product = loop(index.constant(0), index.constant(plan.columns), width, splat(f32(0), width),
                           [&](Value column, ValueRange carried) {
                             Values at = positionOfRow(row, column);
                             Value output = load(buffer(op.getOutput()), at, width);
                             Value given = load(buffer(op.getCotangent()), at, width);
                             return Values{multiplyAdd(output, given, carried[0])};
                           })[0];
      Value head = index.add(index.mul(keyHead, plan.group), index.rem(row, plan.group));
      return {load(buffer(op.getLogSum()), {batch, head, index.div(row, plan.group)}, 1),
              horizontal(vector::CombiningKind::ADD, product)};
    };
    auto none = [&]() -> Values { return {f32(0), f32(0)}; };
    Values values = ifInside(row, {b.getF32Type(), b.getF32Type()}, read, none);
    store(values[0], logSums, local);
    store(values[1], deltas, local);
  });
}

/// The score as softcap leaves it; `slope` is the derivative there.
Value AttentionBackwardEmitter::emitCapped(Value score, Value &slope) {
  if (!parts.softcap)
    return score;
  Value capped = emitSoftcap(score), ratio = multiply(capped, splat(f32(1 / *parts.softcap), plan.keyVector));
  slope = subtract(splat(f32(1), plan.keyVector), multiply(ratio, ratio));
  return capped;
}

void AttentionBackwardEmitter::emitGradients() {
  int64_t width = plan.keyVector, chunks = plan.keyTile / width;
  distribute(index.constant(plan.rowTile / plan.rowBlock * chunks), [&](Value unit) {
    Value row = index.mul(index.div(unit, chunks), plan.rowBlock), local = index.mul(index.rem(unit, chunks), width);
    Values scores = emitProducts(query, transposedKeys, plan.depth, row, local);
    Values products = emitProducts(cotangent, transposedValues, plan.columns, row, local);
    for (auto [number, score, product] : llvm::enumerate(scores, products)) {
      Value each = index.add(row, number), slope;
      Value shown = maskScore(emitCapped(score, slope), each, local, width);
      Value logSum = splat(load(logSums, each, 1), width), delta = splat(load(deltas, each, 1), width);
      Value weight = math::ExpOp::create(b, subtract(shown, logSum), kContract);
      Value gradient = multiply(weight, subtract(emitDropped(product, each, local, width), delta));
      store(emitDropped(weight, each, local, width), weights, {each, local});
      store(slope ? multiply(gradient, slope) : gradient, gradients, {each, local});
    }
  });
}

//===----------------------------------------------------------------------===//
// Sums
//===----------------------------------------------------------------------===//

void AttentionBackwardEmitter::addToRows() {
  int64_t width = plan.depthVector, chunks = plan.depth / width, rowBlock = plan.rowBlock;
  Value end = arith::MinSIOp::create(b, index.constant(plan.keyTile), arith::SubIOp::create(b, tileEnd, tile));
  distribute(index.constant(plan.rowTile / rowBlock * chunks), [&](Value unit) {
    Value row = index.mul(index.div(unit, chunks), rowBlock), element = index.mul(index.rem(unit, chunks), width);
    Values inits;
    for (int64_t number = 0; number < rowBlock; ++number)
      inits.push_back(load(sums, {index.add(row, number), element}, width));
    Values results = loop(index.constant(0), end, 1, inits, [&](Value local, ValueRange carried) {
      Value key = load(buffer(op.getKey()), position(index.add(tile, local), keyHead, element), width);
      Values next;
      for (auto [number, sum] : llvm::enumerate(carried))
        next.push_back(multiplyAdd(splat(load(gradients, {index.add(row, number), local}, 1), width), key, sum));
      return next;
    });
    for (auto [number, sum] : llvm::enumerate(results))
      store(sum, sums, {index.add(row, number), element});
  });
}

void AttentionBackwardEmitter::addToKeys(Value factors, Value source, int64_t columns, int64_t width, Value target) {
  constexpr int64_t block = 4;
  int64_t chunks = columns / width;
  distribute(index.constant(plan.keyTile / block * chunks), [&](Value unit) {
    Value key = index.mul(index.div(unit, chunks), block), column = index.mul(index.rem(unit, chunks), width);
    Values inits;
    for (int64_t number = 0; number < block; ++number)
      inits.push_back(load(target, {index.add(key, number), column}, width));
    Values results =
        loop(index.constant(0), index.constant(plan.rowTile), 1, inits, [&](Value row, ValueRange carried) {
          Value values = load(source, {row, column}, width);
          Values next;
          for (auto [number, sum] : llvm::enumerate(carried))
            next.push_back(multiplyAdd(splat(load(factors, {row, index.add(key, number)}, 1), width), values, sum));
          return next;
        });
    for (auto [number, sum] : llvm::enumerate(results))
      store(sum, target, {index.add(key, number), column});
  });
}

void AttentionBackwardEmitter::writeRows() {
  int64_t width = plan.depthVector, chunks = plan.depth / width;
  distribute(index.constant(plan.rowTile * chunks), [&](Value unit) {
    Value local = index.div(unit, chunks), element = index.mul(index.rem(unit, chunks), width);
    Value row = index.add(firstRow, local);
    auto write = [&]() -> Values {
      Value value = multiply(load(sums, {local, element}, width), splat(f32(parts.scale), width));
      store(value, writer.output(0), positionOfRow(row, element));
      return {};
    };
    ifInside(row, TypeRange(), write, []() -> Values { return {}; });
  });
}

void AttentionBackwardEmitter::writeKeys(Value sums, int64_t columns, int64_t width, Value target) {
  int64_t chunks = columns / width;
  distribute(index.constant(plan.keyTile * chunks), [&](Value unit) {
    Value local = index.div(unit, chunks), column = index.mul(index.rem(unit, chunks), width);
    Value key = index.add(tile, local);
    Value inside = arith::CmpIOp::create(b, arith::CmpIPredicate::ult, key, index.constant(plan.keys));
    auto write = [&]() -> Values {
      store(load(sums, {local, column}, width), target, position(key, keyHead, column));
      return {};
    };
    choose(inside, TypeRange(), write, []() -> Values { return {}; });
  });
}

//===----------------------------------------------------------------------===//
// Blocks
//===----------------------------------------------------------------------===//

void AttentionBackwardEmitter::emitRowTile(Value block) {
  int64_t tiles = llvm::divideCeil(plan.rows, plan.rowTile);
  firstRow = index.mul(index.rem(block, tiles), plan.rowTile);
  emitHeads(index.div(block, tiles));
  emitKeyRange();
  loadRows();
  emitZeros(sums, plan.rowTile, plan.depth, plan.depthVector);
  loop(tileBegin, tileEnd, plan.keyTile, {}, [&](Value begin, ValueRange) -> Values {
    tile = begin;
    loadKeys();
    kernel::BarrierOp::create(b);
    emitGradients();
    kernel::BarrierOp::create(b);
    addToRows();
    return {};
  });
  kernel::BarrierOp::create(b);
  writeRows();
}

/// The tiles of rows that may see a key of the tile: `[tileBegin, tileEnd)`.
void AttentionBackwardEmitter::emitRowRange() {
  tileBegin = index.constant(0);
  tileEnd = index.constant(plan.rows);
  auto firstRowAt = [&](Value query) {
    Value from = arith::MaxSIOp::create(b, query, index.constant(0));
    return index.mul(from, plan.group);
  };
  if (parts.causal) {
    Value first = firstRowAt(arith::SubIOp::create(b, tile, past));
    tileBegin = index.mul(index.div(first, plan.rowTile), plan.rowTile);
  }
  if (parts.window) {
    Value last = index.add(tile, plan.keyTile - 1 + *parts.window);
    tileEnd = arith::MinSIOp::create(b, tileEnd, firstRowAt(arith::SubIOp::create(b, last, past)));
  }
}

void AttentionBackwardEmitter::emitKeyTile(Value block) {
  int64_t tiles = llvm::divideCeil(plan.keys, plan.keyTile);
  tile = index.mul(index.rem(block, tiles), plan.keyTile);
  emitHeads(index.div(block, tiles));
  tileEnd = index.constant(plan.keys);
  loadKeys();
  emitZeros(sums, plan.keyTile, plan.depth, plan.depthVector);
  emitZeros(valueSums, plan.keyTile, plan.columns, plan.columnVector);
  emitRowRange();
  loop(tileBegin, tileEnd, plan.rowTile, {}, [&](Value begin, ValueRange) -> Values {
    firstRow = begin;
    kernel::BarrierOp::create(b);
    loadRows();
    kernel::BarrierOp::create(b);
    emitGradients();
    kernel::BarrierOp::create(b);
    addToKeys(weights, cotangent, plan.columns, plan.columnVector, valueSums);
    addToKeys(gradients, query, plan.depth, plan.depthVector, sums);
    return {};
  });
  kernel::BarrierOp::create(b);
  writeKeys(sums, plan.depth, plan.depthVector, writer.output(1));
  writeKeys(valueSums, plan.columns, plan.columnVector, writer.output(2));
}

LogicalResult AttentionBackwardEmitter::emit() {
  plan.planBackward();
  int64_t heads = plan.batch * plan.keyHeads;
  int64_t rowBlocks = heads * llvm::divideCeil(plan.rows, plan.rowTile);
  int64_t keyBlocks = heads * llvm::divideCeil(plan.keys, plan.keyTile);
  Value block = kernel::BlockIdOp::create(b, b.getIndexType());
  allocate();
  Value hasRows = arith::CmpIOp::create(b, arith::CmpIPredicate::ult, block, index.constant(rowBlocks));
  auto rows = [&]() -> Values {
    emitRowTile(block);
    return {};
  };
  auto keys = [&]() -> Values {
    emitKeyTile(arith::SubIOp::create(b, block, index.constant(rowBlocks)));
    return {};
  };
  choose(hasRows, TypeRange(), rows, keys);
  writer.finish(rowBlocks + keyBlocks);
  return success();
}

LogicalResult hfc::emitAttentionBackwardKernel(func::FuncOp body, const EmitOptions &options) {
  auto op = dyn_cast<hf::AttentionBackwardOp>(body.getBody().front().front());
  if (op && !op.getLogSum())
    return op.emitError("a kernel needs the logarithms of the rows' sums (hf.attention_statistics)");
  if (!op || op->getOperands() != ValueRange(body.getArguments()))
    return body.emitError("an attention_backward kernel is one hf.attention_backward of its arguments, in order");
  return AttentionBackwardEmitter(body, op, options).emit();
}
