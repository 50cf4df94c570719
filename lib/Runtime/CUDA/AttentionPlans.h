//===- AttentionPlans.h - the attentions of a rank, as cuDNN does them
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_RUNTIME_CUDA_ATTENTIONPLANS_H
#define HFC_LIB_RUNTIME_CUDA_ATTENTIONPLANS_H

#include "AttentionPlan.h"

#include <future>
#include <map>
#include <string>

namespace hfc::cuda {

/// A plan, with the handle that it was made for; a handle is for one thread at a time. Or why there is none.
struct MadeAttention {
  MadeAttention() = default;
  ~MadeAttention();
  MadeAttention(const MadeAttention &) = delete;
  MadeAttention &operator=(const MadeAttention &) = delete;

  cudnnHandle_t handle = nullptr;
  std::unique_ptr<AttentionPlan> plan;
  std::string failure;
};

/// The plans of a rank, by what they compute. cuDNN compiles a kernel for each, which takes about a second: those that
/// a program will want are made while its weights are loaded, side by side.
class AttentionPlans {
public:
  /// Begins to make plans for that device, each on a thread of its own.
  void prepare(const hfc_attention *attentions, int64_t count, int ordinal);

  /// Waits for a plan that is being made; makes it, for the current device, where it is not.
  const MadeAttention &get(const hfc_attention &attention);

private:
  struct Entry {
    std::unique_ptr<MadeAttention> made;
    std::future<std::unique_ptr<MadeAttention>> making;
  };
  std::map<std::string, Entry> entries;
};

} // namespace hfc::cuda

#endif // HFC_LIB_RUNTIME_CUDA_ATTENTIONPLANS_H
