//===- Context.h - a rank's runtime on the CPU
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_RUNTIME_CPU_CONTEXT_H
#define HFC_LIB_RUNTIME_CPU_CONTEXT_H

#include "Recorder.h"
#include "ThreadPool.h"

#include "lib/Runtime/Host/Device.h"

#include "hfc/Runtime/hfc_runtime.h"

#include <vector>

struct hfc_context {
  explicit hfc_context(int threads) : pool(threads) {}

  hfc::cpu::ThreadPool pool;
  /// Null where there is one rank.
  hfc::host::Communicator *communicator = nullptr;
  /// By the collectives' numbers.
  std::vector<hfc::host::CollectiveCount> counts;
  hfc::cpu::Recorder recorder;
};

#endif // HFC_LIB_RUNTIME_CPU_CONTEXT_H
