//===- CpuDevice.h - a rank on the CPU
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_RUNTIME_CPU_CPUDEVICE_H
#define HFC_LIB_RUNTIME_CPU_CPUDEVICE_H

#include "lib/Runtime/Host/Device.h"

namespace hfc::cpu {

io::Result<std::unique_ptr<host::Device>> openDevice(const host::RankSetting &setting);

} // namespace hfc::cpu

#endif // HFC_LIB_RUNTIME_CPU_CPUDEVICE_H
