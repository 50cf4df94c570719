//===- EmitCacheUpdate.cpp - new rows into a cache, in place
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Emitters.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/Support/MathExtras.h"

using namespace hfc;

/// A block copies rows of about this many elements together.
static constexpr int64_t kBlockElements = 4096;

namespace {
class CacheUpdateEmitter {
public:
  CacheUpdateEmitter(func::FuncOp body, hf::CacheUpdateOp op, const EmitOptions &options)
      : writer(body, options), b(writer.b), elements(b, writer.entry(), options.bufferAlignment),
        shape(op.getRows().getType().getShape()), capacity(op.getCache().getType().getDimSize(1)),
        widest(options.width * options.interleave) {}

  LogicalResult emit();

private:
  void emitRow(Value row);

  KernelWriter writer;
  ImplicitLocOpBuilder &b;
  ElementEmitter elements;
  ArrayRef<int64_t> shape;
  int64_t capacity, widest;
};
} // namespace

/// Copies row `row` of the flattened [batch, chunk], if it is one of those that count.
void CacheUpdateEmitter::emitRow(Value row) {
  IndexBuilder &index = elements.index;
  auto indexAt = [&](unsigned input, Value at) -> Value {
    return arith::IndexCastOp::create(b, b.getIndexType(), memref::LoadOp::create(b, writer.input(input), at));
  };
  Value batch = index.div(row, shape[1]), number = index.rem(row, shape[1]);
  Value past = indexAt(2, batch), count = indexAt(3, batch), target = index.add(past, number);
  Value valid = arith::CmpIOp::create(b, arith::CmpIPredicate::slt, number, count);
  Value inside = arith::CmpIOp::create(b, arith::CmpIPredicate::ult, target, index.constant(capacity));
  valid = arith::AndIOp::create(b, valid, inside);

  ArrayRef<int64_t> rest = shape.drop_front(2);
  int64_t length = llvm::product_of(rest), width = widest;
  int64_t innermost = rest.empty() ? 1 : rest.back();
  while (innermost % width)
    width /= 2;
  index.width = width;
  Value upper = arith::SelectOp::create(b, valid, index.constant(length), index.constant(0));
  auto loop = kernel::DistributeOp::create(b, index.constant(0), upper, width, ValueRange());
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToEnd(&loop.getBody().front());
  ElementEmitter::Scope scope(elements);
  auto at = [&](Value sequence, int64_t extent) {
    Indices result{index.group(batch, {shape[0]}), {sequence, 0, 1, {extent}}};
    if (!rest.empty())
      result.push_back(index.group(loop.getInductionVar(), rest, /*lane=*/width > 1, width));
    return result;
  };
  // Widening and narrowing again is exact. The width divides the innermost extent, so neither access can fail.
  Value value = elements.load(writer.input(1), at(number, shape[1]));
  (void)elements.store(value, writer.output(0), at(target, capacity));
  kernel::YieldOp::create(b, ValueRange());
}

LogicalResult CacheUpdateEmitter::emit() {
  writer.kernel.setArgAttr(4, "kernel.alias", b.getI64IntegerAttr(0));
  int64_t rows = shape[0] * shape[1], length = llvm::product_of(shape.drop_front(2));
  int64_t share = std::clamp<int64_t>(kBlockElements / length, 1, rows), grid = llvm::divideCeil(rows, share);
  IndexBuilder &index = elements.index;
  Value block = grid == 1 ? index.constant(0) : Value(kernel::BlockIdOp::create(b, b.getIndexType()));
  Value lower = index.mul(block, share), upper = index.min(index.add(lower, share), rows);
  auto loop = scf::ForOp::create(b, lower, upper, index.constant(1));
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPoint(loop.getBody()->getTerminator());
    ElementEmitter::Scope scope(elements);
    emitRow(loop.getInductionVar());
  }
  writer.finish(grid);
  return success();
}

LogicalResult hfc::emitCacheUpdateKernel(func::FuncOp body, const EmitOptions &options) {
  auto op = dyn_cast<hf::CacheUpdateOp>(body.getBody().front().front());
  if (!op || op->getOperands() != ValueRange(body.getArguments()))
    return body.emitError("a cache_update kernel is one hf.cache_update of its arguments, in order");
  return CacheUpdateEmitter(body, op, options).emit();
}
