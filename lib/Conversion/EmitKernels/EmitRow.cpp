//===- EmitRow.cpp - kernels that reduce rows
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A row is processed in stages. Stage k computes the reductions that depend on k others in a chain; the last
// stage computes the outputs. Each stage passes over the row once: cheap values are computed again, expensive
// ones that a later stage needs are kept in scratch memory. Of a row too long for that, the maximum and the sum of
// exponentials that depends on it are found in one pass, the beginnings of what is read again stay in scratch memory,
// if a block has much of it, and the last stage goes backwards through the rest: what was read last is still in the
// cache.
//
//===----------------------------------------------------------------------===//

#include "Emitters.h"
#include "Reduction.h"
#include "RowElements.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/Support/MathExtras.h"
#include <numeric>

using namespace hfc;

/// A block takes several rows if they are shorter than this.
static constexpr int64_t kBlockElements = 2048;
/// Vectors that a lane reads at once, of all arguments together, and of one.
static constexpr int64_t kLoadsPerLane = 8, kVectorsPerLane = 4;
/// Lanes of a GPU's largest block.
static constexpr int64_t kMaxLanes = 1024;
/// Longer rows are not kept in scratch memory, which is a GPU's shared memory, as float32.
static constexpr int64_t kMaxScratchElements = 8192;
/// So many vectors of a row a lane keeps in registers, where they are read again.
static constexpr int64_t kVectorsInRegisters = 8;

static ArrayRef<int64_t> shapeOf(Value value) { return cast<RankedTensorType>(value.getType()).getShape(); }
static int64_t sizeOf(Value value) { return cast<RankedTensorType>(value.getType()).getNumElements(); }

static bool isExpensive(Operation *op) {
  return isa_and_nonnull<hf::ExpOp, hf::LogOp, hf::TanhOp, hf::ErfOp, hf::SinOp, hf::CosOp, hf::PowOp>(op);
}

namespace {
/// What a pass over the row computes: reductions, or outputs, whose rows are equally long.
struct Stage {
  int64_t length;
  SmallVector<hf::ReduceOp> reductions;
  SmallVector<unsigned> outputs;
  /// Sums of exponentials that are found with the maximum, the reduction of the same number.
  SmallVector<hf::ReduceOp> exponents;
};

/// Elements of a row that a stage passes over.
struct Section {
  int64_t begin, end;
};

class RowEmitter {
public:
  RowEmitter(func::FuncOp body, const EmitOptions &options)
      : body(body), options(options), results(cast<func::ReturnOp>(body.getBody().front().getTerminator())),
        writer(body, options), b(writer.b), elements(b, writer.entry(), options.bufferAlignment) {}

  LogicalResult emit();

private:
  LogicalResult checkRows();
  void planStages();
  bool feedsRowsOnly(Value value);
  void planPicked();
  void planOnePass();
  DenseSet<Value> valuesOf(const Stage &stage);
  void planScratch();
  void planHeads(int64_t longest);
  int64_t chooseLanes(int64_t longest);
  SmallVector<Section, 2> sectionsOf(const Stage &stage);
  LogicalResult emitStage(const Stage &stage);
  LogicalResult emitStageBody(const Stage &stage, Section section, kernel::DistributeOp loop);
  SmallVector<Value> initialValues(const Stage &stage);
  LogicalResult accumulate(const Stage &stage, ValueRange before, SmallVectorImpl<Value> &after);
  void reduceLanes(const Stage &stage, ValueRange partials);
  Indices elementOf(Value value, Value position);
  Value positionOf(const Stage &stage, Section section, Value step);

  func::FuncOp body;
  const EmitOptions &options;
  func::ReturnOp results;
  KernelWriter writer;
  ImplicitLocOpBuilder &b;
  RowElements elements;
  SmallVector<Stage> stages;
  /// Elements at the beginnings of the longest rows that stay in scratch memory once they have been read.
  int64_t head = 0;
};
} // namespace

//===----------------------------------------------------------------------===//
// Planning
//===----------------------------------------------------------------------===//

/// The number of leading dimensions that make up `rows`, or none.
static std::optional<size_t> leadingDims(ArrayRef<int64_t> shape, int64_t rows) {
  int64_t covered = 1;
  size_t count = 0;
  while (covered < rows && count < shape.size())
    covered *= shape[count++];
  if (covered != rows)
    return std::nullopt;
  return count;
}

LogicalResult RowEmitter::checkRows() {
  int64_t rows = 0;
  for (auto op : body.getOps<hf::ReduceOp>()) {
    size_t rank = shapeOf(op.getX()).size();
    for (auto [place, dim] : llvm::enumerate(op.getDims()))
      if (dim != static_cast<int64_t>(rank - op.getDims().size() + place))
        return op.emitError("a row kernel reduces trailing dimensions only");
    if (rows && rows != sizeOf(op.getResult()))
      return op.emitError("reduces ") << sizeOf(op.getResult()) << " rows in a kernel of " << rows;
    rows = sizeOf(op.getResult());
  }
  if (!rows)
    return body.emitError("a row kernel has at least one hf.reduce");
  for (Value result : results.getOperands())
    if (!leadingDims(shapeOf(result), rows))
      return body.emitError("result of type ") << result.getType() << " does not consist of " << rows << " rows";
  elements.rows = rows;
  return success();
}

void RowEmitter::planStages() {
  // The number of reductions on the longest chain that ends with each value.
  DenseMap<Value, size_t> levels;
  SmallVector<llvm::MapVector<int64_t, Stage>> byLevel;
  for (Operation &op : body.getBody().front().without_terminator()) {
    size_t level = 0;
    for (Value operand : op.getOperands())
      level = std::max(level, levels.lookup(operand));
    if (auto reduce = dyn_cast<hf::ReduceOp>(op); reduce && !elements.picked.contains(reduce.getResult())) {
      byLevel.resize(std::max(byLevel.size(), level + 1));
      int64_t length = sizeOf(reduce.getX()) / elements.rows;
      Stage &stage = byLevel[level][length];
      stage.length = length;
      stage.reductions.push_back(reduce);
      ++level;
    }
    for (Value result : op.getResults())
      levels[result] = level;
  }
  llvm::MapVector<int64_t, Stage> last;
  for (auto [number, value] : llvm::enumerate(results.getOperands())) {
    int64_t length = sizeOf(value) / elements.rows;
    last[length].length = length;
    last[length].outputs.push_back(number);
  }
  byLevel.push_back(std::move(last));
  for (auto &level : byLevel)
    for (auto &entry : level)
      stages.push_back(entry.second);
}

/// Whether only results with one element a row depend on `value`.
bool RowEmitter::feedsRowsOnly(Value value) {
  return llvm::all_of(value.getUsers(), [&](Operation *user) {
    if (isa<func::ReturnOp>(user))
      return sizeOf(value) == elements.rows;
    return !isa<hf::ReduceOp>(user) && sizeOf(user->getResult(0)) == elements.rows && feedsRowsOnly(user->getResult(0));
  });
}

/// A sum of one element and zeros is that element. Where it is wanted once for a row, it is loaded.
void RowEmitter::planPicked() {
  for (auto op : body.getBody().front().getOps<hf::ReduceOp>())
    if (std::optional<PickedElement> element = matchPickedElement(op); element && feedsRowsOnly(op.getResult()))
      elements.picked[op.getResult()] = *element;
}

/// Joins a stage that only sums exponentials to the one that finds their maximum.
void RowEmitter::planOnePass() {
  for (size_t number = 1; number < stages.size(); ++number) {
    Stage &stage = stages[number], &before = stages[number - 1];
    if (stage.length <= kMaxScratchElements || stage.length != before.length || !stage.outputs.empty())
      continue;
    SmallVector<hf::ReduceOp> sums(before.reductions.size());
    bool joins = llvm::all_of(stage.reductions, [&](hf::ReduceOp sum) {
      auto *place = llvm::find(before.reductions, matchMaximumOfExponents(sum));
      if (place == before.reductions.end() || sums[place - before.reductions.begin()])
        return false;
      sums[place - before.reductions.begin()] = sum;
      return true;
    });
    if (!joins)
      continue;
    before.exponents = std::move(sums);
    stages.erase(stages.begin() + number--);
  }
}

/// Adds to `values` all that `value` is computed from within a stage, that is up to reductions and arguments.
static void collect(Value value, DenseSet<Value> &values) {
  Operation *op = value.getDefiningOp();
  if (!values.insert(value).second || !op || isa<hf::ReduceOp>(op))
    return;
  for (Value operand : op->getOperands())
    collect(operand, values);
}

/// What `stage` computes and reads.
DenseSet<Value> RowEmitter::valuesOf(const Stage &stage) {
  DenseSet<Value> values;
  for (hf::ReduceOp reduce : stage.reductions)
    collect(reduce.getX(), values);
  for (unsigned output : stage.outputs)
    collect(results.getOperand(output), values);
  return values;
}

void RowEmitter::planScratch() {
  DenseSet<Value> earlier;
  llvm::MapVector<Value, int64_t> wanted;
  for (const Stage &stage : stages) {
    DenseSet<Value> used = valuesOf(stage);
    for (Operation &op : body.getBody().front())
      if (isExpensive(&op) && used.contains(op.getResult(0)) && earlier.contains(op.getResult(0)) &&
          sizeOf(op.getResult(0)) == elements.rows * stage.length && stage.length <= kMaxScratchElements)
        wanted.insert({op.getResult(0), stage.length});
    earlier.insert(used.begin(), used.end());
  }
  int64_t free = kMaxScratchElements;
  for (auto [value, length] : wanted) {
    if (length > free || !computeType(cast<RankedTensorType>(value.getType()).getElementType()).isF32())
      continue;
    free -= length;
    elements.scratch[value] = kernel::ScratchOp::create(b, MemRefType::get({length}, b.getF32Type()));
  }
}

/// The rows that a GPU's blocks are at together are longer than its cache holds. What several passes read stays in
/// scratch memory from the first one's beginning on; the last one begins with what stands behind that.
void RowEmitter::planHeads(int64_t longest) {
  int64_t step = writer.kernel.getLanes() * options.width, bytes = 0;
  if (longest <= kVectorsInRegisters * step)
    return;
  SmallVector<DenseSet<Value>> used;
  for (const Stage &stage : stages)
    if (stage.length == longest)
      used.push_back(valuesOf(stage));
  SmallVector<BlockArgument> wanted;
  for (BlockArgument argument : body.getArguments()) {
    Type element = cast<RankedTensorType>(argument.getType()).getElementType();
    bool isFloat = isa<FloatType>(element) && element.getIntOrFloatBitWidth() <= 32;
    auto uses = [&](const DenseSet<Value> &values) { return values.contains(argument); };
    if (!isFloat || sizeOf(argument) != elements.rows * longest || llvm::count_if(used, uses) < 2)
      continue;
    wanted.push_back(argument);
    bytes += element.getIntOrFloatBitWidth() / 8;
  }
  if (wanted.empty())
    return;
  head = std::min<int64_t>(longest, llvm::alignDown(options.rowBytes / bytes, step));
  for (BlockArgument argument : wanted)
    if (Type element = cast<RankedTensorType>(argument.getType()).getElementType(); head)
      elements.scratch[argument] = kernel::ScratchOp::create(b, MemRefType::get({head}, element));
}

//===----------------------------------------------------------------------===//
// Emission
//===----------------------------------------------------------------------===//

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
SmallVector<Value> RowEmitter::initialValues(const Stage &stage) {
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

LogicalResult RowEmitter::accumulate(const Stage &stage, ValueRange before, SmallVectorImpl<Value> &after) {
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
void RowEmitter::reduceLanes(const Stage &stage, ValueRange partials) {
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
SmallVector<Section, 2> RowEmitter::sectionsOf(const Stage &stage) {
  if (head == 0 || stage.length <= head)
    return {{0, stage.length}};
  Section first{0, head}, second{head, stage.length};
  if (&stage == &stages.back())
    return {second, first};
  return {first, second};
}

/// Where a step of a section stands.
Value RowEmitter::positionOf(const Stage &stage, Section section, Value step) {
  if (stage.length == 1)
    return elements.index.constant(0);
  bool isBackwards = stage.length > kMaxScratchElements && !stage.outputs.empty() && stages.size() > 1;
  if (!isBackwards || section.end == head)
    return step;
  int64_t both = section.begin + section.end - elements.index.width;
  return arith::SubIOp::create(b, elements.index.constant(both), step);
}

LogicalResult RowEmitter::emitStageBody(const Stage &stage, Section section, kernel::DistributeOp loop) {
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
  for (auto [output, value] : llvm::zip_equal(stage.outputs, values))
    if (failed(elements.store(value, writer.output(output), elementOf(results.getOperand(output), elements.position))))
      return failure();
  kernel::YieldOp::create(b, accumulators);
  return success();
}

LogicalResult RowEmitter::emitStage(const Stage &stage) {
  SmallVector<Section, 2> sections = sectionsOf(stage);
  int64_t widest = options.width * (stage.reductions.empty() ? 1 : options.interleave);
  int64_t extent = std::gcd(stage.length, sections.size() > 1 ? head : 0);
  LogicalResult done = emitAtWidest(elements, widest, extent, [&]() -> LogicalResult {
    elements.written.clear();
    // Each lane goes on with what it has found.
    SmallVector<Value> partials = initialValues(stage);
    for (Section section : sections) {
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

/// A lane has several vectors, which it loads at once: more lanes only make reductions longer. Long rows have as many
/// as a block may have, so that few rows are read at a time and later stages find them in the cache.
int64_t RowEmitter::chooseLanes(int64_t longest) {
  int64_t streams =
      llvm::count_if(body.getArguments(), [&](Value argument) { return sizeOf(argument) >= elements.rows * longest; });
  int64_t vectors = std::clamp<int64_t>(kLoadsPerLane / std::max<int64_t>(streams, 1), 1, kVectorsPerLane);
  int64_t busy = llvm::PowerOf2Ceil(llvm::divideCeil(longest, vectors * options.width));
  return std::clamp<int64_t>(busy, 32, kMaxLanes);
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
  for (const Stage &stage : stages)
    longest = std::max(longest, stage.length);
  writer.kernel.setLanes(chooseLanes(longest));
  planHeads(longest);
  int64_t share = std::clamp<int64_t>(kBlockElements / longest, 1, rows), grid = llvm::divideCeil(rows, share);
  IndexBuilder &index = elements.index;
  Value block = grid == 1 ? index.constant(0) : Value(kernel::BlockIdOp::create(b, b.getIndexType()));
  elements.row = block;
  if (share > 1) {
    Value lower = index.mul(block, share), upper = index.min(index.add(lower, share), rows);
    auto loop = scf::ForOp::create(b, lower, upper, index.constant(1));
    elements.row = loop.getInductionVar();
    loop.getBody()->getTerminator()->erase();
    b.setInsertionPointToEnd(loop.getBody());
  }
  for (const Stage &stage : stages)
    if (failed(emitStage(stage)))
      return failure();
  if (share > 1) {
    // The next row overwrites what this one's last stage reads.
    if (!elements.scratch.empty())
      kernel::BarrierOp::create(b);
    scf::YieldOp::create(b);
  }
  writer.finish(grid);
  return success();
}

LogicalResult hfc::emitRowKernel(func::FuncOp body, const EmitOptions &options) {
  return RowEmitter(body, options).emit();
}
