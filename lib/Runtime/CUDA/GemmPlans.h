//===- GemmPlans.h - how cuBLASLt computes a product of some shape
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_RUNTIME_CUDA_GEMMPLANS_H
#define HFC_LIB_RUNTIME_CUDA_GEMMPLANS_H

#include "GemmChoices.h"

#include <map>

namespace hfc::cuda {

constexpr int64_t workspaceBytes = HFC_CUDA_PRODUCT_SCRATCH;

/// What decides how a product is computed. `a` is stored [m][k], `b` [k][n], or the other way round where transposed.
struct GemmShape {
  int64_t dtype = 0, resultDtype = 0, accumulate = 0, hasBias = 0;
  int64_t batch = 1, m = 0, n = 0, k = 0;
  int64_t transposeA = 0, transposeB = 0, leadingA = 0, leadingB = 0, strideA = 0, strideB = 0;
  /// Bytes that all addresses are a multiple of.
  int64_t alignment = 0;

  /// The same for equal shapes only.
  std::string key() const;
};

struct GemmOperands {
  const void *a, *b, *bias;
  void *c;
};

/// One shape, as cuBLASLt is told of it.
class GemmPlan {
public:
  GemmPlan() = default;
  ~GemmPlan();
  GemmPlan(const GemmPlan &) = delete;
  GemmPlan &operator=(const GemmPlan &) = delete;

  host::Outcome describe(const GemmShape &shape, const void *bias);
  /// The algorithms that should be good, best first.
  host::Outcome candidates(cublasLtHandle_t handle, std::vector<cublasLtMatmulAlgo_t> &algorithms) const;
  /// Whether an algorithm that was chosen elsewhere can do it.
  bool accepts(cublasLtHandle_t handle, const cublasLtMatmulAlgo_t &algorithm) const;
  /// `d`, which is `operands.c` but where that must not change, takes the result.
  cublasStatus_t run(cublasLtHandle_t handle, const cublasLtMatmulAlgo_t &algorithm, const GemmOperands &operands,
                     void *d, void *workspace, cudaStream_t queue) const;

  GemmChoice choice;

private:
  GemmShape shape;
  cublasLtMatmulDesc_t product = nullptr;
  cublasLtMatrixLayout_t first = nullptr, second = nullptr, result = nullptr;
};

/// The plans of a rank's products.
class GemmPlans {
public:
  void create(cublasLtHandle_t handle, const host::RankSetting &setting, const std::string &deviceModel);
  /// See GemmChoices.
  void enterRun(bool isEarly) { choices.enterRun(isEarly); }
  host::Outcome run(GemmShape shape, const GemmOperands &operands, void *workspace, cudaStream_t queue);
  void clear() { plans.clear(); }

private:
  host::Outcome make(GemmPlan &plan, const GemmShape &shape, const GemmOperands &operands);

  cublasLtHandle_t handle = nullptr;
  GemmChoices choices;
  std::map<std::string, GemmPlan> plans;
};

} // namespace hfc::cuda

#endif // HFC_LIB_RUNTIME_CUDA_GEMMPLANS_H
