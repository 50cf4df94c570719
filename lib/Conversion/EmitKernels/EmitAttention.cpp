//===- EmitAttention.cpp - attention without a matrix of scores
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A block takes a tile of rows and walks over tiles of keys with an online softmax:
//
//   load      the key tile, transposed, into scratch memory      (many rows)
//   score     rows x keys, masked                                each lane a few rows x a vector of keys
//   softmax   new maxima, exponentials, sums, dropout            each lane a row
//   weigh     output = output * correction + weights x values    each lane a few rows x a vector of columns
//
// With few rows (decoding) transposing would cost more than it saves: scores are dot products of rows instead.
// Attention's statistics need the first three steps only; an attention with statistics writes what it knows anyway.
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
class AttentionEmitter : public AttentionBlock {
public:
  /// `logSumOutput` is the output that gets the logarithms of the rows' sums, if one does.
  AttentionEmitter(func::FuncOp body, const AttentionParts &parts, const EmitOptions &options,
                   std::optional<unsigned> logSumOutput)
      : AttentionBlock(body, parts, options), logSumOutput(logSumOutput) {}

  /// Writes the weighed values to the first output if there are values.
  LogicalResult emit();

private:
  void allocate();
  void emitTile();
  void emitScores();
  void emitDirectScores();
  void emitSoftmax();
  void emitWeigh();
  void emitOutputs();
  void emitStatistics();

  std::optional<unsigned> logSumOutput;
  Value query, transposedKeys, scores, sums, maxima, totals, corrections;
};
} // namespace

void AttentionEmitter::allocate() {
  Type f32 = b.getF32Type();
  query = scratch({plan.rowTile, plan.depth}, f32);
  scores = scratch({plan.rowTile, plan.keyTile}, f32);
  maxima = scratch({plan.rowTile}, f32);
  totals = scratch({plan.rowTile}, f32);
  if (parts.value) {
    sums = scratch({plan.rowTile, plan.columns}, f32);
    corrections = scratch({plan.rowTile}, f32);
  }
  if (!plan.direct)
    transposedKeys = scratch({plan.depth, plan.keyTile}, f32);
  allocateRowInfo();
}

//===----------------------------------------------------------------------===//
// A tile of keys
//===----------------------------------------------------------------------===//

void AttentionEmitter::emitScores() {
  int64_t width = plan.keyVector, chunks = plan.keyTile / width;
  distribute(index.constant(plan.rowTile / plan.rowBlock * chunks), [&](Value unit) {
    Value row = index.mul(index.div(unit, chunks), plan.rowBlock), local = index.mul(index.rem(unit, chunks), width);
    Values products = emitProducts(query, transposedKeys, plan.depth, row, local);
    for (auto [number, score] : llvm::enumerate(products)) {
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
      Values zeros(plan.rowBlock, splat(f32(0), width));
      Values results =
          loop(index.constant(0), index.constant(plan.depth), width, zeros, [&](Value element, ValueRange carried) {
            Value keys = load(buffer(parts.key), position(key, keyHead, element), width);
            Values next;
            for (auto [number, score] : llvm::enumerate(carried))
              next.push_back(multiplyAdd(load(query, {index.add(row, number), element}, width), keys, score));
            return next;
          });
      for (auto [number, score] : llvm::enumerate(results))
        score = finishScore(horizontal(vector::CombiningKind::ADD, score), index.add(row, number), local, 1);
      return results;
    };
    auto masked = [&] { return Values(plan.rowBlock, f32(kMasked)); };
    for (auto [number, score] : llvm::enumerate(choose(inside, types, compute, masked)))
      store(score, scores, {index.add(row, number), local});
  });
}

void AttentionEmitter::emitSoftmax() {
  int64_t width = plan.keyVector;
  Value zero = index.constant(0), end = index.constant(plan.keyTile);
  distribute(index.constant(plan.rowTile), [&](Value row) {
    Value before = load(maxima, row, 1);
    Value widest = loop(zero, end, width, splat(before, width), [&](Value local, ValueRange carried) {
      return Values{maximum(load(scores, {row, local}, width), carried[0])};
    })[0];
    Value now = horizontal(vector::CombiningKind::MAXNUMF, widest), all = splat(now, width);
    Value partial = loop(zero, end, width, splat(f32(0), width), [&](Value local, ValueRange carried) {
      Value weight = math::ExpOp::create(b, subtract(load(scores, {row, local}, width), all), kContract);
      if (parts.value)
        store(emitDropped(weight, row, local, width), scores, {row, local});
      return Values{arith::AddFOp::create(b, carried[0], weight, kContract)};
    })[0];
    Value correction = math::ExpOp::create(b, subtract(before, now), kContract);
    Value sum = horizontal(vector::CombiningKind::ADD, partial);
    if (parts.value)
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
    Values inits;
    for (int64_t number = 0; number < plan.valueRowBlock; ++number) {
      Value each = index.add(row, number);
      inits.push_back(multiply(load(sums, {each, column}, width), splat(load(corrections, each, 1), width)));
    }
    Values results = loop(index.constant(0), end, 1, inits, [&](Value local, ValueRange carried) {
      Value values = load(buffer(parts.value), position(index.add(tile, local), keyHead, column), width);
      Values next;
      for (auto [number, sum] : llvm::enumerate(carried))
        next.push_back(multiplyAdd(splat(load(scores, {index.add(row, number), local}, 1), width), values, sum));
      return next;
    });
    for (auto [number, sum] : llvm::enumerate(results))
      store(sum, sums, {index.add(row, number), column});
  });
}

void AttentionEmitter::emitTile() {
  emitAllKeyInfo();
  if (!plan.direct)
    emitTransposed(buffer(parts.key), plan.depth, transposedKeys);
  kernel::BarrierOp::create(b);
  if (plan.direct)
    emitDirectScores();
  else
    emitScores();
  kernel::BarrierOp::create(b);
  emitSoftmax();
  if (!parts.value)
    return;
  kernel::BarrierOp::create(b);
  emitWeigh();
}

//===----------------------------------------------------------------------===//
// Results
//===----------------------------------------------------------------------===//

/// Divides by the sums; a row that saw no key gives 0.
void AttentionEmitter::emitOutputs() {
  int64_t chunks = plan.columns / plan.columnVector;
  distribute(index.constant(plan.rowTile * chunks), [&](Value unit) {
    Value local = index.div(unit, chunks), column = index.mul(index.rem(unit, chunks), plan.columnVector);
    Value row = index.add(firstRow, local);
    auto write = [&]() -> Values {
      Value seen = arith::CmpFOp::create(b, arith::CmpFPredicate::OGT, load(maxima, local, 1), f32(kMasked));
      Value factor = arith::DivFOp::create(b, f32(1), load(totals, local, 1), kContract);
      Value value = multiply(load(sums, {local, column}, plan.columnVector), splat(factor, plan.columnVector));
      value = arith::SelectOp::create(b, seen, value, splat(f32(0), plan.columnVector));
      store(value, writer.output(0), positionOfRow(row, column));
      return {};
    };
    ifInside(row, TypeRange(), write, []() -> Values { return {}; });
  });
}

/// The logarithm of the sum of the exponentials; of a row that saw no key it is 0.
void AttentionEmitter::emitStatistics() {
  distribute(index.constant(plan.rowTile), [&](Value local) {
    Value row = index.add(firstRow, local);
    auto write = [&]() -> Values {
      Value most = load(maxima, local, 1);
      Value seen = arith::CmpFOp::create(b, arith::CmpFPredicate::OGT, most, f32(kMasked));
      Value sum = math::LogOp::create(b, load(totals, local, 1), kContract);
      Value value = arith::SelectOp::create(b, seen, arith::AddFOp::create(b, most, sum, kContract), f32(0));
      Value head = index.add(index.mul(keyHead, plan.group), index.rem(row, plan.group));
      store(value, writer.output(*logSumOutput), {batch, head, index.div(row, plan.group)});
      return {};
    };
    ifInside(row, TypeRange(), write, []() -> Values { return {}; });
  });
}

LogicalResult AttentionEmitter::emit() {
  plan.planForward();
  int64_t tiles = llvm::divideCeil(plan.rows, plan.rowTile), grid = plan.batch * plan.keyHeads * tiles;
  Value block = grid == 1 ? index.constant(0) : Value(kernel::BlockIdOp::create(b, b.getIndexType()));
  allocate();
  firstRow = index.mul(index.rem(block, tiles), plan.rowTile);
  emitHeads(index.div(block, tiles));
  emitKeyRange();
  emitRows(buffer(parts.query), plan.depth, parts.scale, query);
  emitRowInfo();
  distribute(index.constant(plan.rowTile), [&](Value local) {
    store(f32(kMasked), maxima, local);
    store(f32(0), totals, local);
  });
  if (parts.value)
    emitZeros(sums, plan.rowTile, plan.columns, plan.columnVector);
  loop(tileBegin, tileEnd, plan.keyTile, {}, [&](Value begin, ValueRange) -> Values {
    tile = begin;
    emitTile();
    return {};
  });
  kernel::BarrierOp::create(b);
  if (parts.value)
    emitOutputs();
  if (logSumOutput)
    emitStatistics();
  writer.finish(grid);
  return success();
}

template <typename OpTy>
static FailureOr<OpTy> onlyOpOf(func::FuncOp body) {
  auto op = dyn_cast<OpTy>(body.getBody().front().front());
  if (op && op->getOperands() == ValueRange(body.getArguments()))
    return op;
  StringRef name = OpTy::getOperationName(), kind = name.split('.').second;
  return body.emitError("an ") << kind << " kernel is one " << name << " of its arguments, in order";
}

LogicalResult hfc::emitAttentionKernel(func::FuncOp body, const EmitOptions &options) {
  FailureOr<hf::AttentionOp> op = onlyOpOf<hf::AttentionOp>(body);
  if (failed(op))
    return failure();
  AttentionParts parts = AttentionParts::of(*op, op->getValue());
  if (isAttentionOfOne(parts, options))
    return emitAttentionOfOneKernel(body, parts, options);
  return AttentionEmitter(body, parts, options, {}).emit();
}

LogicalResult hfc::emitAttentionWithStatisticsKernel(func::FuncOp body, const EmitOptions &options) {
  FailureOr<hf::AttentionWithStatisticsOp> op = onlyOpOf<hf::AttentionWithStatisticsOp>(body);
  return success(succeeded(op) &&
                 succeeded(AttentionEmitter(body, AttentionParts::of(*op, op->getValue()), options, 1).emit()));
}

LogicalResult hfc::emitAttentionStatisticsKernel(func::FuncOp body, const EmitOptions &options) {
  FailureOr<hf::AttentionStatisticsOp> op = onlyOpOf<hf::AttentionStatisticsOp>(body);
  return success(succeeded(op) &&
                 succeeded(AttentionEmitter(body, AttentionParts::of(*op, Value()), options, 0).emit()));
}
