//===- ColumnSums.cpp - columns of the rows that a block is at, summed up
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ColumnSums.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace hfc;

bool hfc::isColumnSum(hf::ReduceOp op) {
  return op.getKind() == hf::Reduction::sum && op.getX().getType().getRank() == 3 &&
         op.getDims() == ArrayRef<int64_t>{1} && op.getType().getElementType().isF32() && op->hasOneUse() &&
         isa<func::ReturnOp>(*op->getUsers().begin());
}

static Value loadAt(RowElements &elements, Value memory, Value position) {
  if (elements.index.width == 1)
    return memref::LoadOp::create(elements.b, memory, position);
  auto type = VectorType::get(elements.index.width, elements.b.getF32Type());
  return vector::LoadOp::create(elements.b, type, memory, position);
}

static void storeAt(RowElements &elements, Value value, Value memory, Value position) {
  if (elements.index.width == 1)
    memref::StoreOp::create(elements.b, value, memory, position);
  else
    vector::StoreOp::create(elements.b, value, memory, position);
}

/// A pass over all columns, by lanes that may have others of them in the next pass.
static void forColumns(RowElements &elements, int64_t columns, function_ref<void(Value)> emitAt) {
  ImplicitLocOpBuilder &b = elements.b;
  IndexBuilder &index = elements.index;
  while (columns % index.width)
    index.width /= 2;
  auto loop = kernel::DistributeOp::create(b, index.constant(0), index.constant(columns), index.width, ValueRange());
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToEnd(&loop.getBody().front());
  ElementEmitter::Scope scope(elements);
  emitAt(loop.getInductionVar());
  kernel::YieldOp::create(b, ValueRange());
}

void hfc::beginColumnSums(RowElements &elements, MutableArrayRef<ColumnSum> sums) {
  ImplicitLocOpBuilder &b = elements.b;
  for (ColumnSum &sum : sums)
    sum.memory = kernel::ScratchOp::create(b, MemRefType::get({sum.columns()}, b.getF32Type()));
  forColumns(elements, sums.front().columns(), [&](Value position) {
    Value zero = elements.toVector(elements.constant(b.getF32Type(), 0.0));
    for (ColumnSum &sum : sums)
      storeAt(elements, zero, sum.memory, position);
  });
  kernel::BarrierOp::create(b);
}

Value hfc::addToColumnSum(RowElements &elements, const ColumnSum &sum, Value value) {
  Value before = loadAt(elements, sum.memory, elements.position);
  return arith::AddFOp::create(elements.b, before, elements.toVector(value));
}

void hfc::storeColumnSum(RowElements &elements, const ColumnSum &sum, Value value) {
  storeAt(elements, value, sum.memory, elements.position);
}

void hfc::endColumnSums(RowElements &elements, KernelWriter &writer, ArrayRef<ColumnSum> sums, Value part) {
  kernel::BarrierOp::create(elements.b);
  forColumns(elements, sums.front().columns(), [&](Value position) {
    IndexBuilder &index = elements.index;
    for (const ColumnSum &sum : sums) {
      Indices at{index.group(part, {sum.parts()}),
                 index.group(position, {sum.columns()}, /*lane=*/index.width > 1, index.width)};
      // Places side by side in one dimension: no access can fail.
      (void)elements.store(loadAt(elements, sum.memory, position), writer.output(sum.output), at);
    }
  });
}
