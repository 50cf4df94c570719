//===- EmitLoop.cpp - kernels without reductions
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Emitters.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/Support/MathExtras.h"
#include <numeric>

using namespace hfc;

/// Elements of a block: enough to hide what a block costs, few enough that small tensors feed several threads.
static constexpr int64_t kBlockElements = 4096;
/// From so many blocks on a GPU may have all of them at work at once, and what the last ones take shows: blocks are
/// then smaller, unless there are many.
static constexpr int64_t kSomeBlocks = 128, kManyBlocks = 8192, kFewestBlockElements = 1024;
/// Blocks start at multiples of this, whatever the vector's width.
static constexpr int64_t kBlockMultiple = 64;

namespace {
/// A value that is an output, or from `offset` on along `dim` a part of one, or the new rows of one that is a cache,
/// which is written nowhere else.
struct Written {
  Value value;
  unsigned output;
  std::optional<int64_t> dim = std::nullopt;
  int64_t offset = 0;
  hf::CacheUpdateOp update = {};
};

/// What has one shape and is computed together.
struct Space {
  RankedTensorType type;
  SmallVector<Written> values;
  /// Elements that stand in one row of a cache, or all.
  int64_t run = 0;
};
} // namespace

/// Of parts that are alike side by side, such as the cotangents of gate and up, each element is computed beside those
/// at its place in the other parts: they have most of what they read in common.
static SmallVector<Written> valuesOf(Value result, unsigned output) {
  if (auto update = result.getDefiningOp<hf::CacheUpdateOp>())
    return {{update.getRows(), output, std::nullopt, 0, update}};
  auto concat = result.getDefiningOp<hf::ConcatOp>();
  if (!concat || concat.getInputs().size() < 2 || !llvm::all_equal(concat.getInputs().getTypes()))
    return {{result, output}};
  SmallVector<Written> parts;
  int64_t size = cast<RankedTensorType>(concat.getInputs().front().getType()).getDimSize(concat.getDim());
  for (auto [number, part] : llvm::enumerate(concat.getInputs()))
    parts.push_back({part, output, static_cast<int64_t>(concat.getDim()), static_cast<int64_t>(number) * size});
  return parts;
}

static SmallVector<Space> spacesOf(func::ReturnOp results) {
  llvm::MapVector<ArrayRef<int64_t>, Space> spaces;
  for (auto [number, result] : llvm::enumerate(results.getOperands()))
    for (Written &written : valuesOf(result, number)) {
      auto type = cast<RankedTensorType>(written.value.getType());
      Space &space = spaces[type.getShape()];
      space.type = type;
      int64_t run = written.update ? llvm::product_of(type.getShape().drop_front(2)) : type.getNumElements();
      space.run = space.run ? std::min(space.run, run) : run;
      space.values.push_back(written);
    }
  return llvm::map_to_vector(spaces, [](auto &entry) { return entry.second; });
}

static int64_t blocksOf(int64_t elements) {
  int64_t share = kBlockElements;
  if (llvm::divideCeil(elements, share) >= kSomeBlocks)
    while (share > kFewestBlockElements && llvm::divideCeil(elements, share) < kManyBlocks)
      share /= 2;
  return llvm::divideCeil(elements, share);
}

/// Stores elements of a new row where it belongs in the cache, if it is one that counts.
static LogicalResult storeRow(KernelWriter &writer, ElementEmitter &elements, hf::CacheUpdateOp update, Value value,
                              Value buffer, Value position) {
  ImplicitLocOpBuilder &b = writer.b;
  IndexBuilder &index = elements.index;
  ArrayRef<int64_t> shape = update.getRows().getType().getShape(), rest = shape.drop_front(2);
  int64_t length = llvm::product_of(rest), capacity = update.getCache().getType().getDimSize(1);
  Value row = index.div(position, length), within = index.rem(position, length);
  Value batch = index.div(row, shape[1]), number = index.rem(row, shape[1]);
  auto indexOf = [&](Value counts) -> Value {
    return arith::IndexCastOp::create(b, b.getIndexType(), elements.emit(counts, {index.group(batch, {shape[0]})}));
  };
  Value target = index.add(indexOf(update.getPast()), number);
  Value valid = arith::CmpIOp::create(b, arith::CmpIPredicate::slt, number, indexOf(update.getCount()));
  Value inside = arith::CmpIOp::create(b, arith::CmpIPredicate::ult, target, index.constant(capacity));
  auto branch = scf::IfOp::create(b, arith::AndIOp::create(b, valid, inside));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(branch.thenBlock());
  ElementEmitter::Scope scope(elements);
  Indices at{index.group(batch, {shape[0]}), {target, 0, 1, {capacity}}};
  if (!rest.empty())
    at.push_back(index.group(within, rest, /*lane=*/index.width > 1, index.width));
  return elements.store(value, buffer, at);
}

/// Distributes block `block`'s share of `space` over its lanes.
static LogicalResult emitSpace(KernelWriter &writer, ElementEmitter &elements, const Space &space, Value block,
                               int64_t share, int64_t widest) {
  ImplicitLocOpBuilder &b = writer.b;
  int64_t size = space.type.getNumElements();
  return emitAtWidest(elements, widest, std::gcd(size, space.run), [&]() -> LogicalResult {
    Value lower = elements.index.mul(block, share);
    Value upper = elements.index.min(elements.index.add(lower, share), size);
    int64_t width = elements.index.width;
    auto loop = kernel::DistributeOp::create(b, lower, upper, width, ValueRange());
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToEnd(&loop.getBody().front());
    ElementEmitter::Scope scope(elements);
    Indices at{elements.index.group(loop.getInductionVar(), space.type.getShape(), /*lane=*/width > 1, width)};
    // All are read before any is written, since an output may be in an input's buffer (`kernel.alias`).
    SmallVector<Value> values;
    for (const Written &written : space.values)
      if (!values.emplace_back(elements.emit(written.value, at)))
        return failure();
    for (auto [written, value] : llvm::zip_equal(space.values, values)) {
      Value buffer = writer.output(written.output);
      LogicalResult stored = success();
      if (written.update)
        stored = storeRow(writer, elements, written.update, value, buffer, loop.getInductionVar());
      else if (written.dim)
        stored = elements.storePart(value, buffer, at, *written.dim, written.offset);
      else
        stored = elements.store(value, buffer, at);
      if (failed(stored))
        return failure();
    }
    kernel::YieldOp::create(b, ValueRange());
    return success();
  });
}

LogicalResult hfc::emitLoopKernel(func::FuncOp body, const EmitOptions &options) {
  auto results = cast<func::ReturnOp>(body.getBody().front().getTerminator());
  KernelWriter writer(body, options);
  ElementEmitter elements(writer.b, writer.entry(), options.bufferAlignment);
  for (auto [number, argument] : llvm::enumerate(body.getArguments()))
    elements.bind(argument, writer.input(number));

  SmallVector<Space> spaces = spacesOf(results);
  int64_t grid = 1;
  for (const Space &space : spaces)
    grid = std::max(grid, blocksOf(space.type.getNumElements()));
  Value block =
      grid == 1 ? elements.index.constant(0) : Value(kernel::BlockIdOp::create(writer.b, writer.b.getIndexType()));
  for (const Space &space : spaces) {
    int64_t share = llvm::alignTo(llvm::divideCeil(space.type.getNumElements(), grid), kBlockMultiple);
    if (failed(emitSpace(writer, elements, space, block, share, options.width)))
      return failure();
  }
  writer.finish(grid);
  return success();
}
