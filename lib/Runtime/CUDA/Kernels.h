//===- Kernels.h - a program's own kernels
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_RUNTIME_CUDA_KERNELS_H
#define HFC_LIB_RUNTIME_CUDA_KERNELS_H

#include "Errors.h"

#include <vector>

namespace hfc::cuda {

/// The kernels of a program's machine code, in the order of its metadata.
class Kernels {
public:
  Kernels() = default;
  ~Kernels();
  Kernels(const Kernels &) = delete;
  Kernels &operator=(const Kernels &) = delete;

  io::Status load(const void *cubin, const io::GpuInfo &gpu);
  /// Queues the kernel. Its blocks are placed while the kernel in front of it still runs, where the kernel can wait for
  /// that by itself (HFC_CUDA_EARLY=off: afterwards).
  cudaError_t launch(int32_t kernel, void *const *arguments, cudaStream_t stream) const;

private:
  struct Kernel {
    cudaKernel_t function = nullptr;
    dim3 grid, lanes;
    size_t shared = 0;
    int64_t arguments = 0;
    bool isEarly = false;
  };
  cudaLibrary_t library = nullptr;
  std::vector<Kernel> kernels;
};

} // namespace hfc::cuda

#endif // HFC_LIB_RUNTIME_CUDA_KERNELS_H
