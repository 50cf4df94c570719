//===- Context.h - a rank's runtime on a GPU
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_RUNTIME_CUDA_CONTEXT_H
#define HFC_LIB_RUNTIME_CUDA_CONTEXT_H

#include "Attention.h"
#include "Communicators.h"
#include "Gemm.h"
#include "Kernels.h"
#include "Recorder.h"
#include "Streams.h"
#include "Watchdog.h"

/// What the functions that programs call know of their rank.
struct hfc_context {
  explicit hfc_context(const hfc::host::RankSetting &setting)
      : setting(setting), gpu(*setting.program->gpu), counts(setting.program->collectives.size()) {}

  /// Keeps the first failure of a run: what follows from it says less. False if this is one.
  template <typename Status>
  bool check(Status status, const std::string &what) {
    return keep(hfc::cuda::outcomeOf(status, what));
  }
  bool keep(hfc::host::Outcome outcome) {
    bool good = bool(outcome);
    if (!good && failure)
      failure = std::move(outcome);
    return good;
  }
  /// Queued work would only hide what went wrong.
  bool hasFailed() const { return !failure; }

  const hfc::host::RankSetting setting;
  const hfc::io::GpuInfo &gpu;
  /// The device's number on this host, and what it is called.
  int ordinal = 0;
  std::string deviceName;

  hfc::cuda::Streams streams;
  hfc::cuda::Kernels kernels;
  hfc::cuda::Communicators communicators;
  hfc::cuda::Watchdog watchdog;
  hfc::cuda::Products products;
  hfc::cuda::Attention attention;
  hfc::cuda::Recorder recorder;
  /// By the collectives' numbers.
  std::vector<hfc::host::CollectiveCount> counts;
  hfc::host::Outcome failure;
};

#endif // HFC_LIB_RUNTIME_CUDA_CONTEXT_H
