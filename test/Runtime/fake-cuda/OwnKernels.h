//===- OwnKernels.h - the CUDA runtime's own kernels, on the CPU
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_TEST_RUNTIME_FAKECUDA_OWNKERNELS_H
#define HFC_TEST_RUNTIME_FAKECUDA_OWNKERNELS_H

#include "FakeDevice.h"

namespace fake {

/// The driver would compile PTX; here its source was, for the host.
struct OwnKernel {
  const char *name;
  cudaError_t (*launch)(dim3 grid, dim3 lanes, const void *argument, cudaStream_t stream);
};

bool isPtx(const char *code);
const OwnKernel *findOwnKernel(const char *name);

} // namespace fake

#endif // HFC_TEST_RUNTIME_FAKECUDA_OWNKERNELS_H
