//===- Context.h - a rank's runtime on the CPU
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_RUNTIME_CPU_CONTEXT_H
#define HFC_LIB_RUNTIME_CPU_CONTEXT_H

#include "ThreadPool.h"

#include "lib/Runtime/CPU/Comm/Communicator.h"

#include "hfc/Runtime/hfc_runtime.h"

#include <memory>
#include <vector>

namespace hfc::cpu {
/// What a rank has done of one collective.
struct CollectiveCount {
  int64_t executed = 0, bytes = 0;
};
} // namespace hfc::cpu

struct hfc_context {
  explicit hfc_context(int threads) : pool(threads) {}

  hfc::cpu::ThreadPool pool;
  /// Null where there is one rank.
  std::unique_ptr<hfc::cpu::Communicator> communicator;
  /// By the collectives' numbers.
  std::vector<hfc::cpu::CollectiveCount> counts;
};

#endif // HFC_LIB_RUNTIME_CPU_CONTEXT_H
