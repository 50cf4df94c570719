//===- AttentionBlock.cpp - a block of a kernel of attention
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Attention.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace hfc;

static constexpr auto kContract = arith::FastMathFlags::contract;

//===----------------------------------------------------------------------===//
// Small helpers
//===----------------------------------------------------------------------===//

Value AttentionBlock::i32(int64_t value) { return arith::ConstantOp::create(b, b.getI32IntegerAttr(value)); }

Value AttentionBlock::f32(double value) { return elements.constant(b.getF32Type(), value); }

Value AttentionBlock::splat(Value scalar, int64_t width) {
  return width == 1 ? scalar : vector::BroadcastOp::create(b, VectorType::get(width, scalar.getType()), scalar);
}

Value AttentionBlock::toI32(Value value) {
  return value.getType().isInteger(32) ? value : arith::TruncIOp::create(b, b.getI32Type(), value);
}

Value AttentionBlock::indexToI32(Value value) { return arith::IndexCastOp::create(b, b.getI32Type(), value); }

Value AttentionBlock::load(Value buffer, ValueRange at, int64_t width) {
  Type element = cast<MemRefType>(buffer.getType()).getElementType();
  Value value = width == 1 ? Value(memref::LoadOp::create(b, buffer, at))
                           : vector::LoadOp::create(b, VectorType::get(width, element), buffer, at);
  return toComputeType(b, value);
}

void AttentionBlock::store(Value value, Value buffer, ValueRange at) {
  value = fromComputeType(b, value, cast<MemRefType>(buffer.getType()).getElementType());
  if (isa<VectorType>(value.getType()))
    vector::StoreOp::create(b, value, buffer, at);
  else
    memref::StoreOp::create(b, value, buffer, at);
}

Value AttentionBlock::multiply(Value lhs, Value rhs) { return arith::MulFOp::create(b, lhs, rhs, kContract); }

Value AttentionBlock::subtract(Value lhs, Value rhs) { return arith::SubFOp::create(b, lhs, rhs, kContract); }

Value AttentionBlock::multiplyAdd(Value lhs, Value rhs, Value sum) {
  return arith::AddFOp::create(b, sum, multiply(lhs, rhs), kContract);
}

Value AttentionBlock::maximum(Value lhs, Value rhs) {
  Value greater = arith::CmpFOp::create(b, arith::CmpFPredicate::OGT, lhs, rhs);
  return arith::SelectOp::create(b, greater, lhs, rhs);
}

Value AttentionBlock::horizontal(vector::CombiningKind kind, Value value) {
  if (!isa<VectorType>(value.getType()))
    return value;
  return vector::ReductionOp::create(b, kind, value, kContract | arith::FastMathFlags::reassoc);
}

AttentionBlock::Values AttentionBlock::position(Value sequence, Value head, Value element) {
  switch (plan.layout) {
  case hf::HeadLayout::bshd:
    return {batch, sequence, head, element};
  case hf::HeadLayout::bhsd:
    return {batch, head, sequence, element};
  case hf::HeadLayout::sbhd:
    return {sequence, batch, head, element};
  }
  llvm_unreachable("all layouts are handled");
}

AttentionBlock::Values AttentionBlock::positionOfRow(Value row, Value element) {
  Value head = index.add(index.mul(keyHead, plan.group), index.rem(row, plan.group));
  return position(index.div(row, plan.group), head, element);
}

Value AttentionBlock::scratch(ArrayRef<int64_t> shape, Type element) {
  return kernel::ScratchOp::create(b, MemRefType::get(shape, element));
}

void AttentionBlock::distribute(Value count, function_ref<void(Value)> body) {
  auto loop = kernel::DistributeOp::create(b, index.constant(0), count, /*vector=*/1, ValueRange());
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToEnd(&loop.getBody().front());
  {
    ElementEmitter::Scope scope(elements);
    body(loop.getInductionVar());
  }
  kernel::YieldOp::create(b, ValueRange());
}

AttentionBlock::Values AttentionBlock::loop(Value lower, Value upper, int64_t step, ValueRange inits,
                                            function_ref<Values(Value, ValueRange)> body) {
  auto loop = scf::ForOp::create(b, lower, upper, index.constant(step), inits);
  OpBuilder::InsertionGuard guard(b);
  if (inits.empty())
    loop.getBody()->getTerminator()->erase();
  b.setInsertionPointToEnd(loop.getBody());
  Values results;
  {
    ElementEmitter::Scope scope(elements);
    results = body(loop.getInductionVar(), loop.getRegionIterArgs());
  }
  scf::YieldOp::create(b, results);
  return llvm::to_vector_of<Value>(loop.getResults());
}

AttentionBlock::Values AttentionBlock::choose(Value condition, TypeRange types, function_ref<Values()> onTrue,
                                              function_ref<Values()> onFalse) {
  auto branch = scf::IfOp::create(b, types, condition, /*addThenBlock=*/true, /*addElseBlock=*/true);
  OpBuilder::InsertionGuard guard(b);
  for (auto [block, fill] : {std::pair(branch.thenBlock(), onTrue), std::pair(branch.elseBlock(), onFalse)}) {
    b.setInsertionPointToEnd(block);
    ElementEmitter::Scope scope(elements);
    Values values = fill();
    scf::YieldOp::create(b, values);
  }
  return llvm::to_vector_of<Value>(branch.getResults());
}

AttentionBlock::Values AttentionBlock::ifInside(Value row, TypeRange types, function_ref<Values()> onTrue,
                                                function_ref<Values()> onFalse) {
  if (plan.rows % plan.rowTile == 0)
    return onTrue();
  Value inside = arith::CmpIOp::create(b, arith::CmpIPredicate::ult, row, index.constant(plan.rows));
  return choose(inside, types, onTrue, onFalse);
}

//===----------------------------------------------------------------------===//
// The block
//===----------------------------------------------------------------------===//

void AttentionBlock::allocateRowInfo() {
  Type i32 = b.getI32Type();
  firstKeys = scratch({plan.rowTile}, i32);
  endKeys = scratch({plan.rowTile}, i32);
  if (parts.keyMask)
    keyMask = scratch({plan.keyTile}, i32);
  if (parts.querySegments) {
    keySegments = scratch({plan.keyTile}, i32);
    querySegments = scratch({plan.rowTile}, i32);
  }
}

void AttentionBlock::emitHeads(Value pair) {
  keyHead = index.rem(pair, plan.keyHeads);
  batch = index.div(pair, plan.keyHeads);
  auto indexAt = [&](Value buffer) -> Value {
    return arith::IndexCastOp::create(b, b.getIndexType(), memref::LoadOp::create(b, buffer, batch));
  };
  past = index.constant(0);
  endKey = index.constant(plan.keys);
  if (!parts.past)
    return;
  past = indexAt(buffer(parts.past));
  endKey = arith::MinSIOp::create(b, endKey, index.add(past, indexAt(buffer(parts.count))));
}

void AttentionBlock::emitKeyRange() {
  tileBegin = index.constant(0);
  tileEnd = endKey;
  if (parts.causal) {
    Value lastRow = index.min(index.add(firstRow, plan.rowTile - 1), plan.rows - 1);
    tileEnd = arith::MinSIOp::create(b, tileEnd, index.add(index.add(past, index.div(lastRow, plan.group)), 1));
  }
  if (parts.window) {
    Value first = index.add(index.add(past, index.div(firstRow, plan.group)), 1 - *parts.window);
    first = arith::MaxSIOp::create(b, first, index.constant(0));
    tileBegin = index.mul(index.div(first, plan.keyTile), plan.keyTile);
  }
}

/// Copies the rows of the tile, `width` elements each, times `factor`. Rows beyond the last are zeros.
void AttentionBlock::emitRows(Value source, int64_t width, double factor, Value target) {
  int64_t vector = width == plan.depth ? plan.depthVector : plan.columnVector, chunks = width / vector;
  Value none = splat(f32(0), vector);
  distribute(index.constant(plan.rowTile * chunks), [&](Value unit) {
    Value local = index.div(unit, chunks), element = index.mul(index.rem(unit, chunks), vector);
    Value row = index.add(firstRow, local);
    auto read = [&]() -> Values {
      Value value = load(source, positionOfRow(row, element), vector);
      return {factor == 1.0 ? value : multiply(value, splat(f32(factor), vector))};
    };
    store(ifInside(row, none.getType(), read, [&]() -> Values { return {none}; })[0], target, {local, element});
  });
}

/// For each row the keys `[first, end)` that causality, window and length leave, and its segment. Rows beyond the last
/// see no key.
void AttentionBlock::emitRowInfo() {
  distribute(index.constant(plan.rowTile), [&](Value local) {
    Value row = index.add(firstRow, local), number = index.div(row, plan.group);
    Value place = index.add(past, number), first = index.constant(0), end = endKey;
    if (parts.causal)
      end = arith::MinSIOp::create(b, end, index.add(place, 1));
    if (parts.window)
      first = index.add(place, 1 - *parts.window);
    Value inside = arith::CmpIOp::create(b, arith::CmpIPredicate::ult, row, index.constant(plan.rows));
    end = arith::SelectOp::create(b, inside, end, index.constant(0));
    store(indexToI32(first), firstKeys, local);
    store(indexToI32(end), endKeys, local);
    if (querySegments) {
      Value clamped = index.min(number, plan.queries - 1);
      store(toI32(load(buffer(parts.querySegments), {batch, clamped}, 1)), querySegments, local);
    }
  });
}

void AttentionBlock::emitZeros(Value target, int64_t rows, int64_t columns, int64_t width) {
  int64_t chunks = columns / width;
  distribute(index.constant(rows * chunks), [&](Value unit) {
    store(splat(f32(0), width), target, {index.div(unit, chunks), index.mul(index.rem(unit, chunks), width)});
  });
}

/// Copies what tells about the keys of the tile: integers for each key, zeros beyond the last.
void AttentionBlock::emitKeyInfo(Value source, Value target) {
  distribute(index.constant(plan.keyTile), [&](Value local) {
    Value key = index.add(tile, local);
    Value inside = arith::CmpIOp::create(b, arith::CmpIPredicate::slt, key, tileEnd);
    auto read = [&]() -> Values { return {toI32(load(source, {batch, key}, 1))}; };
    store(choose(inside, b.getI32Type(), read, [&]() -> Values { return {i32(0)}; })[0], target, local);
  });
}

void AttentionBlock::emitAllKeyInfo() {
  if (keyMask)
    emitKeyInfo(buffer(parts.keyMask), keyMask);
  if (keySegments)
    emitKeyInfo(buffer(parts.keySegments), keySegments);
}
