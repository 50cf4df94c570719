//===- SmallOutputs.cpp - results that come along with a run
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "SmallOutputs.h"

#include <algorithm>

namespace hfc::cuda {

namespace {
/// Copying more takes longer than asking for it.
constexpr int64_t mostBytes = 4096;

int64_t bytesOf(const io::EntryInfo &entry) {
  int64_t bytes = 0;
  for (const io::BindingInfo &output : entry.outputs)
    bytes += output.bytes() <= mostBytes ? output.bytes() : 0;
  return bytes;
}
} // namespace

io::Status SmallOutputs::create(const io::ProgramInfo &program) {
  int64_t bytes = 0;
  for (const io::EntryInfo &entry : program.entries)
    bytes = std::max(bytes, bytesOf(entry));
  void *pinned = nullptr;
  cudaError_t error = bytes ? cudaHostAlloc(&pinned, bytes, cudaHostAllocDefault) : cudaSuccess;
  memory = static_cast<char *>(pinned);
  return error == cudaSuccess ? io::Status()
                              : statusOf(error, "pinned memory of the host, " + std::to_string(bytes) + " bytes");
}

cudaError_t SmallOutputs::queue(const io::EntryInfo &entry, const char *arena, cudaStream_t stream) {
  char *host = memory;
  for (const io::BindingInfo &output : entry.outputs) {
    int64_t bytes = output.bytes();
    if (bytes == 0 || bytes > mostBytes)
      continue;
    const char *address = arena + output.offset;
    if (cudaError_t error = cudaMemcpyAsync(host, address, bytes, cudaMemcpyDeviceToHost, stream); error != cudaSuccess)
      return error;
    copies.push_back({address, bytes, host});
    host += bytes;
  }
  return cudaSuccess;
}

const char *SmallOutputs::find(const void *address, int64_t bytes) const {
  auto *begin = static_cast<const char *>(address);
  for (const Copy &copy : copies)
    if (begin >= copy.address && begin + bytes <= copy.address + copy.bytes)
      return copy.host + (begin - copy.address);
  return nullptr;
}

} // namespace hfc::cuda
