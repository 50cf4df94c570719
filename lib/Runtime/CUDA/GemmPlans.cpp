//===- GemmPlans.cpp - how cuBLASLt computes a product of some shape
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "GemmPlans.h"

#include <algorithm>

namespace hfc::cuda {

namespace {
constexpr int mostCandidates = 8;
constexpr int64_t bestAlignment = 256;

cudaDataType_t typeOf(int64_t dtype) { return dtype == HFC_BFLOAT16 ? CUDA_R_16BF : CUDA_R_32F; }

template <typename T>
cublasStatus_t set(cublasLtMatmulDesc_t product, cublasLtMatmulDescAttributes_t attribute, T value) {
  return cublasLtMatmulDescSetAttribute(product, attribute, &value, sizeof value);
}

/// A matrix of cuBLASLt's, column by column.
cublasStatus_t makeLayout(cublasLtMatrixLayout_t &layout, int64_t dtype, int64_t rows, int64_t cols, int64_t leading,
                          int64_t batch, int64_t stride) {
  cublasStatus_t status = cublasLtMatrixLayoutCreate(&layout, typeOf(dtype), uint64_t(rows), uint64_t(cols), leading);
  int32_t count = int32_t(batch);
  if (status == CUBLAS_STATUS_SUCCESS)
    status = cublasLtMatrixLayoutSetAttribute(layout, CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, &count, sizeof count);
  if (status == CUBLAS_STATUS_SUCCESS)
    status =
        cublasLtMatrixLayoutSetAttribute(layout, CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET, &stride, sizeof stride);
  return status;
}

/// The largest power of two that divides all addresses and distances of matrices.
int64_t alignmentOf(const GemmShape &shape, const GemmOperands &operands) {
  int64_t size = shape.dtype == HFC_BFLOAT16 ? 2 : 4, resultSize = shape.resultDtype == HFC_BFLOAT16 ? 2 : 4;
  uint64_t bits = uint64_t(bestAlignment);
  for (const void *address : {operands.a, operands.b, operands.bias, static_cast<const void *>(operands.c)})
    bits |= reinterpret_cast<uint64_t>(address);
  if (shape.batch > 1)
    bits |= uint64_t(shape.strideA * size) | uint64_t(shape.strideB * size) | uint64_t(shape.m * shape.n * resultSize);
  return int64_t(bits & -bits);
}
} // namespace

std::string GemmShape::key() const {
  std::string text;
  for (int64_t number : {dtype, resultDtype, accumulate, hasBias, batch, m, n, k, transposeA, transposeB, leadingA,
                         leadingB, strideA, strideB, alignment})
    text += std::to_string(number) + " ";
  return text;
}

GemmPlan::~GemmPlan() {
  for (cublasLtMatrixLayout_t layout : {first, second, result})
    if (layout)
      cublasLtMatrixLayoutDestroy(layout);
  if (product)
    cublasLtMatmulDescDestroy(product);
}

/// Of the transposed product, c' = b' a', whose matrices lie column by column.
host::Outcome GemmPlan::describe(const GemmShape &described, const void *bias) {
  shape = described;
  cublasStatus_t status = cublasLtMatmulDescCreate(&product, CUBLAS_COMPUTE_32F, CUDA_R_32F);
  auto then = [&](auto call) {
    if (status == CUBLAS_STATUS_SUCCESS)
      status = call();
  };
  cublasOperation_t firstOp = shape.transposeB ? CUBLAS_OP_T : CUBLAS_OP_N;
  cublasOperation_t secondOp = shape.transposeA ? CUBLAS_OP_T : CUBLAS_OP_N;
  then([&] { return set(product, CUBLASLT_MATMUL_DESC_TRANSA, firstOp); });
  then([&] { return set(product, CUBLASLT_MATMUL_DESC_TRANSB, secondOp); });
  if (shape.hasBias) {
    then([&] { return set(product, CUBLASLT_MATMUL_DESC_EPILOGUE, CUBLASLT_EPILOGUE_BIAS); });
    then([&] { return set(product, CUBLASLT_MATMUL_DESC_BIAS_DATA_TYPE, typeOf(shape.dtype)); });
    then([&] { return set(product, CUBLASLT_MATMUL_DESC_BIAS_POINTER, bias); });
  }
  int64_t bRows = shape.transposeB ? shape.k : shape.n, bCols = shape.transposeB ? shape.n : shape.k;
  int64_t aRows = shape.transposeA ? shape.m : shape.k, aCols = shape.transposeA ? shape.k : shape.m;
  then([&] { return makeLayout(first, shape.dtype, bRows, bCols, shape.leadingB, shape.batch, shape.strideB); });
  then([&] { return makeLayout(second, shape.dtype, aRows, aCols, shape.leadingA, shape.batch, shape.strideA); });
  then(
      [&] { return makeLayout(result, shape.resultDtype, shape.n, shape.m, shape.n, shape.batch, shape.m * shape.n); });
  return outcomeOf(status, "describing it to cuBLASLt");
}

host::Outcome GemmPlan::candidates(cublasLtHandle_t handle, std::vector<cublasLtMatmulAlgo_t> &algorithms) const {
  cublasLtMatmulPreference_t preference = nullptr;
  cublasStatus_t status = cublasLtMatmulPreferenceCreate(&preference);
  auto set = [&](cublasLtMatmulPreferenceAttributes_t attribute, auto value) {
    if (status == CUBLAS_STATUS_SUCCESS)
      status = cublasLtMatmulPreferenceSetAttribute(preference, attribute, &value, sizeof value);
  };
  set(CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, uint64_t(workspaceBytes));
  for (auto attribute : {CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES,
                         CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES})
    set(attribute, uint32_t(shape.alignment));
  cublasLtMatmulHeuristicResult_t results[mostCandidates];
  int found = 0;
  if (status == CUBLAS_STATUS_SUCCESS)
    status = cublasLtMatmulAlgoGetHeuristic(handle, product, first, second, result, result, preference, mostCandidates,
                                            results, &found);
  if (preference)
    cublasLtMatmulPreferenceDestroy(preference);
  if (status != CUBLAS_STATUS_SUCCESS)
    return outcomeOf(status, "asking cuBLASLt for algorithms");
  for (int i = 0; i < found; ++i)
    if (results[i].state == CUBLAS_STATUS_SUCCESS)
      algorithms.push_back(results[i].algo);
  if (algorithms.empty())
    return {internalError, "cuBLASLt has no algorithm for it"};
  return {};
}

cublasStatus_t GemmPlan::run(cublasLtHandle_t handle, const cublasLtMatmulAlgo_t &chosen, const GemmOperands &operands,
                             void *d, void *workspace, cudaStream_t queue) const {
  if (shape.hasBias)
    if (cublasStatus_t status = set(product, CUBLASLT_MATMUL_DESC_BIAS_POINTER, operands.bias);
        status != CUBLAS_STATUS_SUCCESS)
      return status;
  const float one = 1, before = shape.accumulate ? 1 : 0;
  return cublasLtMatmul(handle, product, &one, operands.b, first, operands.a, second, &before, operands.c, result, d,
                        result, &chosen, workspace, workspaceBytes, queue);
}

bool GemmPlan::accepts(cublasLtHandle_t handle, const cublasLtMatmulAlgo_t &chosen) const {
  cublasLtMatmulHeuristicResult_t needs{};
  return cublasLtMatmulAlgoCheck(handle, product, first, second, result, result, &chosen, &needs) ==
             CUBLAS_STATUS_SUCCESS &&
         int64_t(needs.workspaceSize) <= workspaceBytes;
}

void GemmPlans::create(cublasLtHandle_t made, const host::RankSetting &setting, const std::string &deviceModel) {
  handle = made;
  choices.create(made, setting, deviceModel);
}

host::Outcome GemmPlans::make(GemmPlan &plan, const GemmShape &shape, const GemmOperands &operands) {
  host::Outcome outcome = plan.describe(shape, operands.bias);
  return outcome ? plan.candidates(handle, plan.choice.candidates) : outcome;
}

host::Outcome GemmPlans::run(GemmShape shape, const GemmOperands &operands, void *workspace, cudaStream_t queue) {
  shape.alignment = alignmentOf(shape, operands);
  auto [found, isNew] = plans.try_emplace(shape.key());
  GemmPlan &plan = found->second;
  host::Outcome outcome = isNew ? make(plan, shape, operands) : host::Outcome();
  if (outcome && !plan.choice.isFinal)
    outcome = choices.choose(plan, shape, operands, workspace, queue, plan.choice);
  if (!outcome) {
    plans.erase(found);
    return outcome;
  }
  return outcomeOf(plan.run(handle, plan.choice.algorithm, operands, operands.c, workspace, queue), "cuBLASLt");
}

} // namespace hfc::cuda
