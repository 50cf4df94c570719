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
  /// What other ranks may reach into; no bytes where NCCL does without.
  struct Window {
    char *address = nullptr;
    int64_t bytes = 0;
  };

  Memory() = default;
  ~Memory();
  Memory(const Memory &) = delete;
  Memory &operator=(const Memory &) = delete;

  /// Room for `pieces` of `bytes` in all, zeroed. `what` says what they are for, `device` where. `isShown`: other ranks
  /// of this host may reach into it, if NCCL can do that (2.27 and later; HFC_CUDA_WINDOWS=off: it does not).
  io::Status reserve(int64_t bytes, int64_t pieces, const std::string &what, const std::string &device, bool isShown);
  io::Result<char *> allocate(int64_t bytes);
  /// All that was reserved.
  int64_t bytes() const { return size; }
  Window window() const { return isShown ? Window{base, size} : Window(); }

private:
  cudaError_t take(bool isShown);

  char *base = nullptr;
  int64_t size = 0, used = 0;
  bool isShown = false;
};

} // namespace hfc::cuda

#endif // HFC_LIB_RUNTIME_CUDA_MEMORY_H
