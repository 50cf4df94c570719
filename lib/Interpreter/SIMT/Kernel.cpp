//===- Kernel.cpp - runs one kernel on host buffers
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Interpreter/SIMT.h"

#include "Machine.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include <deque>

using namespace hfc;
using namespace hfc::simt;

/// Threads of a block, on every NVIDIA GPU.
static constexpr int64_t kMaxThreads = 1024;

gpu::GPUFuncOp hfc::simt::findKernel(ModuleOp module, StringRef name) {
  auto inner = module.lookupSymbol<gpu::GPUModuleOp>(name);
  return inner ? inner.lookupSymbol<gpu::GPUFuncOp>(name) : gpu::GPUFuncOp();
}

namespace {

/// A kernel's memory: its arguments in the caller's buffers, shared memory of its own.
class Execution {
public:
  Execution(gpu::GPUFuncOp kernel, int64_t grid, int64_t threads) : kernel(kernel), machine(kernel, grid, threads) {}

  LogicalResult bindArguments(ArrayRef<Buffer> buffers);
  LogicalResult bindShared();

  LogicalResult run() {
    for (int64_t block = 0; block < machine.grid; ++block)
      if (failed(machine.runThreadBlock(block)))
        return failure();
    return success();
  }

private:
  /// Arguments whose memory touches.
  struct Group {
    const char *begin, *end;
    SmallVector<unsigned> members;
  };

  LogicalResult checkBuffer(unsigned number, const Buffer &buffer);
  std::vector<Group> groupArguments(ArrayRef<Buffer> buffers);
  LogicalResult watchGroup(const Group &group);
  bool isWritten(Value memory);

  gpu::GPUFuncOp kernel;
  Machine machine;
  std::deque<Memory> memories;
  std::deque<std::vector<char>> shared;
  std::deque<Watch> watches;
};

} // namespace

LogicalResult Execution::checkBuffer(unsigned number, const Buffer &buffer) {
  auto type = dyn_cast<MemRefType>(kernel.getArgumentTypes()[number]);
  if (!type || !type.hasStaticShape() || !type.getLayout().isIdentity())
    return kernel.emitError() << "argument " << number << " is not a buffer of static shape";
  int64_t bytes = type.getNumElements() * elementBytes(type.getElementType());
  if (buffer.bytes != bytes)
    return kernel.emitError() << "argument " << number << " has " << bytes << " bytes, but was given " << buffer.bytes;
  return success();
}

LogicalResult Execution::bindArguments(ArrayRef<Buffer> buffers) {
  if (buffers.size() != kernel.getNumArguments())
    return kernel.emitError() << "takes " << kernel.getNumArguments() << " buffers, but was given " << buffers.size();
  for (auto [number, buffer] : llvm::enumerate(buffers)) {
    if (failed(checkBuffer(number, buffer)))
      return failure();
    Memory &memory = memories.emplace_back();
    memory.name = ("argument " + Twine(number)).str();
    memory.type = cast<MemRefType>(kernel.getArgumentTypes()[number]);
    memory.elementBytes = elementBytes(memory.type.getElementType());
    memory.data = static_cast<char *>(buffer.data);
    memory.isReadonly = kernel.getArgAttr(number, LLVM::LLVMDialect::getReadonlyAttrName()) != nullptr;
    machine.bind(kernel.getArgument(number), &memory);
  }
  for (const Group &group : groupArguments(buffers))
    if (failed(watchGroup(group)))
      return failure();
  return success();
}

std::vector<Execution::Group> Execution::groupArguments(ArrayRef<Buffer> buffers) {
  auto order = llvm::to_vector(llvm::seq<unsigned>(0, buffers.size()));
  llvm::sort(order, [&](unsigned a, unsigned b) { return buffers[a].data < buffers[b].data; });
  std::vector<Group> groups;
  for (unsigned number : order) {
    auto *begin = static_cast<const char *>(buffers[number].data), *end = begin + buffers[number].bytes;
    if (groups.empty() || begin >= groups.back().end)
      groups.push_back({begin, end, {}});
    groups.back().end = std::max(groups.back().end, end);
    groups.back().members.push_back(number);
  }
  return groups;
}

bool Execution::isWritten(Value memory) {
  return llvm::any_of(memory.getUsers(), [](Operation *op) { return hasEffect<MemoryEffects::Write>(op); });
}

/// Memory that nothing writes has no races, and is not watched: it may be large.
LogicalResult Execution::watchGroup(const Group &group) {
  if (llvm::none_of(group.members, [&](unsigned number) { return isWritten(kernel.getArgument(number)); }))
    return success();
  int64_t cell = 8;
  for (unsigned number : group.members) {
    cell = std::min(cell, memories[number].elementBytes);
    if (group.members.size() > 1 && kernel.getArgAttr(number, LLVM::LLVMDialect::getNoAliasAttrName()))
      return kernel.emitError() << "argument " << number << " is declared llvm.noalias, but its buffer is also that of "
                                << "another argument, and is written";
  }
  Watch &watch = watches.emplace_back(group.end - group.begin, cell, /*isShared=*/false);
  for (unsigned number : group.members) {
    memories[number].watch = &watch;
    memories[number].watchOffset = memories[number].data - group.begin;
  }
  return success();
}

LogicalResult Execution::bindShared() {
  for (auto [number, argument] : llvm::enumerate(kernel.getWorkgroupAttributions())) {
    auto type = dyn_cast<MemRefType>(argument.getType());
    if (!type || !type.hasStaticShape())
      return kernel.emitError() << "shared memory " << number << " has no static shape";
    Memory &memory = memories.emplace_back();
    memory.name = ("shared memory " + Twine(number)).str();
    memory.type = type;
    memory.elementBytes = elementBytes(type.getElementType());
    memory.isShared = true;
    int64_t bytes = type.getNumElements() * memory.elementBytes;
    memory.data = shared.emplace_back(bytes).data();
    memory.watch = &watches.emplace_back(bytes, memory.elementBytes, /*isShared=*/true);
    machine.bind(argument, &memory);
  }
  return success();
}

LogicalResult hfc::simt::runKernel(gpu::GPUFuncOp kernel, ArrayRef<Buffer> arguments) {
  std::optional<ArrayRef<int32_t>> block = kernel.getKnownBlockSize(), grid = kernel.getKnownGridSize();
  if (!block || !grid || (*block)[1] != 1 || (*block)[2] != 1 || (*grid)[1] != 1 || (*grid)[2] != 1)
    return kernel.emitError()
           << "needs known_block_size and known_grid_size of one dimension, as hfc-map-kernels-to-gpu sets them";
  if ((*block)[0] < 1 || (*block)[0] > kMaxThreads)
    return kernel.emitError() << "has blocks of " << (*block)[0] << " threads; a GPU's have 1 to " << kMaxThreads;
  Execution execution(kernel, (*grid)[0], (*block)[0]);
  return success(succeeded(execution.bindArguments(arguments)) && succeeded(execution.bindShared()) &&
                 succeeded(execution.run()));
}
