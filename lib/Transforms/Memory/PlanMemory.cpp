//===- PlanMemory.cpp - lifetimes, updates in place, offsets
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ArenaPlanner.h"
#include "EntryPlan.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace hfc;
using namespace hfc::memory;

static constexpr llvm::StringLiteral aliasName = "kernel.alias";

std::optional<unsigned> Bodies::getAlias(func::FuncOp body) {
  if (auto argument = body.getResultAttrOfType<IntegerAttr>(0, aliasName))
    return argument.getInt();
  return std::nullopt;
}

void Bodies::setAlias(func::FuncOp body, unsigned argument) {
  body.setResultAttr(0, aliasName, IntegerAttr::get(IntegerType::get(body.getContext(), 64), argument));
}

bool memory::isPointwise(func::FuncOp body, unsigned argument) {
  auto kind = body->getAttrOfType<StringAttr>("kernel.kind");
  // More results could mean more loops, of which a later one would read what an earlier one has written.
  if (!kind || kind.getValue() != "loop" || body.isDeclaration() || body.getNumResults() != 1 ||
      body.getArgumentTypes()[argument] != body.getResultTypes()[0])
    return false;
  // What depends on the argument must be elementwise down to the result.
  llvm::SmallPtrSet<Operation *, 16> visited;
  SmallVector<Value> work{body.getArgument(argument)};
  while (!work.empty())
    for (Operation *user : work.pop_back_val().getUsers()) {
      if (isa<func::ReturnOp>(user) || !visited.insert(user).second)
        continue;
      if (!user->hasTrait<OpTrait::Elementwise>())
        return false;
      llvm::append_range(work, user->getResults());
    }
  return true;
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
        buffer.last = std::max<unsigned>(buffer.last, step);
      }
    }
    for (Buffer &buffer : plan.buffers)
      if (buffer.kind == Buffer::Kind::output)
        buffer.last = plan.order.size();
  }

  /// Lets the result of a loop take the place of an operand that dies with it.
  void writeInPlace(Work &work, unsigned step) {
    auto call = dyn_cast_or_null<func::CallOp>(work.op);
    if (!call || work.outs.size() != 1)
      return;
    func::FuncOp body = bodies.lookup(call);
    Buffer &result = plan.bufferOf(work.outs[0].version);
    if (result.kind != Buffer::Kind::arena && result.kind != Buffer::Kind::output)
      return;
    for (auto [argument, in] : llvm::enumerate(work.ins)) {
      if (bodies.getAlias(body).value_or(argument) != argument || !canTake(work, argument, step) ||
          !isPointwise(body, argument))
        continue;
      bodies.setAlias(body, argument);
      take(work.outs[0].version, in.version);
      ++plan.inPlace;
      return;
    }
  }

  bool canTake(const Work &work, unsigned argument, unsigned step) {
    unsigned taken = plan.versions[work.ins[argument].version].buffer;
    const Buffer &operand = plan.buffers[taken], &result = plan.bufferOf(work.outs[0].version);
    bool fits = operand.kind == Buffer::Kind::arena ||
                (operand.kind == Buffer::Kind::input && result.kind == Buffer::Kind::arena);
    auto reads = [&](const View &view) { return plan.versions[view.version].buffer == taken; };
    return fits && operand.last == step && &operand != &result && llvm::count_if(work.ins, reads) == 1;
  }

  /// Makes the buffer of `version` that of `from`, which is dead otherwise.
  void take(unsigned version, unsigned from) {
    unsigned dropped = plan.versions[version].buffer, kept = plan.versions[from].buffer;
    Buffer &result = plan.buffers[dropped], &operand = plan.buffers[kept];
    operand.last = result.last;
    if (result.kind == Buffer::Kind::output) {
      operand.kind = result.kind;
      operand.what = result.what;
      operand.type = result.type;
      operand.attributes = result.attributes;
    }
    moved[dropped] = kept;
    // The result's later versions are in the same buffer.
    for (unsigned next = version;;) {
      plan.versions[next].buffer = kept;
      unsigned overwriter = plan.versions[next].overwriter;
      if (overwriter == none)
        return;
      next = plan.works[overwriter].outs.front().version;
    }
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
