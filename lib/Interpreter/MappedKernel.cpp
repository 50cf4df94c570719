//===- MappedKernel.cpp - launches of kernels that are mapped to a GPU
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Schedule.h"

#include "hfc/Interpreter/SIMT.h"

#include "mlir/Dialect/GPU/IR/GPUDialect.h"

using namespace hfc;
using namespace hfc::interpreter;

namespace {

/// A buffer as bytes, the way a device has it.
struct DeviceBuffer {
  const Buffer *buffer;
  std::vector<char> bytes;
};

/// The buffers of one launch on a device. Those that are one buffer share bytes.
class DeviceMemory {
public:
  explicit DeviceMemory(const Domain &domain) : domain(domain) {}

  llvm::Error add(const Buffer &buffer, bool isRead);
  void copyBack(Buffer &buffer) const;
  ArrayRef<simt::Buffer> arguments() const { return pointers; }

private:
  static bool isSame(const Buffer &a, const Buffer &b) {
    if (!a.parts.empty() || !b.parts.empty())
      return &a == &b;
    if (a.arena || b.arena)
      return a.arena == b.arena && a.offset == b.offset;
    return a.tensor.words().data() == b.tensor.words().data();
  }
  DeviceBuffer *find(const Buffer &buffer) const {
    for (const std::unique_ptr<DeviceBuffer> &held : buffers)
      if (isSame(*held->buffer, buffer) && held->buffer->size() == buffer.size())
        return held.get();
    return nullptr;
  }

  const Domain &domain;
  std::vector<std::unique_ptr<DeviceBuffer>> buffers;
  SmallVector<simt::Buffer> pointers;
};

} // namespace

/// What a kernel only writes holds ones before: as floats NaN, which shows where it stays.
llvm::Error DeviceMemory::add(const Buffer &buffer, bool isRead) {
  DeviceBuffer *held = find(buffer);
  if (!held) {
    int64_t size = byteSize(buffer.element);
    buffers.push_back(std::make_unique<DeviceBuffer>(
        DeviceBuffer{&buffer, std::vector<char>(buffer.size() * size, static_cast<char>(0xff))}));
    held = buffers.back().get();
    // A state or parameter always has a value, even if the kernel writes only some of it.
    if (isRead || !buffer.arena) {
      llvm::Expected<Tensor> value = buffer.read();
      if (!value)
        return value.takeError();
      for (int64_t i = 0; i < value->size(); ++i)
        encode(domain, buffer.element, value->words()[i], held->bytes.data() + i * size);
    }
  }
  pointers.push_back({held->bytes.data(), static_cast<int64_t>(held->bytes.size())});
  return llvm::Error::success();
}

void DeviceMemory::copyBack(Buffer &buffer) const {
  const DeviceBuffer *held = find(buffer);
  int64_t size = byteSize(buffer.element);
  for (int64_t i = 0; i < buffer.size(); ++i)
    buffer.store(i, decode(domain, buffer.element, held->bytes.data() + i * size));
}

llvm::Error Schedule::callMappedKernel(rt::LaunchOp op, gpu::GPUFuncOp callee) {
  DeviceMemory memory(machine.getDomain());
  for (Value in : op.getIns())
    if (llvm::Error error = memory.add(bufferOf(in), /*isRead=*/true))
      return error;
  for (Value out : op.getOuts())
    if (llvm::Error error = memory.add(bufferOf(out), /*isRead=*/false))
      return error;
  std::string message;
  ScopedDiagnosticHandler handler(op.getContext(), [&](Diagnostic &diagnostic) {
    message += diagnostic.str();
    return success();
  });
  if (failed(simt::runKernel(callee, memory.arguments())))
    return makeError(message);
  for (Value out : op.getOuts())
    memory.copyBack(bufferOf(out));
  return llvm::Error::success();
}
