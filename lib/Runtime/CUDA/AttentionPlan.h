//===- AttentionPlan.h - an attention that cuDNN has made a kernel for
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_RUNTIME_CUDA_ATTENTIONPLAN_H
#define HFC_LIB_RUNTIME_CUDA_ATTENTIONPLAN_H

#include "AttentionGraph.h"

#include <memory>

namespace hfc::cuda {

/// For what device to plan: a handle's, or one that is described and need not be there.
struct PlanTarget {
  cudnnHandle_t handle = nullptr;
  const Descriptor *properties = nullptr;
};

/// One for each distinct hfc_attention. Building one takes about a second.
class AttentionPlan {
public:
  /// Fails if no engine of cuDNN can do it.
  static io::Result<std::unique_ptr<AttentionPlan>> build(const Cudnn &cudnn, const PlanTarget &target,
                                                          const hfc_attention &attention);

  /// Bytes of scratch memory, at a multiple of 256.
  size_t getScratchBytes() const { return graph.scratch + planScratch; }

  /// Queues the work on the handle's stream. `args` are hfc_cuda_attention's.
  io::Status execute(cudnnHandle_t handle, void *const *args, char *scratch) const;

private:
  AttentionPlan(const Cudnn &cudnn, const hfc_attention &attention) : calls(cudnn), graph(calls, attention) {}
  io::Status choose(const PlanTarget &target);

  CudnnCalls calls;
  AttentionGraph graph;
  /// Each is of the one before.
  Descriptor operations, chosen, plan;
  size_t planScratch = 0;
};

} // namespace hfc::cuda

#endif // HFC_LIB_RUNTIME_CUDA_ATTENTIONPLAN_H
