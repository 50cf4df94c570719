//===- NewerNCCL.h - what older NCCLs, which people have, lack
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_RUNTIME_CUDA_NEWERNCCL_H
#define HFC_LIB_RUNTIME_CUDA_NEWERNCCL_H

#include <nccl.h>

// Null where NCCL lacks them. A look by dlsym would miss NCCL, which is no global library.
extern "C" {
__attribute__((weak)) ncclResult_t ncclCommRevoke(ncclComm_t communicator, int flags);
__attribute__((weak)) ncclResult_t ncclMemAlloc(void **memory, size_t bytes);
__attribute__((weak)) ncclResult_t ncclMemFree(void *memory);
__attribute__((weak)) ncclResult_t ncclCommWindowRegister(ncclComm_t communicator, void *memory, size_t bytes,
                                                          ncclWindow_t *window, int flags);
}

#endif // HFC_LIB_RUNTIME_CUDA_NEWERNCCL_H
