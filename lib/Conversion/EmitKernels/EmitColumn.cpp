//===- EmitColumn.cpp - kernels that reduce columns
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A column kernel reduces dimensions behind which others are kept: slices x rows x columns becomes slices x columns.
// Where rows are few, lanes stand side by side at vectors of results. Else a block has some columns of one slice, and
// its lanes stand side by side in groups that each take every so many rows; the groups' sums meet in scratch memory and
// are added in order. So memory is read in the order in which it lies, and the result does not depend on who is faster.
//
//===----------------------------------------------------------------------===//

#include "Emitters.h"
#include "Reduction.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/Support/MathExtras.h"

using namespace hfc;

/// Columns of a block: whole cache lines, and few, so that there are many blocks; more where slices are blocks enough.
static constexpr int64_t kBlockColumns = 32, kSliceColumns = 128, kManySlices = 64;
/// Rows that a lane reads at once, where there are many blocks.
static constexpr int64_t kRowsTogether = 4;
/// Rows that make a group worth its place in scratch memory.
static constexpr int64_t kRowsPerGroup = 16;
/// Elements that a block of few rows reads.
static constexpr int64_t kBlockElements = 4096;
/// Elements of scratch memory for all reductions together.
static constexpr int64_t kScratchElements = 8192;

namespace {
/// Elements, given the finished reductions at the current slice and columns.
class ColumnElements : public ElementEmitter {
public:
  using ElementEmitter::ElementEmitter;

  /// The place in the kept dimensions, as one index.
  Value place;
  DenseMap<Value, Value> reduced;

protected:
  Value known(Value value, const Indices &indices) override {
    if (!value.getDefiningOp<hf::ReduceOp>())
      return {};
    auto found = reduced.find(value);
    IndexGroup whole = index.mergeAll(indices);
    bool isHere = whole.size() == 1 || (whole.base == place && whole.lane == (index.width > 1));
    if (found != reduced.end() && isHere)
      return found->second;
    return error(value.getDefiningOp(), "is used at another place than the one whose column it reduces");
  }
};

class ColumnEmitter {
public:
  ColumnEmitter(func::FuncOp body, const EmitOptions &options)
      : body(body), options(options), results(cast<func::ReturnOp>(body.getBody().front().getTerminator())),
        writer(body, options), b(writer.b), elements(b, writer.entry(), options.bufferAlignment),
        index(elements.index) {}

  LogicalResult emit();

private:
  LogicalResult checkShapes();
  void planGroups();
  LogicalResult emitKernel();
  LogicalResult emitFewRows();
  LogicalResult emitGroups();
  LogicalResult emitUnit(Value unit);
  int64_t chooseRowsTogether();
  FailureOr<SmallVector<Value>> sumRows(Value group, Value column);
  FailureOr<SmallVector<Value>> accumulate(Value row, Value column, ValueRange sums);
  LogicalResult emitFromScratch(Value local);
  LogicalResult emitOutputs(Value place, ArrayRef<Value> values);
  LogicalResult inLoop(Value lower, Value upper, int64_t vector, function_ref<LogicalResult(Value)> emitIteration);
  LogicalResult ifColumn(Value column, function_ref<LogicalResult()> emitThen);

  func::FuncOp body;
  const EmitOptions &options;
  func::ReturnOp results;
  KernelWriter writer;
  ImplicitLocOpBuilder &b;
  ColumnElements elements;
  IndexBuilder &index;
  SmallVector<hf::ReduceOp> reductions;

  /// The shape that is reduced, in front of, in and behind the reduced dimensions.
  ArrayRef<int64_t> front, reduced, back;
  int64_t slices = 1, rows = 1, columns = 1;
  /// Vectors of columns that stand side by side in a block, groups of rows, columns of a block, blocks of the kernel.
  int64_t side = 1, groups = 1, share = 1, grid = 1;
  Value slice, firstColumn;
  SmallVector<Value> scratch;
};
} // namespace

static ArrayRef<int64_t> shapeOf(Value value) { return cast<RankedTensorType>(value.getType()).getShape(); }

//===----------------------------------------------------------------------===//
// Planning
//===----------------------------------------------------------------------===//

LogicalResult ColumnEmitter::checkShapes() {
  llvm::append_range(reductions, body.getOps<hf::ReduceOp>());
  if (reductions.empty())
    return body.emitError("a column kernel has at least one hf.reduce");
  hf::ReduceOp first = reductions.front();
  ArrayRef<int64_t> full = shapeOf(first.getX()), dims = first.getDims();
  int64_t begin = dims.front(), end = dims.back() + 1;
  if (end - begin != static_cast<int64_t>(dims.size()) || end == static_cast<int64_t>(full.size()))
    return first.emitError("a column kernel reduces dimensions next to each other, and not the last one");
  for (hf::ReduceOp op : reductions)
    if (shapeOf(op.getX()) != full || op.getDims() != dims)
      return op.emitError("reduces another shape or other dimensions than the kernel's first reduction");
  for (Value result : results.getOperands())
    if (shapeOf(result) != shapeOf(first.getResult()))
      return body.emitError("result of type ")
             << result.getType() << " has another shape than what is reduced, " << first.getType();
  front = full.take_front(begin);
  reduced = full.slice(begin, end - begin);
  back = full.drop_front(end);
  slices = llvm::product_of(front);
  rows = llvm::product_of(reduced);
  columns = llvm::product_of(back);
  return success();
}

/// How the vector width, which is known by now, divides a block.
void ColumnEmitter::planGroups() {
  int64_t vectors = columns / index.width;
  int64_t most = slices < kManySlices ? kBlockColumns : kSliceColumns;
  side = std::min(vectors, std::max<int64_t>(1, most / index.width));
  share = side * index.width;
  most = std::min(options.lanes / side, kScratchElements / (share * static_cast<int64_t>(reductions.size())));
  groups = std::clamp<int64_t>(rows / kRowsPerGroup, 1, std::max<int64_t>(most, 1));
}

//===----------------------------------------------------------------------===//
// Emission
//===----------------------------------------------------------------------===//

LogicalResult ColumnEmitter::inLoop(Value lower, Value upper, int64_t vector,
                                    function_ref<LogicalResult(Value)> emitIteration) {
  auto loop = kernel::DistributeOp::create(b, lower, upper, vector, ValueRange());
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToEnd(&loop.getBody().front());
  ElementEmitter::Scope scope(elements);
  if (failed(emitIteration(loop.getInductionVar())))
    return failure();
  kernel::YieldOp::create(b, ValueRange());
  return success();
}

/// Blocks at a slice's end may have fewer columns.
LogicalResult ColumnEmitter::ifColumn(Value column, function_ref<LogicalResult()> emitThen) {
  if (columns % share == 0)
    return emitThen();
  Value inside = arith::CmpIOp::create(b, arith::CmpIPredicate::ult, column, index.constant(columns));
  auto branch = scf::IfOp::create(b, inside, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(branch.thenBlock());
  ElementEmitter::Scope scope(elements);
  return emitThen();
}

FailureOr<SmallVector<Value>> ColumnEmitter::accumulate(Value row, Value column, ValueRange sums) {
  bool isVector = index.width > 1;
  Indices at;
  if (!front.empty())
    at.push_back(index.group(slice, front));
  at.push_back(index.group(row, reduced));
  at.push_back(index.group(column, back, /*lane=*/isVector, index.width));
  SmallVector<Value> next;
  for (auto [op, sum] : llvm::zip_equal(reductions, sums)) {
    Value value = elements.emit(op.getX(), at);
    if (!value)
      return failure();
    next.push_back(combine(b, op.getKind(), sum, elements.toVector(value)));
  }
  return next;
}

/// More where blocks are few, and mostly wait; so many that they divide the rows of each group.
int64_t ColumnEmitter::chooseRowsTogether() {
  int64_t together = slices < kManySlices ? 2 * kRowsTogether : kRowsTogether;
  while (together > 1 && rows % (groups * together))
    together /= 2;
  return together;
}

/// The reductions of `group`'s rows: it takes every `groups`-th, several at a time, as their loads need not wait.
FailureOr<SmallVector<Value>> ColumnEmitter::sumRows(Value group, Value column) {
  SmallVector<Value> neutral = llvm::map_to_vector(reductions, [&](hf::ReduceOp op) {
    return elements.toVector(neutralElement(b, op.getKind(), op.getType().getElementType()));
  });
  int64_t together = chooseRowsTogether();
  auto loop = scf::ForOp::create(b, group, index.constant(rows), index.constant(groups * together), neutral);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToEnd(loop.getBody());
  ElementEmitter::Scope scope(elements);
  FailureOr<SmallVector<Value>> next = SmallVector<Value>(loop.getRegionIterArgs());
  for (int64_t number = 0; number < together && succeeded(next); ++number)
    next = accumulate(index.add(loop.getInductionVar(), number * groups), column, *next);
  if (failed(next))
    return failure();
  scf::YieldOp::create(b, *next);
  return SmallVector<Value>(loop.getResults());
}

/// Writes the results at `place`, given the reductions there.
LogicalResult ColumnEmitter::emitOutputs(Value place, ArrayRef<Value> values) {
  elements.place = place;
  for (auto [op, value] : llvm::zip_equal(reductions, values))
    elements.reduced[op.getResult()] = value;
  SmallVector<int64_t> kept(front);
  llvm::append_range(kept, back);
  Indices at{index.group(elements.place, kept, /*lane=*/index.width > 1, index.width)};
  // Everything is read before anything is written: a result may lie where an argument does.
  SmallVector<Value> outputs;
  for (Value result : results.getOperands()) {
    outputs.push_back(elements.emit(result, at));
    if (!outputs.back())
      return failure();
  }
  for (auto [number, output] : llvm::enumerate(outputs))
    if (failed(elements.store(output, writer.output(number), at)))
      return failure();
  return success();
}

/// One lane's share: a vector of columns, and a group's rows.
LogicalResult ColumnEmitter::emitUnit(Value unit) {
  Value group = index.div(unit, side), local = index.mul(index.rem(unit, side), index.width);
  Value column = index.add(firstColumn, local);
  return ifColumn(column, [&]() -> LogicalResult {
    FailureOr<SmallVector<Value>> sums = sumRows(group, column);
    if (failed(sums))
      return failure();
    for (auto [sum, memory] : llvm::zip_equal(*sums, scratch))
      if (index.width == 1)
        memref::StoreOp::create(b, sum, memory, ValueRange{group, local});
      else
        vector::StoreOp::create(b, sum, memory, ValueRange{group, local});
    return success();
  });
}

/// Adds the groups' sums, in order.
LogicalResult ColumnEmitter::emitFromScratch(Value unit) {
  Value local = index.mul(unit, index.width), column = index.add(firstColumn, local);
  auto load = [&](Value memory, Value group) -> Value {
    if (index.width == 1)
      return memref::LoadOp::create(b, memory, ValueRange{group, local});
    auto type = VectorType::get(index.width, cast<MemRefType>(memory.getType()).getElementType());
    return vector::LoadOp::create(b, type, memory, ValueRange{group, local});
  };
  return ifColumn(column, [&]() -> LogicalResult {
    SmallVector<Value> first =
        llvm::map_to_vector(scratch, [&](Value memory) { return load(memory, index.constant(0)); });
    auto loop = scf::ForOp::create(b, index.constant(1), index.constant(groups), index.constant(1), first);
    {
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToEnd(loop.getBody());
      SmallVector<Value> next;
      for (auto [op, memory, sum] : llvm::zip_equal(reductions, scratch, loop.getRegionIterArgs()))
        next.push_back(combine(b, op.getKind(), sum, load(memory, loop.getInductionVar())));
      scf::YieldOp::create(b, next);
    }
    Value place = index.add(index.mul(slice, columns), column);
    return emitOutputs(place, SmallVector<Value>(loop.getResults()));
  });
}

LogicalResult ColumnEmitter::emitFewRows() {
  int64_t places = slices * columns, width = index.width;
  share = llvm::alignTo(std::max<int64_t>(kBlockElements / std::max<int64_t>(rows, 1), 1), width);
  grid = llvm::divideCeil(places, share);
  Value block = grid == 1 ? index.constant(0) : Value(kernel::BlockIdOp::create(b, b.getIndexType()));
  Value lower = index.mul(block, share), upper = index.min(index.add(lower, share), places);
  return inLoop(lower, upper, width, [&](Value place) -> LogicalResult {
    slice = index.div(place, columns);
    FailureOr<SmallVector<Value>> sums = sumRows(index.constant(0), index.rem(place, columns));
    return failed(sums) ? failure() : emitOutputs(place, *sums);
  });
}

LogicalResult ColumnEmitter::emitGroups() {
  scratch.clear();
  for (hf::ReduceOp op : reductions)
    scratch.push_back(
        kernel::ScratchOp::create(b, MemRefType::get({groups, share}, computeType(op.getType().getElementType()))));
  int64_t blocks = llvm::divideCeil(columns, share);
  grid = slices * blocks;
  Value block = grid == 1 ? index.constant(0) : Value(kernel::BlockIdOp::create(b, b.getIndexType()));
  slice = index.div(block, blocks);
  firstColumn = index.mul(index.rem(block, blocks), share);
  Value zero = index.constant(0);
  if (failed(inLoop(zero, index.constant(groups * side), 1, [&](Value unit) { return emitUnit(unit); })))
    return failure();
  kernel::BarrierOp::create(b);
  return inLoop(zero, index.constant(side), 1, [&](Value unit) { return emitFromScratch(unit); });
}

LogicalResult ColumnEmitter::emitKernel() {
  planGroups();
  elements.reduced.clear();
  return groups == 1 ? emitFewRows() : emitGroups();
}

LogicalResult ColumnEmitter::emit() {
  if (failed(checkShapes()))
    return failure();
  for (auto [number, argument] : llvm::enumerate(body.getArguments()))
    elements.bind(argument, writer.input(number));
  // Columns side by side are sums that do not wait for each other.
  if (failed(emitAtWidest(elements, options.width * options.interleave, columns, [&] { return emitKernel(); })))
    return failure();
  int64_t busy = llvm::PowerOf2Ceil(groups == 1 ? llvm::divideCeil(share, index.width) : groups * side);
  writer.kernel.setLanes(std::min(options.lanes, std::max<int64_t>(32, busy)));
  writer.finish(grid);
  return success();
}

LogicalResult hfc::emitColumnKernel(func::FuncOp body, const EmitOptions &options) {
  return ColumnEmitter(body, options).emit();
}
