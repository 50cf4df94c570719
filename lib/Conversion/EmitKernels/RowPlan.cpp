//===- RowPlan.cpp - the stages of a kernel that reduces rows
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RowEmitter.h"

#include "llvm/ADT/MapVector.h"
#include "llvm/Support/MathExtras.h"

using namespace hfc;

/// Vectors that a lane reads at once, of all arguments together, and of one.
static constexpr int64_t kLoadsPerLane = 8, kVectorsPerLane = 4;
/// Lanes of a GPU's largest block.
static constexpr int64_t kMaxLanes = 1024;
/// So many vectors of a row a lane keeps in registers, where they are read again.
static constexpr int64_t kVectorsInRegisters = 8;

static ArrayRef<int64_t> shapeOf(Value value) { return cast<RankedTensorType>(value.getType()).getShape(); }
static int64_t sizeOf(Value value) { return cast<RankedTensorType>(value.getType()).getNumElements(); }

static bool isExpensive(Operation *op) {
  return isa_and_nonnull<hf::ExpOp, hf::LogOp, hf::TanhOp, hf::ErfOp, hf::SinOp, hf::CosOp, hf::PowOp>(op);
}

std::optional<size_t> hfc::leadingDims(ArrayRef<int64_t> shape, int64_t rows) {
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
    if (isColumnSum(op)) {
      columnSums.push_back({op, op->getUses().begin()->getOperandNumber()});
      continue;
    }
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
  for (const ColumnSum &sum : columnSums)
    if (sum.parts() * sum.rows() != rows || sum.op->getOperand(0).getType() != columnSums[0].op.getX().getType() ||
        sum.columns() > kMaxScratchElements / static_cast<int64_t>(columnSums.size()))
      return sum.op->emitError("sums columns of other rows than the kernel's ")
             << rows << ", or more of them than a block keeps, " << kMaxScratchElements;
  for (Value result : results.getOperands())
    if (auto op = result.getDefiningOp<hf::ReduceOp>(); !(op && isColumnSum(op)) && !leadingDims(shapeOf(result), rows))
      return body.emitError("result of type ") << result.getType() << " does not consist of " << rows << " rows";
  elements.rows = rows;
  return success();
}

void RowEmitter::planStages() {
  // The number of reductions on the longest chain that ends with each value.
  DenseMap<Value, size_t> levels;
  SmallVector<llvm::MapVector<int64_t, RowStage>> byLevel;
  for (Operation &op : body.getBody().front().without_terminator()) {
    size_t level = 0;
    for (Value operand : op.getOperands())
      level = std::max(level, levels.lookup(operand));
    auto reduce = dyn_cast<hf::ReduceOp>(op);
    if (reduce && !elements.picked.contains(reduce.getResult()) && !isColumnSum(reduce)) {
      byLevel.resize(std::max(byLevel.size(), level + 1));
      int64_t length = sizeOf(reduce.getX()) / elements.rows;
      RowStage &stage = byLevel[level][length];
      stage.length = length;
      stage.reductions.push_back(reduce);
      ++level;
    }
    for (Value result : op.getResults())
      levels[result] = level;
  }
  llvm::MapVector<int64_t, RowStage> last;
  for (auto [number, value] : llvm::enumerate(results.getOperands())) {
    auto sum = value.getDefiningOp<hf::ReduceOp>();
    bool isSum = sum && isColumnSum(sum);
    int64_t length = sizeOf(isSum ? sum.getX() : value) / elements.rows;
    RowStage &stage = last[length];
    stage.length = length;
    stage.addsColumns |= isSum;
    if (!isSum)
      stage.outputs.push_back(number);
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
    RowStage &stage = stages[number], &before = stages[number - 1];
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
DenseSet<Value> RowEmitter::valuesOf(const RowStage &stage) {
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
  for (const RowStage &stage : stages) {
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
  for (const RowStage &stage : stages)
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

/// A lane has several vectors, which it loads at once: more lanes only make reductions longer. Long rows have as many
/// as a block may have, so that few rows are read at a time and later stages find them in the cache. Where a block has
/// many rows, one after the other, it has a lane for each vector: there are fewer blocks.
int64_t RowEmitter::chooseLanes(int64_t longest) {
  int64_t streams =
      llvm::count_if(body.getArguments(), [&](Value argument) { return sizeOf(argument) >= elements.rows * longest; });
  int64_t vectors = std::clamp<int64_t>(kLoadsPerLane / std::max<int64_t>(streams, 1), 1, kVectorsPerLane);
  if (!columnSums.empty())
    vectors = 1;
  int64_t busy = llvm::PowerOf2Ceil(llvm::divideCeil(longest, vectors * options.width));
  return std::clamp<int64_t>(busy, 32, kMaxLanes);
}
