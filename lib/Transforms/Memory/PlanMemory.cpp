//===- PlanMemory.cpp - lifetimes, updates in place, offsets
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ArenaPlanner.h"
#include "EntryPlan.h"
#include "dialects/hf/TensorBuilder.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace hfc;
using namespace hfc::memory;

/// Where a tensor stands in a larger one, along one dimension.
static std::pair<int64_t, int64_t> placeIn(hf::SliceOp slice) {
  ArrayRef<int64_t> from = hf::shapeOf(slice.getX()), to = hf::shapeOf(slice.getResult());
  std::pair<int64_t, int64_t> place{-1, 0};
  for (int64_t dim : llvm::seq<int64_t>(0, from.size()))
    if (from[dim] != to[dim])
      place = {place.first == -1 ? dim : int64_t(from.size()), slice.getOffsets()[dim]};
  return place;
}

/// Whether an element of `argument` that a body reads at some place of a part of it can be overwritten there: the body
/// computes parts that are alike, side by side, and all elements at that place of any part at once.
static bool isReadInParts(BlockArgument argument, hf::ConcatOp parts) {
  if (parts.getInputs().size() < 2 || !llvm::all_equal(parts.getInputs().getTypes()))
    return false;
  Type type = parts.getInputs().front().getType();
  int64_t size = cast<RankedTensorType>(type).getDimSize(parts.getDim());
  return llvm::all_of(argument.getUsers(), [&](Operation *user) {
    auto slice = dyn_cast<hf::SliceOp>(user);
    if (!slice || slice.getType() != type)
      return false;
    auto [dim, offset] = placeIn(slice);
    return dim == static_cast<int64_t>(parts.getDim()) && offset % size == 0;
  });
}

/// Whether all that depends on `values` is elementwise, down to the results.
static bool isElementwiseFrom(SmallVector<Value> values, Operation *end) {
  llvm::SmallPtrSet<Operation *, 16> visited;
  while (!values.empty())
    for (Operation *user : values.pop_back_val().getUsers()) {
      if (isa<func::ReturnOp>(user) || user == end || !visited.insert(user).second)
        continue;
      bool isSame = isa<hf::ReshapeOp>(user) && user->getOperand(0).getType() == user->getResult(0).getType();
      if (!isSame && !user->hasTrait<OpTrait::Elementwise>())
        return false;
      llvm::append_range(values, user->getResults());
    }
  return true;
}

bool memory::isPointwise(func::FuncOp body, unsigned argument, unsigned result) {
  auto kind = body->getAttrOfType<StringAttr>("kernel.kind");
  if (!kind || !llvm::is_contained({"loop", "row", "column"}, kind.getValue()) || body.isDeclaration() ||
      body.getArgumentTypes()[argument] != body.getResultTypes()[result])
    return false;
  BlockArgument read = body.getArgument(argument);
  auto parts = body.getBody().front().getTerminator()->getOperand(result).getDefiningOp<hf::ConcatOp>();
  if (parts && kind.getValue() == "loop" && body.getNumResults() == 1 && parts->hasOneUse() &&
      isReadInParts(read, parts)) {
    SmallVector<Value> slices;
    for (Operation *user : read.getUsers())
      slices.push_back(user->getResult(0));
    return isElementwiseFrom(slices, parts);
  }
  // Results of other shapes are other loops, of which a later one would read what an earlier one has written; but sums
  // of columns are made as rows are, and what is read elementwise alone goes into none.
  ArrayRef<int64_t> shape = cast<RankedTensorType>(body.getResultTypes()[result]).getShape();
  bool isRow = kind.getValue() == "row";
  return llvm::all_of(body.getBody().front().getTerminator()->getOperands(),
                      [&](Value value) {
                        return cast<RankedTensorType>(value.getType()).getShape() == shape ||
                               (isRow && value.getDefiningOp<hf::ReduceOp>());
                      }) &&
         isElementwiseFrom({read}, /*end=*/nullptr);
}

namespace {
class MemoryPlanner {
public:
  MemoryPlanner(EntryPlan &plan, Bodies &bodies) : plan(plan), bodies(bodies) {}

  LogicalResult run() {
    computeLifetimes();
    for (auto [step, number] : llvm::enumerate(plan.order))
      writeInPlace(plan.works[number], step);
    return chooseOffsets();
  }

private:
  /// Beyond this a size is a mistake, and sums of sizes could overflow.
  static constexpr int64_t maxBytes = int64_t(1) << 48;

  void computeLifetimes() {
    for (Buffer &buffer : plan.buffers)
      buffer.first = buffer.kind == Buffer::Kind::input ? 0 : none;
    for (auto [step, number] : llvm::enumerate(plan.order)) {
      const Work &work = plan.works[number];
      for (const View &view : llvm::concat<const View>(work.ins, work.outs)) {
        Buffer &buffer = plan.bufferOf(view.version);
        buffer.first = std::min<unsigned>(buffer.first, step);
        buffer.last = buffer.lastAccess = std::max<unsigned>(buffer.lastAccess, step);
      }
    }
    for (auto [step, number] : llvm::enumerate(plan.order))
      if (const Work &done = plan.works[number]; done.kind == Work::Kind::done && done.partner != none)
        for (const View &view : plan.works[done.partner].ins) {
          Buffer &buffer = plan.bufferOf(view.version);
          buffer.last = std::max<unsigned>(buffer.last, step);
        }
    for (Buffer &buffer : plan.buffers)
      if (buffer.kind == Buffer::Kind::output)
        buffer.last = buffer.lastAccess = plan.order.size();
  }

  /// Lets a result of a loop, or of a collective, take the place of an operand that dies with it.
  void writeInPlace(Work &work, unsigned step) {
    if (work.kind == Work::Kind::collective && isInPlaceCollective(work.op)) {
      for (unsigned number : llvm::seq<unsigned>(0, work.outs.size()))
        if (canTake(work, number, number, step))
          takePlace(work, number, number);
      return;
    }
    auto call = dyn_cast_or_null<func::CallOp>(work.op);
    func::FuncOp body = call ? bodies.lookup(call) : func::FuncOp();
    if (!body)
      return;
    for (unsigned result : llvm::seq<unsigned>(0, work.outs.size()))
      for (unsigned argument : llvm::seq<unsigned>(0, work.ins.size())) {
        if (bodies.getAlias(body, result).value_or(argument) != argument || !canTake(work, argument, result, step) ||
            !isPointwise(body, argument, result))
          continue;
        bodies.setAlias(body, result, argument);
        takePlace(work, argument, result);
        break;
      }
  }

  void takePlace(const Work &work, unsigned argument, unsigned result) {
    take(work.outs[result].version, work.ins[argument].version);
    ++plan.inPlace;
  }

  bool canTake(const Work &work, unsigned argument, unsigned number, unsigned step) {
    unsigned taken = plan.versions[work.ins[argument].version].buffer;
    const Buffer &operand = plan.buffers[taken], &result = plan.bufferOf(work.outs[number].version);
    if (result.kind != Buffer::Kind::arena && result.kind != Buffer::Kind::output)
      return false;
    bool fits = operand.kind == Buffer::Kind::arena ||
                (operand.kind == Buffer::Kind::input && result.kind == Buffer::Kind::arena);
    auto isTaken = [&](const View &view) { return plan.versions[view.version].buffer == taken; };
    // A collective that only begins here is the reason why its own operands live on.
    bool dies = work.kind == Work::Kind::collective ? operand.lastAccess == step : operand.last == step;
    return fits && dies && llvm::count_if(work.ins, isTaken) == 1 && llvm::none_of(work.outs, isTaken);
  }

  /// Makes the buffer of `version` that of `from`, which is dead otherwise.
  void take(unsigned version, unsigned from) {
    unsigned dropped = plan.versions[version].buffer, kept = plan.versions[from].buffer;
    Buffer &result = plan.buffers[dropped], &operand = plan.buffers[kept];
    operand.last = result.last;
    operand.lastAccess = result.lastAccess;
    if (result.kind == Buffer::Kind::output) {
      operand.kind = result.kind;
      operand.what = result.what;
      operand.type = result.type;
      operand.attributes = result.attributes;
    }
    moved[dropped] = kept;
    // The result's later versions are in the same buffer.
    for (unsigned next = version; next != none; next = plan.versions[next].next)
      plan.versions[next].buffer = kept;
  }

  LogicalResult chooseOffsets() {
    SmallVector<ArenaBlock> blocks;
    SmallVector<Buffer *> placed;
    for (auto [number, buffer] : llvm::enumerate(plan.buffers)) {
      // Not used, or merged into another.
      if (!buffer.isInArena() || buffer.first == none || moved.contains(number))
        continue;
      std::optional<int64_t> bytes = bytesOf(buffer.type);
      if (!bytes || (total += *bytes) > maxBytes)
        return emitError(buffer.loc) << "the buffers of entry @" << plan.entry.getName() << ", with " << buffer.type
                                     << ", need more than " << (maxBytes >> 40)
                                     << " TiB; reduce batch, sequence or model";
      blocks.push_back({*bytes, buffer.first, buffer.last});
      placed.push_back(&buffer);
    }
    ArenaPlan arena = planArena(blocks);
    for (auto [block, buffer] : llvm::zip_equal(blocks, placed))
      buffer->offset = block.offset;
    plan.arena = arena.size;
    plan.lowerBound = arena.lowerBound;
    return success();
  }

  static std::optional<int64_t> bytesOf(RankedTensorType type) {
    int64_t bytes = llvm::divideCeil(type.getElementTypeBitWidth(), 8);
    for (int64_t size : type.getShape())
      if (llvm::MulOverflow(bytes, size, bytes))
        return std::nullopt;
    return bytes;
  }

  EntryPlan &plan;
  Bodies &bodies;
  DenseMap<unsigned, unsigned> moved;
  int64_t total = 0;
};
} // namespace

LogicalResult memory::planMemory(EntryPlan &plan, Bodies &bodies) { return MemoryPlanner(plan, bodies).run(); }
