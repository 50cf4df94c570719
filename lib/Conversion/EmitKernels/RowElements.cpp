//===- RowElements.cpp - elements of the row that a block is at
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RowElements.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace hfc;

bool RowElements::isCurrentRow(const Indices &indices) { return rows == 1 || index.mergeAll(indices).base == row; }

bool RowElements::isCurrentElement(const Indices &indices) {
  if (indices.empty() || indices.back().base != position || indices.back().lane != (index.width > 1))
    return false;
  return isCurrentRow(Indices(ArrayRef<IndexGroup>(indices).drop_back()));
}

static ArrayRef<int64_t> shapeOf(Value value) { return cast<RankedTensorType>(value.getType()).getShape(); }

Value RowElements::known(Value value, const Indices &indices) {
  if (auto found = reduced.find(value); found != reduced.end()) {
    if (isCurrentRow(indices))
      return found->second;
    return error(value.getDefiningOp(), "is used in another row than the one it reduces");
  }
  if (auto found = picked.find(value); found != picked.end())
    return emitPicked(cast<hf::ReduceOp>(value.getDefiningOp()), found->second, indices);
  if (!kept.contains(value) || !isCurrentElement(indices))
    return {};
  Value buffer = scratchOf(value);
  if (!buffer)
    return {};
  if (index.width == 1)
    return toComputeType(b, memref::LoadOp::create(b, buffer, position));
  Type element = cast<MemRefType>(buffer.getType()).getElementType();
  return toComputeType(b, vector::LoadOp::create(b, VectorType::get(index.width, element), buffer, position));
}

Value RowElements::scratchOf(Value value) {
  Value buffer = scratch.lookup(value);
  bool isHere = buffer && cast<RankedTensorType>(value.getType()).getNumElements() == rows * length &&
                end <= cast<MemRefType>(buffer.getType()).getDimSize(0);
  return isHere ? buffer : Value();
}

Value RowElements::emitPicked(hf::ReduceOp sum, const PickedElement &element, const Indices &indices) {
  Value number = emit(element.number, indices);
  if (!number || isa<VectorType>(number.getType()))
    return {};
  int64_t columns = shapeOf(sum.getX()).back();
  number = arith::IndexCastOp::create(b, b.getIndexType(), number);
  Value inside = arith::CmpIOp::create(b, arith::CmpIPredicate::ult, number, index.constant(columns));
  auto branch = scf::IfOp::create(b, TypeRange(b.getF32Type()), inside, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(branch.thenBlock());
  {
    Scope scope(*this);
    Indices at = indices;
    at.push_back(index.group(number, {columns}));
    Value value = emit(element.value, at);
    if (!value)
      return {};
    scf::YieldOp::create(b, value);
  }
  b.setInsertionPointToStart(branch.elseBlock());
  scf::YieldOp::create(b, constant(b.getF32Type(), 0.0));
  return branch.getResult(0);
}

void RowElements::computed(Value value, const Indices &indices, Value result) {
  Value buffer = scratchOf(value);
  // Every element must be written: not under a condition.
  if (!buffer || kept.contains(value) || !isCurrentElement(indices) || b.getInsertionBlock() != stageBlock)
    return;
  written.insert(value);
  // What was read stays as it stands in memory.
  if (auto wider = result.getDefiningOp<arith::ExtFOp>(); wider && !value.getDefiningOp())
    result = wider.getIn();
  if (index.width == 1)
    memref::StoreOp::create(b, result, buffer, position);
  else
    vector::StoreOp::create(b, toVector(result), buffer, position);
}
