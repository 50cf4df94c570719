//===- Gemm.h - products by cuBLASLt
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_RUNTIME_CUDA_GEMM_H
#define HFC_LIB_RUNTIME_CUDA_GEMM_H

#include "GemmPlans.h"
#include "Operand.h"

#include <algorithm>

namespace hfc::cuda {

/// What products need beside their operands.
class Products {
public:
  Products() = default;
  ~Products();
  Products(const Products &) = delete;
  Products &operator=(const Products &) = delete;

  io::Status create(const host::RankSetting &setting, const std::string &deviceModel, int64_t streams);
  /// See GemmChoices.
  void enterRun(bool isEarly) { plans.enterRun(isEarly); }
  /// Queues a product.
  host::Outcome run(const hfc_gemm &gemm, int32_t stream, cudaStream_t queue);

  /// Bytes that are allocated.
  int64_t workspaceBytesInUse() const {
    return workspaceBytes * std::count_if(workspaces.begin(), workspaces.end(), [](void *memory) { return memory; });
  }
  int64_t packedBytes() const { return packed[0].bytes + packed[1].bytes; }

private:
  host::Outcome pack(const hfc_gemm &gemm, const int64_t *order, const void *&values, int64_t elements, size_t slot,
                     cudaStream_t queue);
  host::Outcome multiply(const hfc_gemm &gemm, const Operand &a, const Operand &b, int32_t stream, cudaStream_t queue);
  io::Result<void *> workspace(int32_t stream);

  cublasLtHandle_t handle = nullptr;
  GemmPlans plans;
  /// By the streams' numbers; those that never compute have none.
  std::vector<void *> workspaces;
  /// For operands that lie in a way that cuBLASLt cannot read.
  struct Scratch {
    void *memory = nullptr;
    int64_t bytes = 0;
  };
  Scratch packed[2];
};

} // namespace hfc::cuda

#endif // HFC_LIB_RUNTIME_CUDA_GEMM_H
