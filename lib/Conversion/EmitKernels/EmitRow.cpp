//===- EmitRow.cpp - kernels that reduce rows
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Reduction.h"
#include "RowEmitter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/Support/MathExtras.h"
#include <numeric>

using namespace hfc;

/// A block takes several rows if they are shorter than this.
static constexpr int64_t kBlockElements = 2048;
/// Threads that a GPU's multiprocessor should have at once, where blocks have many rows: half of all.
static constexpr int64_t kThreadsTogether = 1024;

static ArrayRef<int64_t> shapeOf(Value value) { return cast<RankedTensorType>(value.getType()).getShape(); }

Indices RowEmitter::elementOf(Value value, Value position) {
  ArrayRef<int64_t> shape = shapeOf(value);
  size_t lead = *leadingDims(shape, elements.rows);
  IndexBuilder &index = elements.index;
  Indices result;
  if (lead)
    result.push_back(index.group(elements.row, shape.take_front(lead)));
  if (lead < shape.size())
    result.push_back(index.group(position, shape.drop_front(lead), /*lane=*/index.width > 1, index.width));
  return result;
}

/// The reductions' neutral elements, and those of the sums of exponentials behind them.
SmallVector<Value> RowEmitter::initialValues(const RowStage &stage) {
  SmallVector<Value> inits = llvm::map_to_vector(stage.reductions, [&](hf::ReduceOp op) {
    return elements.toVector(neutralElement(b, op.getKind(), op.getType().getElementType()));
  });
  for (auto [number, sum] : llvm::enumerate(stage.exponents)) {
    if (!sum)
      continue;
    RunningExponents none = noExponents(b);
    inits[number] = elements.toVector(none.maximum);
    inits.push_back(elements.toVector(none.sum));
  }
  return inits;
}

LogicalResult RowEmitter::accumulate(const RowStage &stage, ValueRange before, SmallVectorImpl<Value> &after) {
  SmallVector<Value> sums;
  for (auto [number, reduction] : llvm::enumerate(stage.reductions)) {
    hf::ReduceOp op = reduction;
    Value value = elements.emit(op.getX(), elementOf(op.getX(), elements.position));
    if (!value)
      return failure();
    value = elements.toVector(value);
    if (stage.exponents.empty() || !stage.exponents[number]) {
      after.push_back(combine(b, op.getKind(), before[number], value));
      continue;
    }
    RunningExponents next = addExponents(b, {before[number], before[stage.reductions.size() + sums.size()]}, value);
    after.push_back(next.maximum);
    sums.push_back(next.sum);
  }
  llvm::append_range(after, sums);
  return success();
}

/// Makes one value of what the lanes have found.
void RowEmitter::reduceLanes(const RowStage &stage, ValueRange partials) {
  auto reduce = [&](hf::ReduceOp op, Value partial) {
    Type type = getElementTypeOrSelf(partial.getType());
    return elements.reduced[op.getResult()] = kernel::ReduceOp::create(b, type, combineOf(op.getKind()), partial);
  };
  size_t sums = 0;
  for (auto [number, op] : llvm::enumerate(stage.reductions)) {
    Value found = reduce(op, partials[number]);
    if (stage.exponents.empty() || !stage.exponents[number])
      continue;
    RunningExponents running{partials[number], partials[stage.reductions.size() + sums++]};
    reduce(stage.exponents[number], rescaleExponents(b, running, elements.toVector(found)));
  }
}

/// What stays in scratch memory is read first where it gets there, and last where it comes from there.
SmallVector<RowSection, 2> RowEmitter::sectionsOf(const RowStage &stage) {
  if (head == 0 || stage.length <= head)
    return {{0, stage.length}};
  RowSection first{0, head}, second{head, stage.length};
  if (&stage == &stages.back())
    return {second, first};
  return {first, second};
}

/// Where a step of a section stands.
Value RowEmitter::positionOf(const RowStage &stage, RowSection section, Value step) {
  if (stage.length == 1)
    return elements.index.constant(0);
  bool isBackwards = stage.length > kMaxScratchElements && !stage.outputs.empty() && stages.size() > 1;
  if (!isBackwards || section.end == head)
    return step;
  int64_t both = section.begin + section.end - elements.index.width;
  return arith::SubIOp::create(b, elements.index.constant(both), step);
}

LogicalResult RowEmitter::emitStageBody(const RowStage &stage, RowSection section, kernel::DistributeOp loop) {
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToEnd(&loop.getBody().front());
  ElementEmitter::Scope scope(elements);
  elements.length = stage.length;
  elements.end = section.end;
  elements.stageBlock = b.getInsertionBlock();
  elements.position = positionOf(stage, section, loop.getInductionVar());
  SmallVector<Value> accumulators;
  if (failed(accumulate(stage, loop.getRegionIterArgs(), accumulators)))
    return failure();
  // All are read before any is written, since an output may be in an input's buffer (`kernel.alias`).
  SmallVector<Value> values;
  for (unsigned output : stage.outputs) {
    Value result = results.getOperand(output);
    if (!values.emplace_back(elements.emit(result, elementOf(result, elements.position))))
      return failure();
  }
  SmallVector<Value> sums;
  for (const ColumnSum &sum : stage.addsColumns ? ArrayRef<ColumnSum>(columnSums) : ArrayRef<ColumnSum>()) {
    hf::ReduceOp op = sum.op;
    Value value = elements.emit(op.getX(), elementOf(op.getX(), elements.position));
    if (!value)
      return failure();
    sums.push_back(addToColumnSum(elements, sum, value));
  }
  for (auto [sum, value] : llvm::zip(columnSums, sums))
    storeColumnSum(elements, sum, value);
  for (auto [output, value] : llvm::zip_equal(stage.outputs, values))
    if (failed(elements.store(value, writer.output(output), elementOf(results.getOperand(output), elements.position))))
      return failure();
  kernel::YieldOp::create(b, accumulators);
  return success();
}

LogicalResult RowEmitter::emitStage(const RowStage &stage) {
  SmallVector<RowSection, 2> sections = sectionsOf(stage);
  int64_t widest = options.width * (stage.reductions.empty() ? 1 : options.interleave);
  int64_t extent = std::gcd(stage.length, sections.size() > 1 ? head : 0);
  LogicalResult done = emitAtWidest(elements, widest, extent, [&]() -> LogicalResult {
    elements.written.clear();
    // Each lane goes on with what it has found.
    SmallVector<Value> partials = initialValues(stage);
    for (RowSection section : sections) {
      IndexBuilder &index = elements.index;
      auto loop = kernel::DistributeOp::create(b, index.constant(section.begin), index.constant(section.end),
                                               index.width, partials);
      if (failed(emitStageBody(stage, section, loop)))
        return failure();
      partials = loop.getResults();
    }
    reduceLanes(stage, partials);
    return success();
  });
  if (failed(done))
    return failure();
  // What this stage has put into scratch memory is there for the next ones: kernel.reduce is a barrier.
  elements.kept.insert(elements.written.begin(), elements.written.end());
  return success();
}

/// The rows of a block, one after the other.
LogicalResult RowEmitter::emitRows(Value block, int64_t share) {
  IndexBuilder &index = elements.index;
  ElementEmitter::Scope scope(elements);
  OpBuilder::InsertionGuard guard(b);
  elements.row = block;
  if (share > 1) {
    Value lower = index.mul(block, share), upper = index.min(index.add(lower, share), elements.rows);
    auto loop = scf::ForOp::create(b, lower, upper, index.constant(1));
    elements.row = loop.getInductionVar();
    loop.getBody()->getTerminator()->erase();
    b.setInsertionPointToEnd(loop.getBody());
  }
  for (const RowStage &stage : stages)
    if (failed(emitStage(stage)))
      return failure();
  if (share > 1) {
    // The next row overwrites what this one's last stage reads.
    if (!elements.scratch.empty())
      kernel::BarrierOp::create(b);
    scf::YieldOp::create(b);
  }
  return success();
}

LogicalResult RowEmitter::emit() {
  if (failed(checkRows()))
    return failure();
  for (auto [number, argument] : llvm::enumerate(body.getArguments()))
    elements.bind(argument, writer.input(number));
  planPicked();
  planStages();
  planOnePass();
  planScratch();

  int64_t longest = 1, rows = elements.rows;
  for (const RowStage &stage : stages)
    longest = std::max(longest, stage.length);
  writer.kernel.setLanes(chooseLanes(longest));
  planHeads(longest);
  int64_t share = std::clamp<int64_t>(kBlockElements / longest, 1, rows), grid = llvm::divideCeil(rows, share);
  if (!columnSums.empty()) {
    share = columnSums.front().rows();
    grid = columnSums.front().parts();
  }
  IndexBuilder &index = elements.index;
  Value block = grid == 1 ? index.constant(0) : Value(kernel::BlockIdOp::create(b, b.getIndexType()));
  index.width = options.width;
  if (!columnSums.empty()) {
    // Its blocks are few, and should all be at work at once.
    writer.kernel->setAttr("kernel.threads", b.getI64IntegerAttr(kThreadsTogether));
    beginColumnSums(elements, columnSums);
  }
  if (failed(emitRows(block, share)))
    return failure();
  index.width = options.width;
  if (!columnSums.empty())
    endColumnSums(elements, writer, columnSums, block);
  writer.finish(grid);
  return success();
}

LogicalResult hfc::emitRowKernel(func::FuncOp body, const EmitOptions &options) {
  return RowEmitter(body, options).emit();
}
