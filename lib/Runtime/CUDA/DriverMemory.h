//===- DriverMemory.h - what a process has of a GPU's memory
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_RUNTIME_CUDA_DRIVERMEMORY_H
#define HFC_LIB_RUNTIME_CUDA_DRIVERMEMORY_H

#include "Errors.h"

namespace hfc::cuda {

/// Bytes of the current device, which has that number, that this process has in use; where the driver's library for
/// such questions is missing or does not know this process, those that are not free.
host::DriverMemory readDriverMemory(int ordinal);

} // namespace hfc::cuda

#endif // HFC_LIB_RUNTIME_CUDA_DRIVERMEMORY_H
