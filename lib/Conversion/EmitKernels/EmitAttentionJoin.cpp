//===- EmitAttentionJoin.cpp - attention of one query, of what parts have found
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A block takes a head, and each lane a column of its result: it asks for the column of every part at once, and for
// the parts' sums, which all lanes read.
//
//===----------------------------------------------------------------------===//

#include "AttentionParts.h"
#include "Emitters.h"
#include "dialects/hf/AttentionParts.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "llvm/Support/MathExtras.h"

using namespace hfc;

static constexpr auto kContract = arith::FastMathFlags::contract;
static constexpr int64_t kFewestLanes = 32, kMostLanes = 256;

namespace {
class AttentionJoinEmitter {
public:
  AttentionJoinEmitter(func::FuncOp body, const EmitOptions &options)
      : space(cast<RankedTensorType>(body.getArgumentTypes()[0]).getShape()), writer(body, optionsOf(options)),
        b(writer.b), elements(b, writer.entry(), options.bufferAlignment), index(elements.index) {}

  LogicalResult emit();

private:
  EmitOptions optionsOf(EmitOptions options) const {
    options.lanes = std::clamp<int64_t>(llvm::PowerOf2Ceil(space[3]), kFewestLanes, kMostLanes);
    return options;
  }
  Value emitColumn(Value batch, Value head, Value column);

  /// Batch, parts, heads, columns.
  ArrayRef<int64_t> space;
  KernelWriter writer;
  ImplicitLocOpBuilder &b;
  ElementEmitter elements;
  IndexBuilder &index;
};
} // namespace

Value AttentionJoinEmitter::emitColumn(Value batch, Value head, Value column) {
  SmallVector<Value> sums, values;
  for (int64_t part = 0; part < space[1]; ++part) {
    Value number = index.constant(part);
    sums.push_back(memref::LoadOp::create(b, writer.input(1), ValueRange{batch, number, head}));
    values.push_back(memref::LoadOp::create(b, writer.input(0), ValueRange{batch, number, head, column}));
  }
  Value largest = sums.front();
  for (Value sum : ArrayRef<Value>(sums).drop_front())
    largest = arith::MaximumFOp::create(b, largest, sum);
  Value total = elements.constant(b.getF32Type(), 0), weights = total;
  for (auto [sum, value] : llvm::zip_equal(sums, values)) {
    Value weight = math::ExpOp::create(b, arith::SubFOp::create(b, sum, largest, kContract), kContract);
    Value weighed = arith::MulFOp::create(b, weight, value, kContract);
    total = arith::AddFOp::create(b, total, weighed, kContract);
    weights = arith::AddFOp::create(b, weights, weight, kContract);
  }
  return arith::DivFOp::create(b, total, weights, kContract);
}

LogicalResult AttentionJoinEmitter::emit() {
  int64_t grid = space[0] * space[2];
  Value block = grid == 1 ? index.constant(0) : Value(kernel::BlockIdOp::create(b, b.getIndexType()));
  Value batch = index.div(block, space[2]), head = index.rem(block, space[2]);
  auto loop = kernel::DistributeOp::create(b, index.constant(0), index.constant(space[3]), /*vector=*/1, ValueRange());
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToEnd(&loop.getBody().front());
    ElementEmitter::Scope scope(elements);
    Value column = loop.getInductionVar(), result = emitColumn(batch, head, column);
    Indices at{index.group(batch, {space[0]}), index.group(index.constant(0), {1}), index.group(head, {space[2]}),
               index.group(column, {space[3]})};
    (void)elements.store(result, writer.output(0), at);
    kernel::YieldOp::create(b, ValueRange());
  }
  writer.finish(grid);
  return success();
}

/// Whether `hf::joinAttentionParts` builds the body, of float32 parts.
static bool isJoin(func::FuncOp body) {
  if (body.getNumArguments() != 2 || body.getNumResults() != 1)
    return false;
  auto values = cast<RankedTensorType>(body.getArgumentTypes()[0]),
       sums = cast<RankedTensorType>(body.getArgumentTypes()[1]),
       result = cast<RankedTensorType>(body.getResultTypes()[0]);
  if (values.getRank() != 4 || !values.getElementType().isF32() ||
      sums != RankedTensorType::get(values.getShape().drop_back(), values.getElementType()) ||
      !values.getNumElements() ||
      result.getShape() != ArrayRef<int64_t>{values.getDimSize(0), 1, values.getDimSize(2), values.getDimSize(3)})
    return false;
  return isBodyOf(body, [&](OpBuilder &builder, ValueRange arguments) {
    return SmallVector<Value>{hf::joinAttentionParts(builder, body.getLoc(), arguments, result)};
  });
}

LogicalResult hfc::emitAttentionJoinKernel(func::FuncOp body, const EmitOptions &options) {
  if (!isJoin(body))
    return body.emitError(
        "an attention_join kernel joins what attention_parts has found, as hfc-split-attention writes "
        "it");
  return AttentionJoinEmitter(body, options).emit();
}
