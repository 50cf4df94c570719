//===- Machine.cpp - all threads of a block in lock step
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Machine.h"

using namespace hfc;
using namespace hfc::simt;

const HandlerTable &hfc::simt::handlerTable() {
  static const HandlerTable table = [] {
    HandlerTable handlers;
    addControlHandlers(handlers);
    addFloatHandlers(handlers);
    addIntegerHandlers(handlers);
    addMemoryHandlers(handlers);
    addThreadHandlers(handlers);
    addVectorHandlers(handlers);
    return handlers;
  }();
  return table;
}

Machine::Machine(gpu::GPUFuncOp kernel, int64_t grid, int64_t threads)
    : kernel(kernel), grid(grid), threads(threads), handlers(handlerTable()) {
  kernel.walk([&](Block *block) {
    for (BlockArgument argument : block->getArguments())
      allocate(argument);
    for (Operation &op : *block)
      for (Value value : op.getResults())
        allocate(value);
  });
}

void Machine::allocate(Value value) {
  numbers[value] = registers.size();
  Register &allocated = registers.emplace_back();
  if (isa<MemRefType>(value.getType()))
    return;
  if (auto vector = dyn_cast<VectorType>(value.getType()))
    allocated.width = vector.getNumElements();
  allocated.isFloat = isa<FloatType>(getElementTypeOrSelf(value.getType()));
  if (allocated.isFloat)
    allocated.floats.assign(threads * allocated.width, 0.0);
  else
    allocated.integers.assign(threads * allocated.width, 0);
}

LogicalResult Machine::runThreadBlock(int64_t number) {
  block = number;
  passBarrier();
  Mask all{std::vector<uint8_t>(threads, 1), threads};
  return run(kernel.getBody().front(), all);
}

LogicalResult Machine::run(Block &block, const Mask &mask) {
  for (Operation &op : block) {
    auto handler = handlers.find(op.getName().getTypeID());
    if (handler == handlers.end())
      return error(&op) << "the SIMT interpreter does not know this op";
    if (failed(handler->second(*this, &op, mask)))
      return failure();
  }
  return success();
}

Mask Machine::select(const Mask &mask, Value condition, bool sense) {
  const std::vector<int64_t> &values = at(condition).integers;
  Mask chosen{std::vector<uint8_t>(threads, 0), 0};
  for (int64_t thread = 0; thread < threads; ++thread) {
    chosen.on[thread] = mask[thread] && (values[thread] != 0) == sense;
    chosen.count += chosen.on[thread];
  }
  return chosen;
}

template <typename T>
static void copy(std::vector<T> &to, const std::vector<T> &from, int64_t width, const Mask &mask) {
  for (size_t thread = 0; thread < mask.on.size() && !from.empty(); ++thread)
    if (mask.on[thread])
      std::copy_n(from.begin() + thread * width, width, to.begin() + thread * width);
}

void Machine::assign(ValueRange to, ValueRange from, const Mask &mask) {
  // All sources are read before any target is written: loops may exchange values.
  SmallVector<Register> sources;
  for (Value value : from)
    sources.push_back(at(value));
  for (auto [target, source] : llvm::zip(to, sources)) {
    Register &destination = at(target);
    copy(destination.floats, source.floats, source.width, mask);
    copy(destination.integers, source.integers, source.width, mask);
    destination.memory = source.memory;
  }
}

InFlightDiagnostic Machine::error(Operation *op, int64_t thread) {
  return op->emitError() << "kernel '" << kernel.getName() << "', block " << block << ", thread " << thread << ": ";
}

InFlightDiagnostic Machine::error(Operation *op) {
  return op->emitError() << "kernel '" << kernel.getName() << "', block " << block << ": ";
}
