//===- Staging.h - what goes to the device and comes back in small pieces
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_RUNTIME_CUDA_STAGING_H
#define HFC_LIB_RUNTIME_CUDA_STAGING_H

#include "Errors.h"

namespace hfc::cuda {

/// Pinned memory of the host. A step's inputs are put here and copied while the host goes on; what is larger than this
/// is copied from where it is.
class Staging {
public:
  Staging() = default;
  ~Staging() { cudaFreeHost(memory); }
  Staging(const Staging &) = delete;
  Staging &operator=(const Staging &) = delete;

  io::Status create();

  /// Room for `bytes`, or null. It is the caller's until `release`.
  char *take(int64_t bytes);
  /// When all copies from and to it are done.
  void release() { used = 0; }
  bool inUse() const { return used > 0; }

private:
  char *memory = nullptr;
  int64_t used = 0;
};

} // namespace hfc::cuda

#endif // HFC_LIB_RUNTIME_CUDA_STAGING_H
