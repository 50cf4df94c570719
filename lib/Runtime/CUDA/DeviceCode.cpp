//===- DeviceCode.cpp - the runtime's own kernels
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Compiled by clang for NVPTX alone, as C++ and without CUDA's headers.
//
//===----------------------------------------------------------------------===//

#include "DeviceCode.h"

using namespace hfc::cuda;

extern "C" __attribute__((device_kernel)) void hfc_fill(FillArguments arguments) {
  takeTurns<FillArguments, fillItem>(arguments, __nvvm_read_ptx_sreg_ctaid_x(), __nvvm_read_ptx_sreg_tid_x());
}

extern "C" __attribute__((device_kernel)) void hfc_convert(ConvertArguments arguments) {
  takeTurns<ConvertArguments, convertItem>(arguments, __nvvm_read_ptx_sreg_ctaid_x(), __nvvm_read_ptx_sreg_tid_x());
}
