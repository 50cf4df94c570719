//===- Switches.h - what the environment turns off
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_RUNTIME_CUDA_SWITCHES_H
#define HFC_LIB_RUNTIME_CUDA_SWITCHES_H

namespace hfc::cuda {

/// False where the environment's `variable` is "off".
bool readSwitch(const char *variable);

} // namespace hfc::cuda

#endif // HFC_LIB_RUNTIME_CUDA_SWITCHES_H
