//===- Accesses.cpp - loads and stores of all threads, checked
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Machine.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace hfc;
using namespace hfc::simt;

namespace {

/// One load or store op, for all threads.
struct AccessOp {
  Operation *op;
  Value base;
  ValueRange indices;
  /// The value read or written.
  Value value;
  bool isWrite;
  /// Bytes that the op claims its address to be aligned to.
  int64_t alignment;
};

} // namespace

static std::string describe(const AccessOp &access, const Memory &memory, ArrayRef<int64_t> indices) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  stream << memory.name << '[';
  llvm::interleaveComma(indices, stream);
  stream << ']';
  if (auto vector = dyn_cast<VectorType>(access.value.getType()))
    stream << " (" << vector.getNumElements() << " elements)";
  return text;
}

/// The element where thread `thread` begins, or failure if the access leaves the buffer.
static FailureOr<int64_t> locate(Machine &machine, const AccessOp &access, const Memory &memory, int64_t width,
                                 int64_t thread, SmallVectorImpl<int64_t> &indices) {
  int64_t element = 0, rank = memory.type.getRank();
  bool isInside = true;
  indices.clear();
  for (int64_t dim = 0; dim < rank; ++dim) {
    int64_t index = machine.at(access.indices[dim]).integers[thread];
    int64_t size = memory.type.getDimSize(dim), needed = dim == rank - 1 ? width : 1;
    isInside &= index >= 0 && index <= size - needed;
    indices.push_back(index);
    element = isInside ? element * size + index : 0;
  }
  if (isInside)
    return element;
  return machine.error(access.op, thread)
         << (access.isWrite ? "writes " : "reads ") << describe(access, memory, indices) << ", outside " << memory.type;
}

/// Everything that the hardware would not notice.
static LogicalResult check(Machine &machine, const AccessOp &access, const Memory &memory, int64_t element,
                           int64_t width, int64_t thread, ArrayRef<int64_t> indices) {
  int64_t offset = element * memory.elementBytes, size = width * memory.elementBytes;
  auto error = [&] {
    return machine.error(access.op, thread)
           << (access.isWrite ? "writes " : "reads ") << describe(access, memory, indices);
  };
  if (offset % access.alignment)
    return error() << ", which is not aligned to " << access.alignment << " bytes";
  if (access.isWrite && memory.isReadonly)
    return error() << ", which is declared llvm.readonly";
  if (!memory.watch)
    return success();
  offset += memory.watchOffset;
  if (memory.isShared && !access.isWrite && !memory.watch->isWritten(offset, size, machine.block))
    return error() << ", which nothing has written";
  std::string other = memory.watch->access(offset, size, access.isWrite, machine.accessBy(thread));
  if (!other.empty())
    return error() << ": data race with " << other;
  return success();
}

static void transfer(const AccessOp &access, const Memory &memory, Register &value, int64_t element, int64_t thread) {
  Type type = memory.type.getElementType();
  char *place = memory.data + element * memory.elementBytes;
  for (int64_t i = thread * value.width, end = i + value.width; i < end; ++i, place += memory.elementBytes) {
    if (access.isWrite && value.isFloat)
      storeFloat(place, type, value.floats[i]);
    else if (access.isWrite)
      storeInteger(place, type, value.integers[i]);
    else if (value.isFloat)
      value.floats[i] = loadFloat(place, type);
    else
      value.integers[i] = loadInteger(place, type);
  }
}

static LogicalResult run(Machine &machine, const AccessOp &access, const Mask &mask) {
  Register &value = machine.at(access.value);
  Memory *memory = machine.at(access.base).memory;
  if (!memory)
    return machine.error(access.op) << "accesses memory that is neither an argument nor shared memory";
  SmallVector<int64_t> indices;
  for (int64_t thread = 0; thread < machine.threads; ++thread) {
    if (!mask[thread])
      continue;
    FailureOr<int64_t> element = locate(machine, access, *memory, value.width, thread, indices);
    if (failed(element) || failed(check(machine, access, *memory, *element, value.width, thread, indices)))
      return failure();
    transfer(access, *memory, value, *element, thread);
  }
  return success();
}

void hfc::simt::addMemoryHandlers(HandlerTable &table) {
  addHandler<memref::LoadOp>(table, [](Machine &machine, memref::LoadOp op, const Mask &mask) {
    return run(machine, {op, op.getMemRef(), op.getIndices(), op.getResult(), false, 1}, mask);
  });
  addHandler<memref::StoreOp>(table, [](Machine &machine, memref::StoreOp op, const Mask &mask) {
    return run(machine, {op, op.getMemRef(), op.getIndices(), op.getValueToStore(), true, 1}, mask);
  });
  addHandler<vector::LoadOp>(table, [](Machine &machine, vector::LoadOp op, const Mask &mask) {
    int64_t alignment = op.getAlignment().value_or(1);
    return run(machine, {op, op.getBase(), op.getIndices(), op.getResult(), false, alignment}, mask);
  });
  addHandler<vector::StoreOp>(table, [](Machine &machine, vector::StoreOp op, const Mask &mask) {
    int64_t alignment = op.getAlignment().value_or(1);
    return run(machine, {op, op.getBase(), op.getIndices(), op.getValueToStore(), true, alignment}, mask);
  });
}
