//===- GemmChoices.h - which of cuBLASLt's algorithms computes a product
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_RUNTIME_CUDA_GEMMCHOICES_H
#define HFC_LIB_RUNTIME_CUDA_GEMMCHOICES_H

#include "AlgorithmCache.h"

#include <vector>

namespace hfc::cuda {

class GemmPlan;
struct GemmOperands;
struct GemmShape;

/// Chooses for all ranks alike, since two algorithms may round otherwise: rank 0 remembers what it has measured, or
/// measures now, and tells the others.
class GemmChoices {
public:
  void create(cublasLtHandle_t handle, const host::RankSetting &setting, const std::string &deviceModel);

  /// One of `candidates`, the best first as cuBLASLt sees them. All ranks come here with the same products in the same
  /// order.
  host::Outcome choose(const GemmPlan &plan, const GemmShape &shape,
                       const std::vector<cublasLtMatmulAlgo_t> &candidates, const GemmOperands &operands,
                       void *workspace, cudaStream_t queue, cublasLtMatmulAlgo_t &chosen);

private:
  cublasLtMatmulAlgo_t decide(const GemmPlan &plan, const GemmShape &shape,
                              const std::vector<cublasLtMatmulAlgo_t> &candidates, const GemmOperands &operands,
                              void *workspace, cudaStream_t queue);

  cublasLtHandle_t handle = nullptr;
  const host::RankSetting *setting = nullptr;
  bool enabled = true;
  AlgorithmCache cache;
};

} // namespace hfc::cuda

#endif // HFC_LIB_RUNTIME_CUDA_GEMMCHOICES_H
