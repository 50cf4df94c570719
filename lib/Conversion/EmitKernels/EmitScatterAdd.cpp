//===- EmitScatterAdd.cpp - rows added to rows of a table, in place
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A lane has a vector of columns and goes through all indices in order, so that no two lanes meet and every sum has one
// order.
//
//===----------------------------------------------------------------------===//

#include "Emitters.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/Support/MathExtras.h"

using namespace hfc;

/// Columns of a block: a vector for each lane of a warp.
static constexpr int64_t kVectorsPerBlock = 32;

namespace {
class ScatterAddEmitter {
public:
  ScatterAddEmitter(func::FuncOp body, hf::ScatterAddOp op, const EmitOptions &options)
      : writer(body, options), b(writer.b), elements(b, writer.entry(), options.bufferAlignment), index(elements.index),
        table(op.getBase().getType().getShape()), numbers(op.getIndices().getType().getShape()),
        widest(options.width * options.interleave) {}

  LogicalResult emit();

private:
  void emitColumns(Value column);
  void addRow(Value place, Value column);

  KernelWriter writer;
  ImplicitLocOpBuilder &b;
  ElementEmitter elements;
  IndexBuilder &index;
  ArrayRef<int64_t> table, numbers;
  int64_t widest;
};
} // namespace

/// `table[indices[place], column] += updates[place, column]`, if the index is inside.
void ScatterAddEmitter::addRow(Value place, Value column) {
  Indices source;
  if (!numbers.empty())
    source.push_back(index.group(place, numbers));
  Value number = arith::IndexCastOp::create(b, b.getIndexType(), elements.load(writer.input(1), source));
  Value inside = arith::CmpIOp::create(b, arith::CmpIPredicate::ult, number, index.constant(table[0]));
  auto branch = scf::IfOp::create(b, inside, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(branch.thenBlock());
  ElementEmitter::Scope scope(elements);
  Indices target{{number, 0, 1, {table[0]}}};
  if (table.size() > 1) {
    target.push_back(index.group(column, table.drop_front(), /*lane=*/index.width > 1, index.width));
    source.push_back(target.back());
  }
  // The width divides the innermost size, so that no access can fail. The table is the output's buffer.
  Value before = elements.load(writer.output(0), target), update = elements.load(writer.input(2), source);
  Value sum = isa<FloatType>(getElementTypeOrSelf(before.getType())) ? Value(arith::AddFOp::create(b, before, update))
                                                                     : Value(arith::AddIOp::create(b, before, update));
  (void)elements.store(sum, writer.output(0), target);
}

void ScatterAddEmitter::emitColumns(Value column) {
  auto loop = scf::ForOp::create(b, index.constant(0), index.constant(llvm::product_of(numbers)), index.constant(1));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPoint(loop.getBody()->getTerminator());
  ElementEmitter::Scope scope(elements);
  addRow(loop.getInductionVar(), column);
}

LogicalResult ScatterAddEmitter::emit() {
  writer.kernel.setArgAttr(3, "kernel.alias", b.getI64IntegerAttr(0));
  int64_t columns = llvm::product_of(table.drop_front()), innermost = table.size() > 1 ? table.back() : 1;
  index.width = widest;
  while (innermost % index.width)
    index.width /= 2;
  int64_t share = index.width * kVectorsPerBlock, grid = llvm::divideCeil(columns, share);
  Value block = grid == 1 ? index.constant(0) : Value(kernel::BlockIdOp::create(b, b.getIndexType()));
  Value lower = index.mul(block, share), upper = index.min(index.add(lower, share), columns);
  auto loop = kernel::DistributeOp::create(b, lower, upper, index.width, ValueRange());
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToEnd(&loop.getBody().front());
    ElementEmitter::Scope scope(elements);
    emitColumns(loop.getInductionVar());
    kernel::YieldOp::create(b, ValueRange());
  }
  writer.kernel.setLanes(kVectorsPerBlock);
  writer.finish(grid);
  return success();
}

LogicalResult hfc::emitScatterAddKernel(func::FuncOp body, const EmitOptions &options) {
  auto op = dyn_cast<hf::ScatterAddOp>(body.getBody().front().front());
  if (!op || op->getOperands() != ValueRange(body.getArguments()))
    return body.emitError("a scatter_add kernel is one hf.scatter_add of its arguments, in order");
  return ScatterAddEmitter(body, op, options).emit();
}
