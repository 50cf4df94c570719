//===- EmitTopK.cpp - the largest elements of short rows
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Rows are as short as a model has experts, and there are many: each lane takes a row and passes over it k times,
// each time for the largest element that comes after the one before, in the order of descending values and
// ascending indices.
//
//===----------------------------------------------------------------------===//

#include "Emitters.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/Support/MathExtras.h"
#include <limits>

using namespace hfc;

namespace {
class TopKEmitter {
public:
  TopKEmitter(func::FuncOp body, hf::TopKOp op, const EmitOptions &options)
      : writer(body, options), b(writer.b), elements(b, writer.entry(), options.bufferAlignment), index(elements.index),
        lead(op.getX().getType().getShape().drop_back()), length(op.getX().getType().getShape().back()),
        count(op.getValues().getType().getShape().back()), indexType(op.getIndices().getType().getElementType()),
        lanes(options.lanes) {}

  LogicalResult emit();

private:
  using Carried = SmallVector<Value>;
  void emitRow(Value row);
  /// The largest element of `row` after (`value`, `number`), and its index.
  Carried emitNext(Value row, Value value, Value number);
  Carried loop(int64_t end, ValueRange inits, function_ref<Carried(Value, ValueRange)> body);
  Indices at(Value row, Value column, int64_t extent);

  KernelWriter writer;
  ImplicitLocOpBuilder &b;
  ElementEmitter elements;
  IndexBuilder &index;
  ArrayRef<int64_t> lead;
  int64_t length, count;
  Type indexType;
  int64_t lanes;
};
} // namespace

Indices TopKEmitter::at(Value row, Value column, int64_t extent) {
  Indices result;
  if (!lead.empty())
    result.push_back(index.group(row, lead));
  result.push_back(index.group(column, {extent}));
  return result;
}

TopKEmitter::Carried TopKEmitter::loop(int64_t end, ValueRange inits, function_ref<Carried(Value, ValueRange)> body) {
  auto loop = scf::ForOp::create(b, index.constant(0), index.constant(end), index.constant(1), inits);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToEnd(loop.getBody());
  ElementEmitter::Scope scope(elements);
  Carried results = body(loop.getInductionVar(), loop.getRegionIterArgs());
  scf::YieldOp::create(b, results);
  return llvm::to_vector_of<Value>(loop.getResults());
}

TopKEmitter::Carried TopKEmitter::emitNext(Value row, Value value, Value number) {
  Value lowest = elements.constant(b.getF32Type(), -std::numeric_limits<double>::infinity());
  return loop(length, {lowest, index.constant(length)}, [&](Value column, ValueRange best) -> Carried {
    auto compare = [&](arith::CmpFPredicate predicate, Value lhs, Value rhs) -> Value {
      return arith::CmpFOp::create(b, predicate, lhs, rhs);
    };
    auto compareIndex = [&](arith::CmpIPredicate predicate, Value lhs, Value rhs) -> Value {
      return arith::CmpIOp::create(b, predicate, lhs, rhs);
    };
    Value each = elements.load(writer.input(0), at(row, column, length));
    Value sameLater = arith::AndIOp::create(b, compare(arith::CmpFPredicate::OEQ, each, value),
                                            compareIndex(arith::CmpIPredicate::sgt, column, number));
    Value left = arith::OrIOp::create(b, compare(arith::CmpFPredicate::OLT, each, value), sameLater);
    Value better = arith::OrIOp::create(b, compare(arith::CmpFPredicate::OGT, each, best[0]),
                                        compareIndex(arith::CmpIPredicate::eq, best[1], index.constant(length)));
    Value take = arith::AndIOp::create(b, left, better);
    return {arith::SelectOp::create(b, take, each, best[0]), arith::SelectOp::create(b, take, column, best[1])};
  });
}

void TopKEmitter::emitRow(Value row) {
  Value highest = elements.constant(b.getF32Type(), std::numeric_limits<double>::infinity());
  loop(count, {highest, index.constant(-1)}, [&](Value place, ValueRange before) -> Carried {
    Carried next = emitNext(row, before[0], before[1]);
    // A row of NaNs has no largest element; the index stays inside all the same.
    Value number = arith::IndexCastOp::create(b, indexType, index.min(next[1], length - 1));
    (void)elements.store(next[0], writer.output(0), at(row, place, count));
    (void)elements.store(number, writer.output(1), at(row, place, count));
    return next;
  });
}

LogicalResult TopKEmitter::emit() {
  int64_t rows = llvm::product_of(lead), grid = llvm::divideCeil(rows, lanes);
  Value block = grid == 1 ? index.constant(0) : Value(kernel::BlockIdOp::create(b, b.getIndexType()));
  Value lower = index.mul(block, lanes), upper = index.min(index.add(lower, lanes), rows);
  auto rowLoop = kernel::DistributeOp::create(b, lower, upper, /*vector=*/1, ValueRange());
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToEnd(&rowLoop.getBody().front());
    ElementEmitter::Scope scope(elements);
    emitRow(rowLoop.getInductionVar());
    kernel::YieldOp::create(b, ValueRange());
  }
  writer.finish(grid);
  return success();
}

LogicalResult hfc::emitTopKKernel(func::FuncOp body, const EmitOptions &options) {
  auto op = dyn_cast<hf::TopKOp>(body.getBody().front().front());
  if (!op || op->getOperands() != ValueRange(body.getArguments()))
    return body.emitError("a top_k kernel is one hf.top_k of its argument");
  return TopKEmitter(body, op, options).emit();
}
