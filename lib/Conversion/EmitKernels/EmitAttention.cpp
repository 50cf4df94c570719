//===- EmitAttention.cpp - attention without a matrix of scores
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The query heads that share a key head, for all queries, are the rows of one problem: row m is query m / group
// of head m mod group. A block takes a tile of rows and walks over tiles of keys with an online softmax:
//
//   load      the key tile, transposed, into scratch memory      (many rows)
//   score     rows x keys, masked                                each lane a few rows x a vector of keys
//   softmax   new maxima, exponentials, sums                     each lane a row
//   weigh     output = output * correction + weights x values    each lane a few rows x a vector of columns
//
// With few rows (decoding) transposing would cost more than it saves: scores are dot products of rows instead.
//
//===----------------------------------------------------------------------===//

#include "Attention.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/Support/MathExtras.h"

using namespace hfc;

/// Scratch memory of a block, in bytes: what a GPU's block has without asking for more.
static constexpr int64_t kScratchBytes = 47 * 1024;
/// Up to so many rows, scores are dot products.
static constexpr int64_t kMaxDirectRows = 8;

//===----------------------------------------------------------------------===//
// Plan
//===----------------------------------------------------------------------===//

static int64_t largestPowerDividing(int64_t size, int64_t limit) {
  while (size % limit)
    limit /= 2;
  return limit;
}

AttentionPlan::AttentionPlan(hf::AttentionOp op, const EmitOptions &options) {
  layout = op.getLayout();
  auto sizes = [&](Value value) {
    ArrayRef<int64_t> shape = cast<RankedTensorType>(value.getType()).getShape();
    switch (layout) {
    case hf::HeadLayout::bshd:
      return std::array<int64_t, 4>{shape[0], shape[1], shape[2], shape[3]};
    case hf::HeadLayout::bhsd:
      return std::array<int64_t, 4>{shape[0], shape[2], shape[1], shape[3]};
    case hf::HeadLayout::sbhd:
      return std::array<int64_t, 4>{shape[1], shape[0], shape[2], shape[3]};
    }
    llvm_unreachable("all layouts are handled");
  };
  int64_t heads;
  std::tie(batch, queries, heads, depth) = std::tuple_cat(sizes(op.getQuery()));
  std::tie(batch, keys, keyHeads, columns) = std::tuple_cat(sizes(op.getValue()));
  group = heads / keyHeads;
  rows = queries * group;
  keyVector = options.width * std::max<int64_t>(1, options.interleave / 2);
  depthVector = largestPowerDividing(depth, keyVector);
  columnVector = largestPowerDividing(columns, keyVector);
  rowTile = rows <= 2 ? rows : std::min<int64_t>(32, llvm::alignTo(rows, 4));
  direct = rowTile <= kMaxDirectRows;
  keyTile = std::min<int64_t>(direct ? 256 : 64, llvm::alignTo(keys, keyVector));
  auto bytes = [&] { return 4 * (rowTile * (depth + columns + keyTile + 6) + keyTile * ((direct ? 0 : depth) + 2)); };
  while (bytes() > kScratchBytes && (keyTile > keyVector || rowTile > 4)) {
    if (keyTile > keyVector && (keyTile >= 2 * rowTile || rowTile <= 4))
      keyTile = llvm::alignTo(keyTile / 2, keyVector);
    else
      rowTile = llvm::alignTo(rowTile / 2, 4);
  }
  rowBlock = std::min<int64_t>(rowTile, 4);
  // Narrow columns need more rows, so that enough sums grow at the same time.
  valueRowBlock = columnVector < keyVector ? largestPowerDividing(rowTile, 8) : rowBlock;
}

//===----------------------------------------------------------------------===//
// Small helpers
//===----------------------------------------------------------------------===//

Value AttentionEmitter::i32(int64_t value) { return arith::ConstantOp::create(b, b.getI32IntegerAttr(value)); }

Value AttentionEmitter::f32(double value) { return elements.constant(b.getF32Type(), value); }

Value AttentionEmitter::splat(Value scalar, int64_t width) {
  return width == 1 ? scalar : vector::BroadcastOp::create(b, VectorType::get(width, scalar.getType()), scalar);
}

Value AttentionEmitter::toI32(Value value) {
  return value.getType().isInteger(32) ? value : arith::TruncIOp::create(b, b.getI32Type(), value);
}

Value AttentionEmitter::indexToI32(Value value) { return arith::IndexCastOp::create(b, b.getI32Type(), value); }

Value AttentionEmitter::load(Value buffer, ValueRange at, int64_t width) {
  Type element = cast<MemRefType>(buffer.getType()).getElementType();
  Value value = width == 1 ? Value(memref::LoadOp::create(b, buffer, at))
                           : vector::LoadOp::create(b, VectorType::get(width, element), buffer, at);
  return toComputeType(b, value);
}

void AttentionEmitter::store(Value value, Value buffer, ValueRange at) {
  value = fromComputeType(b, value, cast<MemRefType>(buffer.getType()).getElementType());
  if (isa<VectorType>(value.getType()))
    vector::StoreOp::create(b, value, buffer, at);
  else
    memref::StoreOp::create(b, value, buffer, at);
}

Value AttentionEmitter::multiplyAdd(Value lhs, Value rhs, Value sum) {
  constexpr auto fast = arith::FastMathFlags::contract;
  return arith::AddFOp::create(b, sum, arith::MulFOp::create(b, lhs, rhs, fast), fast);
}

Value AttentionEmitter::maximum(Value lhs, Value rhs) {
  Value greater = arith::CmpFOp::create(b, arith::CmpFPredicate::OGT, lhs, rhs);
  return arith::SelectOp::create(b, greater, lhs, rhs);
}

Value AttentionEmitter::horizontal(vector::CombiningKind kind, Value value) {
  if (!isa<VectorType>(value.getType()))
    return value;
  return vector::ReductionOp::create(b, kind, value, arith::FastMathFlags::contract | arith::FastMathFlags::reassoc);
}

SmallVector<Value> AttentionEmitter::position(Value sequence, Value head, Value element) {
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

void AttentionEmitter::distribute(Value count, function_ref<void(Value)> body) {
  auto loop = kernel::DistributeOp::create(b, index.constant(0), count, /*vector=*/1, ValueRange());
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToEnd(&loop.getBody().front());
  {
    ElementEmitter::Scope scope(elements);
    body(loop.getInductionVar());
  }
  kernel::YieldOp::create(b, ValueRange());
}

SmallVector<Value> AttentionEmitter::loop(Value lower, Value upper, int64_t step, ValueRange inits,
                                          function_ref<SmallVector<Value>(Value, ValueRange)> body) {
  auto loop = scf::ForOp::create(b, lower, upper, index.constant(step), inits);
  OpBuilder::InsertionGuard guard(b);
  if (inits.empty())
    loop.getBody()->getTerminator()->erase();
  b.setInsertionPointToEnd(loop.getBody());
  SmallVector<Value> results;
  {
    ElementEmitter::Scope scope(elements);
    results = body(loop.getInductionVar(), loop.getRegionIterArgs());
  }
  scf::YieldOp::create(b, results);
  return llvm::to_vector_of<Value>(loop.getResults());
}

SmallVector<Value> AttentionEmitter::choose(Value condition, TypeRange types, function_ref<SmallVector<Value>()> onTrue,
                                            function_ref<SmallVector<Value>()> onFalse) {
  auto branch = scf::IfOp::create(b, types, condition, /*addThenBlock=*/true, /*addElseBlock=*/true);
  OpBuilder::InsertionGuard guard(b);
  for (auto [block, fill] : {std::pair(branch.thenBlock(), onTrue), std::pair(branch.elseBlock(), onFalse)}) {
    b.setInsertionPointToEnd(block);
    ElementEmitter::Scope scope(elements);
    SmallVector<Value> values = fill();
    scf::YieldOp::create(b, values);
  }
  return llvm::to_vector_of<Value>(branch.getResults());
}

//===----------------------------------------------------------------------===//
// The block
//===----------------------------------------------------------------------===//

void AttentionEmitter::allocate() {
  auto scratch = [&](ArrayRef<int64_t> shape, Type element) -> Value {
    return kernel::ScratchOp::create(b, MemRefType::get(shape, element));
  };
  Type f32 = b.getF32Type(), i32 = b.getI32Type();
  query = scratch({plan.rowTile, plan.depth}, f32);
  scores = scratch({plan.rowTile, plan.keyTile}, f32);
  sums = scratch({plan.rowTile, plan.columns}, f32);
  maxima = scratch({plan.rowTile}, f32);
  totals = scratch({plan.rowTile}, f32);
  corrections = scratch({plan.rowTile}, f32);
  firstKeys = scratch({plan.rowTile}, i32);
  endKeys = scratch({plan.rowTile}, i32);
  if (!plan.direct)
    transposedKeys = scratch({plan.depth, plan.keyTile}, f32);
  if (op.getKeyMask())
    keyMask = scratch({plan.keyTile}, i32);
  if (op.getQuerySegments()) {
    keySegments = scratch({plan.keyTile}, i32);
    querySegments = scratch({plan.rowTile}, i32);
  }
}

/// What block-uniform code knows: the batch element, the head, rows, and the range of keys that any row sees.
void AttentionEmitter::emitBounds(Value block) {
  int64_t tiles = llvm::divideCeil(plan.rows, plan.rowTile);
  firstRow = index.mul(index.rem(block, tiles), plan.rowTile);
  Value heads = index.div(block, tiles);
  keyHead = index.rem(heads, plan.keyHeads);
  batch = index.div(heads, plan.keyHeads);

  auto indexAt = [&](Value buffer) -> Value {
    return arith::IndexCastOp::create(b, b.getIndexType(), memref::LoadOp::create(b, buffer, batch));
  };
  past = index.constant(0);
  endKey = index.constant(plan.keys);
  if (op.getPast()) {
    past = indexAt(buffer(op.getPast()));
    endKey = arith::MinSIOp::create(b, endKey, index.add(past, indexAt(buffer(op.getCount()))));
  }
  Value first = index.constant(0), end = endKey;
  if (op.getCausal()) {
    Value lastRow = index.min(index.add(firstRow, plan.rowTile - 1), plan.rows - 1);
    end = arith::MinSIOp::create(b, end, index.add(index.add(past, index.div(lastRow, plan.group)), 1));
  }
  if (op.getWindow()) {
    int64_t window = *op.getWindow();
    first = index.add(index.add(past, index.div(firstRow, plan.group)), 1 - window);
    first = arith::MaxSIOp::create(b, first, index.constant(0));
    first = index.mul(index.div(first, plan.keyTile), plan.keyTile);
  }
  tileBegin = first;
  tileEnd = end;
}

/// Rows beyond the last see no key; their queries are zeros.
void AttentionEmitter::emitQueries() {
  int64_t chunks = plan.depth / plan.depthVector;
  Value none = splat(f32(0), plan.depthVector);
  distribute(index.constant(plan.rowTile * chunks), [&](Value unit) {
    Value local = index.div(unit, chunks), element = index.mul(index.rem(unit, chunks), plan.depthVector);
    Value row = index.add(firstRow, local);
    auto loadScaled = [&]() -> SmallVector<Value> {
      Value head = index.add(index.mul(keyHead, plan.group), index.rem(row, plan.group));
      Value value = load(buffer(op.getQuery()), position(index.div(row, plan.group), head, element), plan.depthVector);
      Value scale = splat(f32(op.getScale().convertToDouble()), plan.depthVector);
      return {arith::MulFOp::create(b, value, scale, arith::FastMathFlags::contract)};
    };
    store(ifInside(row, plan.rows, none.getType(), loadScaled, [&]() -> SmallVector<Value> { return {none}; })[0],
          query, {local, element});
  });
}

SmallVector<Value> AttentionEmitter::ifInside(Value value, int64_t end, TypeRange types,
                                              function_ref<SmallVector<Value>()> onTrue,
                                              function_ref<SmallVector<Value>()> onFalse) {
  if (plan.rows % plan.rowTile == 0)
    return onTrue();
  Value inside = arith::CmpIOp::create(b, arith::CmpIPredicate::ult, value, index.constant(end));
  return choose(inside, types, onTrue, onFalse);
}

/// For each row the keys `[first, end)` that causality, window and length leave, and its segment.
void AttentionEmitter::emitRowInfo() {
  distribute(index.constant(plan.rowTile), [&](Value local) {
    Value row = index.add(firstRow, local), number = index.div(row, plan.group);
    Value place = index.add(past, number), first = index.constant(0), end = endKey;
    if (op.getCausal())
      end = arith::MinSIOp::create(b, end, index.add(place, 1));
    if (op.getWindow())
      first = index.add(place, 1 - static_cast<int64_t>(*op.getWindow()));
    Value inside = arith::CmpIOp::create(b, arith::CmpIPredicate::ult, row, index.constant(plan.rows));
    end = arith::SelectOp::create(b, inside, end, index.constant(0));
    store(indexToI32(first), firstKeys, local);
    store(indexToI32(end), endKeys, local);
    store(f32(kMasked), maxima, local);
    store(f32(0), totals, local);
    if (querySegments) {
      Value clamped = index.min(number, plan.queries - 1);
      store(toI32(load(buffer(op.getQuerySegments()), {batch, clamped}, 1)), querySegments, local);
    }
  });
  int64_t chunks = plan.columns / plan.columnVector;
  distribute(index.constant(plan.rowTile * chunks), [&](Value unit) {
    store(splat(f32(0), plan.columnVector), sums,
          {index.div(unit, chunks), index.mul(index.rem(unit, chunks), plan.columnVector)});
  });
}

/// Copies what tells about the keys of the tile: integers for each key, zeros beyond the last.
void AttentionEmitter::emitKeyInfo(Value source, Value target) {
  distribute(index.constant(plan.keyTile), [&](Value local) {
    Value key = index.add(tile, local);
    Value inside = arith::CmpIOp::create(b, arith::CmpIPredicate::slt, key, tileEnd);
    auto read = [&]() -> SmallVector<Value> { return {toI32(load(source, {batch, key}, 1))}; };
    store(choose(inside, b.getI32Type(), read, [&]() -> SmallVector<Value> { return {i32(0)}; })[0], target, local);
  });
}

void AttentionEmitter::emitTile() {
  if (keyMask)
    emitKeyInfo(buffer(op.getKeyMask()), keyMask);
  if (keySegments)
    emitKeyInfo(buffer(op.getKeySegments()), keySegments);
  if (!plan.direct)
    emitTransposedKeys();
  kernel::BarrierOp::create(b);
  if (plan.direct)
    emitDirectScores();
  else
    emitScores();
  kernel::BarrierOp::create(b);
  emitSoftmax();
  kernel::BarrierOp::create(b);
  emitWeigh();
}

/// Divides by the sums; a row that saw no key gives 0.
void AttentionEmitter::emitOutputs() {
  int64_t chunks = plan.columns / plan.columnVector;
  distribute(index.constant(plan.rowTile * chunks), [&](Value unit) {
    Value local = index.div(unit, chunks), column = index.mul(index.rem(unit, chunks), plan.columnVector);
    Value row = index.add(firstRow, local);
    auto write = [&]() -> SmallVector<Value> {
      Value seen = arith::CmpFOp::create(b, arith::CmpFPredicate::OGT, load(maxima, local, 1), f32(kMasked));
      Value factor = arith::DivFOp::create(b, f32(1), load(totals, local, 1), arith::FastMathFlags::contract);
      Value value = load(sums, {local, column}, plan.columnVector);
      value = arith::MulFOp::create(b, value, splat(factor, plan.columnVector), arith::FastMathFlags::contract);
      value = arith::SelectOp::create(b, seen, value, splat(f32(0), plan.columnVector));
      Value head = index.add(index.mul(keyHead, plan.group), index.rem(row, plan.group));
      store(value, writer.output(0), position(index.div(row, plan.group), head, column));
      return {};
    };
    ifInside(row, plan.rows, TypeRange(), write, []() -> SmallVector<Value> { return {}; });
  });
}

LogicalResult AttentionEmitter::emit() {
  int64_t grid = plan.batch * plan.keyHeads * llvm::divideCeil(plan.rows, plan.rowTile);
  Value block = grid == 1 ? index.constant(0) : Value(kernel::BlockIdOp::create(b, b.getIndexType()));
  allocate();
  emitBounds(block);
  emitQueries();
  emitRowInfo();
  loop(tileBegin, tileEnd, plan.keyTile, {}, [&](Value begin, ValueRange) -> SmallVector<Value> {
    tile = begin;
    emitTile();
    return {};
  });
  kernel::BarrierOp::create(b);
  emitOutputs();
  writer.finish(grid);
  return success();
}

LogicalResult hfc::emitAttentionKernel(func::FuncOp body, const EmitOptions &options) {
  auto op = dyn_cast<hf::AttentionOp>(body.getBody().front().front());
  if (!op || op->getOperands() != ValueRange(body.getArguments()))
    return body.emitError("an attention kernel is one hf.attention of its arguments, in order");
  return AttentionEmitter(body, op, options).emit();
}
