//===- Staging.cpp - what goes to the device and comes back in small pieces
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Staging.h"

namespace hfc::cuda {

namespace {
/// A batch of tokens, or the logits of a few rows.
constexpr int64_t size = 8 << 20;
constexpr int64_t alignment = 64;
} // namespace

io::Status Staging::create() {
  void *pinned = nullptr;
  if (cudaError_t error = cudaHostAlloc(&pinned, size, cudaHostAllocDefault); error != cudaSuccess)
    return statusOf(error, "pinned memory of the host, " + std::to_string(size) + " bytes");
  memory = static_cast<char *>(pinned);
  return {};
}

char *Staging::take(int64_t bytes) {
  if (bytes > size - used)
    return nullptr;
  char *room = memory + used;
  used += (bytes + alignment - 1) / alignment * alignment;
  return room;
}

} // namespace hfc::cuda
