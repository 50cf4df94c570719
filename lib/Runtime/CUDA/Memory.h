//===- Memory.h - a rank's memory on a GPU
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_RUNTIME_CUDA_MEMORY_H
#define HFC_LIB_RUNTIME_CUDA_MEMORY_H

#include "Errors.h"

namespace hfc::cuda {

/// One allocation, of which everything is a part: the driver would round each to its own pages.
class Memory {
public:
  Memory() = default;
  ~Memory() { cudaFree(base); }
  Memory(const Memory &) = delete;
  Memory &operator=(const Memory &) = delete;

  /// Room for `pieces` of `bytes` in all, zeroed. `what` says what they are for, `device` where.
  io::Status reserve(int64_t bytes, int64_t pieces, const std::string &what, const std::string &device);
  io::Result<char *> allocate(int64_t bytes);
  /// All that was reserved.
  int64_t bytes() const { return size; }

private:
  char *base = nullptr;
  int64_t size = 0, used = 0;
};

} // namespace hfc::cuda

#endif // HFC_LIB_RUNTIME_CUDA_MEMORY_H
