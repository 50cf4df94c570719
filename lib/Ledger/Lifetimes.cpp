//===- Lifetimes.cpp - when bytes of the arena are in use
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Lifetimes.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "llvm/Support/MathExtras.h"

#include <map>

using namespace hfc;
using namespace hfc::ledger;

int64_t ledger::bytesOf(Type type) {
  auto shaped = cast<ShapedType>(type);
  if (!shaped.getElementType().isIntOrFloat())
    return 0;
  return shaped.getNumElements() * llvm::divideCeil(shaped.getElementTypeBitWidth(), 8);
}

static constexpr int64_t arenaAlignment = 64;

static int64_t streamOf(Operation *op) {
  auto stream = op->getAttrOfType<IntegerAttr>("stream");
  return stream ? stream.getInt() : 0;
}

/// Numbers the ops, and finds where the first stream waits for each op of another: at the first event that is recorded
/// behind it.
void Lifetimes::number(Block &block) {
  size_t count = 0;
  std::map<int64_t, SmallVector<Operation *>> unrecorded;     // by stream
  llvm::DenseMap<int64_t, SmallVector<Operation *>> recorded; // by event
  for (Operation &op : block) {
    numbers[&op] = count;
    if (auto record = dyn_cast<rt::RecordOp>(op); record && record.getStream() != 0) {
      recorded[record.getEvent()] = std::exchange(unrecorded[record.getStream()], {});
    } else if (auto wait = dyn_cast<rt::WaitOp>(op); wait && wait.getStream() == 0) {
      for (Operation *done : recorded[wait.getEvent()])
        ends.try_emplace(done, count);
    } else if (streamOf(&op) != 0) {
      unrecorded[streamOf(&op)].push_back(&op);
    }
    ++count;
  }
  alive.resize(count + 1);
}

size_t Lifetimes::endOf(Operation *op) const {
  if (streamOf(op) == 0)
    return numbers.lookup(op);
  auto found = ends.find(op);
  return found == ends.end() ? alive.size() - 2 : found->second;
}

Lifetimes::Lifetimes(rt::EntryOp entry) {
  Block &block = entry.getBody().front();
  number(block);
  if (numbers.empty())
    return;
  for (Operation &op : block) {
    if (!isa<rt::ArenaOp, rt::InputOp, rt::OutputOp>(op))
      continue;
    size_t first = alive.size() - 1, last = 0;
    SmallVector<Value> names{op.getResult(0)};
    for (size_t i = 0; i < names.size(); ++i)
      for (Operation *user : names[i].getUsers()) {
        if (auto view = dyn_cast<rt::ViewOp>(user)) {
          names.push_back(view.getBuffer());
          continue;
        }
        first = std::min(first, numbers.lookup(user));
        last = std::max(last, endOf(user));
      }
    if (isa<rt::InputOp>(op))
      first = 0;
    if (isa<rt::OutputOp>(op))
      last = alive.size() - 2;
    if (first > last)
      continue;
    int64_t bytes = llvm::alignTo(bytesOf(op.getResult(0).getType()), arenaAlignment);
    alive[first] += bytes;
    alive[last + 1] -= bytes;
  }
  int64_t sum = 0;
  for (int64_t &bytes : alive)
    bytes = sum += bytes;
}
