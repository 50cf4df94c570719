//===- cublasLt.cpp - a cuBLASLt on the CPU, with the functions that hfc calls
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FakeDevice.h"

#include <cublasLt.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace {
/// Behind the handles.
struct Product {
  cublasComputeType_t compute;
  cublasOperation_t first = CUBLAS_OP_N, second = CUBLAS_OP_N;
  cublasLtEpilogue_t epilogue = CUBLASLT_EPILOGUE_DEFAULT;
  const void *bias = nullptr;
  cudaDataType_t biasType = CUDA_R_32F;
};
struct Layout {
  cudaDataType_t type;
  int64_t rows, cols, leading;
  int32_t batch = 1;
  int64_t stride = 0;

  int64_t size() const { return type == CUDA_R_16BF ? 2 : 4; }
  int64_t extent() const { return (batch - 1) * stride + (cols - 1) * leading + rows; }
};
constexpr int algorithms = 3;

double load(const char *memory, cudaDataType_t type, int64_t index) {
  if (type == CUDA_R_32F)
    return reinterpret_cast<const float *>(memory)[index];
  uint32_t bits = uint32_t(reinterpret_cast<const uint16_t *>(memory)[index]) << 16;
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

void store(char *memory, cudaDataType_t type, int64_t index, double number) {
  float value = float(number);
  if (type == CUDA_R_32F) {
    reinterpret_cast<float *>(memory)[index] = value;
    return;
  }
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  reinterpret_cast<uint16_t *>(memory)[index] = uint16_t((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

Layout &of(cublasLtMatrixLayout_t layout) { return *reinterpret_cast<Layout *>(layout); }
Product &of(cublasLtMatmulDesc_t product) { return *reinterpret_cast<Product *>(product); }

/// One element of the product, before `beta`.
double dot(const Product &product, const char *a, const Layout &first, const char *b, const Layout &second, int64_t k,
           int64_t batch, int64_t row, int64_t col) {
  double sum = 0;
  for (int64_t i = 0; i < k; ++i) {
    int64_t left = product.first == CUBLAS_OP_N ? row + i * first.leading : i + row * first.leading;
    int64_t right = product.second == CUBLAS_OP_N ? i + col * second.leading : col + i * second.leading;
    sum += load(a, first.type, batch * first.stride + left) * load(b, second.type, batch * second.stride + right);
  }
  return sum;
}
} // namespace

extern "C" {
size_t cublasLtGetVersion() {
  const char *text = std::getenv("HFC_FAKE_CUBLASLT");
  return text ? size_t(std::atoll(text)) : CUBLAS_VERSION;
}
const char *cublasLtGetStatusName(cublasStatus_t) { return "CUBLAS_STATUS_FAKE"; }
const char *cublasLtGetStatusString(cublasStatus_t) { return "a fake status"; }
cublasStatus_t cublasLtCreate(cublasLtHandle_t *handle) {
  *handle = reinterpret_cast<cublasLtHandle_t>(new int);
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtDestroy(cublasLtHandle_t handle) {
  delete reinterpret_cast<int *>(handle);
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatmulDescCreate(cublasLtMatmulDesc_t *product, cublasComputeType_t compute,
                                        cudaDataType_t scale) {
  *product = reinterpret_cast<cublasLtMatmulDesc_t>(new Product{compute});
  return scale == CUDA_R_32F ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_NOT_SUPPORTED;
}
cublasStatus_t cublasLtMatmulDescDestroy(cublasLtMatmulDesc_t product) {
  delete &of(product);
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatmulDescSetAttribute(cublasLtMatmulDesc_t handle, cublasLtMatmulDescAttributes_t attribute,
                                              const void *value, size_t size) {
  Product &product = of(handle);
  void *target = nullptr;
  size_t expected = 4;
  switch (attribute) {
  case CUBLASLT_MATMUL_DESC_TRANSA:
    target = &product.first;
    break;
  case CUBLASLT_MATMUL_DESC_TRANSB:
    target = &product.second;
    break;
  case CUBLASLT_MATMUL_DESC_EPILOGUE:
    target = &product.epilogue;
    break;
  case CUBLASLT_MATMUL_DESC_BIAS_DATA_TYPE:
    target = &product.biasType;
    break;
  case CUBLASLT_MATMUL_DESC_BIAS_POINTER:
    target = &product.bias;
    expected = sizeof(void *);
    break;
  default:
    return CUBLAS_STATUS_NOT_SUPPORTED;
  }
  if (size != expected)
    return CUBLAS_STATUS_INVALID_VALUE;
  std::memcpy(target, value, size);
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatrixLayoutCreate(cublasLtMatrixLayout_t *layout, cudaDataType type, uint64_t rows,
                                          uint64_t cols, int64_t leading) {
  if (leading < int64_t(rows))
    return CUBLAS_STATUS_INVALID_VALUE;
  *layout = reinterpret_cast<cublasLtMatrixLayout_t>(new Layout{type, int64_t(rows), int64_t(cols), leading});
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatrixLayoutDestroy(cublasLtMatrixLayout_t layout) {
  delete &of(layout);
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatrixLayoutSetAttribute(cublasLtMatrixLayout_t layout,
                                                cublasLtMatrixLayoutAttribute_t attribute, const void *value,
                                                size_t size) {
  if (attribute == CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT && size == sizeof(int32_t))
    std::memcpy(&of(layout).batch, value, size);
  else if (attribute == CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET && size == sizeof(int64_t))
    std::memcpy(&of(layout).stride, value, size);
  else
    return CUBLAS_STATUS_NOT_SUPPORTED;
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatmulPreferenceCreate(cublasLtMatmulPreference_t *preference) {
  *preference = reinterpret_cast<cublasLtMatmulPreference_t>(new int);
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatmulPreferenceDestroy(cublasLtMatmulPreference_t preference) {
  delete reinterpret_cast<int *>(preference);
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatmulPreferenceSetAttribute(cublasLtMatmulPreference_t,
                                                    cublasLtMatmulPreferenceAttributes_t attribute, const void *,
                                                    size_t size) {
  size_t expected = attribute == CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES ? 8 : 4;
  return size == expected ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_INVALID_VALUE;
}
cublasStatus_t cublasLtMatmulAlgoGetHeuristic(cublasLtHandle_t, cublasLtMatmulDesc_t, cublasLtMatrixLayout_t,
                                              cublasLtMatrixLayout_t, cublasLtMatrixLayout_t, cublasLtMatrixLayout_t,
                                              cublasLtMatmulPreference_t, int requested,
                                              cublasLtMatmulHeuristicResult_t results[], int *found) {
  *found = requested < algorithms ? requested : algorithms;
  for (int i = 0; i < *found; ++i) {
    std::memset(&results[i], 0, sizeof results[i]);
    results[i].algo.data[0] = uint64_t(i) + 1;
    results[i].state = CUBLAS_STATUS_SUCCESS;
  }
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatmulAlgoCheck(cublasLtHandle_t, cublasLtMatmulDesc_t, cublasLtMatrixLayout_t,
                                       cublasLtMatrixLayout_t, cublasLtMatrixLayout_t, cublasLtMatrixLayout_t,
                                       const cublasLtMatmulAlgo_t *algorithm, cublasLtMatmulHeuristicResult_t *result) {
  std::memset(result, 0, sizeof *result);
  return algorithm->data[0] >= 1 && algorithm->data[0] <= algorithms ? CUBLAS_STATUS_SUCCESS
                                                                     : CUBLAS_STATUS_INVALID_VALUE;
}
cublasStatus_t cublasLtMatmul(cublasLtHandle_t, cublasLtMatmulDesc_t productHandle, const void *alpha, const void *a,
                              cublasLtMatrixLayout_t firstHandle, const void *b, cublasLtMatrixLayout_t secondHandle,
                              const void *beta, const void *c, cublasLtMatrixLayout_t cHandle, void *d,
                              cublasLtMatrixLayout_t dHandle, const cublasLtMatmulAlgo_t *algorithm, void *workspace,
                              size_t workspaceBytes, cudaStream_t stream) {
  Product product = of(productHandle);
  Layout first = of(firstHandle), second = of(secondHandle), before = of(cHandle), result = of(dHandle);
  int64_t k = product.first == CUBLAS_OP_N ? first.cols : first.rows;
  bool fits = (product.first == CUBLAS_OP_N ? first.rows : first.cols) == result.rows &&
              (product.second == CUBLAS_OP_N ? second.cols : second.rows) == result.cols &&
              (product.second == CUBLAS_OP_N ? second.rows : second.cols) == k && first.batch == result.batch &&
              second.batch == result.batch && product.compute == CUBLAS_COMPUTE_32F;
  const char *left = fake::hostAddress(a, first.extent() * first.size());
  const char *right = fake::hostAddress(b, second.extent() * second.size());
  const char *old = fake::hostAddress(c, before.extent() * before.size());
  char *target = fake::hostAddress(d, result.extent() * result.size());
  bool hasBias = product.epilogue == CUBLASLT_EPILOGUE_BIAS;
  const char *bias =
      hasBias ? fake::hostAddress(product.bias, result.rows * (product.biasType == CUDA_R_16BF ? 2 : 4)) : nullptr;
  if (!fits || !left || !right || !old || !target || (hasBias && !bias) || algorithm->data[0] < 1 ||
      !fake::hostAddress(workspace, workspaceBytes))
    return CUBLAS_STATUS_INVALID_VALUE;
  // The second is the fastest.
  fake::spend(algorithm->data[0] == 2 ? 0.1f : 0.15f);
  if (std::getenv("HFC_FAKE_TELL_ALGORITHMS"))
    std::fprintf(stderr, "fake: algorithm %d\n", int(algorithm->data[0]));
  float scale = *static_cast<const float *>(alpha), keep = *static_cast<const float *>(beta);
  cudaError_t error = fake::enqueue(stream, [=] {
    std::vector<double> values;
    for (int64_t batch = 0; batch < result.batch; ++batch)
      for (int64_t col = 0; col < result.cols; ++col)
        for (int64_t row = 0; row < result.rows; ++row) {
          int64_t place = batch * result.stride + col * result.leading + row;
          double value = scale * dot(product, left, first, right, second, k, batch, row, col);
          value += keep != 0 ? keep * load(old, before.type, place) : 0;
          values.push_back(value + (bias ? load(bias, product.biasType, row) : 0));
        }
    size_t next = 0;
    for (int64_t batch = 0; batch < result.batch; ++batch)
      for (int64_t col = 0; col < result.cols; ++col)
        for (int64_t row = 0; row < result.rows; ++row)
          store(target, result.type, batch * result.stride + col * result.leading + row, values[next++]);
    return cudaSuccess;
  });
  return error == cudaSuccess ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_EXECUTION_FAILED;
}
}
