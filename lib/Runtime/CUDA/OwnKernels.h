//===- OwnKernels.h - the runtime's own kernels, on a stream
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_RUNTIME_CUDA_OWNKERNELS_H
#define HFC_LIB_RUNTIME_CUDA_OWNKERNELS_H

#include "DeviceCode.h"
#include "Errors.h"

namespace hfc::cuda {

/// DeviceCode.h's kernels, in the library as PTX. The driver compiles it for its GPU when one is first used, and
/// remembers it on disk.
class OwnKernels {
public:
  OwnKernels() = default;
  ~OwnKernels();
  OwnKernels(const OwnKernels &) = delete;
  OwnKernels &operator=(const OwnKernels &) = delete;

  io::Status fill(char *target, const io::Draw &draw, cudaStream_t stream);
  io::Status convert(const void *source, hfc_dtype from, void *target, hfc_dtype to, int64_t count,
                     cudaStream_t stream);

private:
  template <typename Arguments>
  io::Status launch(const char *name, Arguments arguments, cudaStream_t stream);

  cudaLibrary_t library = nullptr;
};

} // namespace hfc::cuda

#endif // HFC_LIB_RUNTIME_CUDA_OWNKERNELS_H
