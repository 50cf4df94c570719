//===- Gemm.cpp - products by cuBLASLt
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Context.h"

#include "hfc/Runtime/IO/DType.h"

#include <algorithm>
#include <numeric>

namespace hfc::cuda {

namespace {
std::string describe(const hfc_gemm &gemm) {
  return std::string(io::nameOf(hfc_dtype(gemm.dtype))) + " product [" + std::to_string(gemm.m) + ", " +
         std::to_string(gemm.k) + "] by [" + std::to_string(gemm.k) + ", " + std::to_string(gemm.n) + "], " +
         std::to_string(gemm.batch) + " times";
}
} // namespace

Products::~Products() {
  for (void *memory : workspaces)
    cudaFree(memory);
  for (Scratch &scratch : packed)
    cudaFree(scratch.memory);
  plans.clear();
  if (handle)
    cublasLtDestroy(handle);
}

io::Status Products::create(const host::RankSetting &setting, const std::string &deviceModel, int64_t streams) {
  if (cublasStatus_t status = cublasLtCreate(&handle); status != CUBLAS_STATUS_SUCCESS)
    return statusOf(status, "starting cuBLASLt");
  workspaces.resize(streams);
  plans.create(handle, setting, deviceModel);
  return {};
}

io::Result<void *> Products::workspace(int32_t stream) {
  void *&memory = workspaces[stream];
  if (!memory)
    if (cudaError_t error = cudaMalloc(&memory, workspaceBytes); error != cudaSuccess)
      return io::Failure{outcomeOf(error, "cuBLASLt's workspace, " + io::bytesToString(workspaceBytes)).message};
  return memory;
}

/// Copies an operand into the order that it is read in.
host::Outcome Products::pack(const hfc_gemm &gemm, const int64_t *order, const void *&values, int64_t elements,
                             size_t slot, cudaStream_t queue) {
  int64_t size = io::sizeOf(hfc_dtype(gemm.dtype));
  Scratch &scratch = packed[slot];
  if (scratch.bytes < elements * size) {
    cudaFree(scratch.memory);
    scratch = {};
    if (cudaError_t error = cudaMalloc(&scratch.memory, elements * size); error != cudaSuccess)
      return outcomeOf(error,
                       "memory to pack an operand of a " + describe(gemm) + ", " + io::bytesToString(elements * size));
    scratch.bytes = elements * size;
  }
  std::vector<Extent> extents = extentsOf(order);
  Extent along{1, 1}, down{1, 0};
  if (!extents.empty() && extents.back().stride == 1) {
    along = extents.back();
    extents.pop_back();
  }
  if (!extents.empty()) {
    down = extents.back();
    extents.pop_back();
  }
  Operand outer;
  outer.batch = extents;
  int64_t block = along.size * down.size, width = along.size * size;
  const char *source = static_cast<const char *>(values);
  char *target = static_cast<char *>(scratch.memory);
  bool repeats = down.stride * size < width;
  for (int64_t i = 0; i < elements / block; ++i) {
    const char *from = source + outer.offset(i) * size;
    char *to = target + i * block * size;
    // Rows that overlap, or are one and the same, have no pitch.
    for (int64_t row = 0; repeats && row < down.size; ++row)
      if (cudaError_t error = cudaMemcpyAsync(to + row * width, from + row * down.stride * size, width,
                                              cudaMemcpyDeviceToDevice, queue);
          error != cudaSuccess)
        return outcomeOf(error, "packing an operand of a " + describe(gemm));
    if (repeats)
      continue;
    cudaError_t error =
        cudaMemcpy2DAsync(to, width, from, down.stride * size, width, down.size, cudaMemcpyDeviceToDevice, queue);
    if (error != cudaSuccess)
      return outcomeOf(error, "packing an operand of a " + describe(gemm));
  }
  values = scratch.memory;
  return {};
}

host::Outcome Products::run(const hfc_gemm &gemm, int32_t stream, cudaStream_t queue) {
  if (gemm.batch == 0 || gemm.m == 0 || gemm.n == 0)
    return {};
  hfc_gemm product = gemm;
  int64_t aRows = gemm.transpose_a ? gemm.k : gemm.m, aCols = gemm.transpose_a ? gemm.m : gemm.k;
  int64_t bRows = gemm.transpose_b ? gemm.n : gemm.k, bCols = gemm.transpose_b ? gemm.k : gemm.n;
  std::optional<Operand> a = operandOf(gemm.a_order, gemm.batch, aRows, aCols);
  std::optional<Operand> b = operandOf(gemm.b_order, gemm.batch, bRows, bCols);
  if (!a) {
    host::Outcome outcome = pack(gemm, gemm.a_order, product.a, gemm.batch * gemm.m * gemm.k, 0, queue);
    if (!outcome)
      return outcome;
    a = operandOf(nullptr, gemm.batch, aRows, aCols);
  }
  if (!b) {
    host::Outcome outcome = pack(gemm, gemm.b_order, product.b, gemm.batch * gemm.k * gemm.n, 1, queue);
    if (!outcome)
      return outcome;
    b = operandOf(nullptr, gemm.batch, bRows, bCols);
  }
  return multiply(product, *a, *b, stream, queue);
}

/// cuBLASLt's matrices lie column by column, so it is given the product's transpose: c' = b' a'.
host::Outcome Products::multiply(const hfc_gemm &gemm, const Operand &a, const Operand &b, int32_t stream,
                                 cudaStream_t queue) {
  // Matrices that lie at equal distances in both operands are one call.
  int64_t together = std::gcd(a.batch.back().size, b.batch.back().size);
  int64_t size = io::sizeOf(hfc_dtype(gemm.dtype)), resultSize = io::sizeOf(hfc_dtype(gemm.result_dtype));
  GemmShape shape;
  shape.dtype = gemm.dtype;
  shape.resultDtype = gemm.result_dtype;
  shape.accumulate = gemm.accumulate;
  shape.hasBias = gemm.bias != nullptr;
  shape.m = gemm.m;
  shape.n = gemm.n;
  shape.k = gemm.k;
  shape.batch = together;
  shape.transposeA = bool(gemm.transpose_a) != a.transposed;
  shape.transposeB = bool(gemm.transpose_b) != b.transposed;
  shape.leadingA = a.leading;
  shape.leadingB = b.leading;
  shape.strideA = a.batch.back().stride;
  shape.strideB = b.batch.back().stride;
  for (int64_t first = 0; first < gemm.batch; first += together) {
    GemmOperands operands{static_cast<const char *>(gemm.a) + a.offset(first) * size,
                          static_cast<const char *>(gemm.b) + b.offset(first) * size, gemm.bias,
                          static_cast<char *>(gemm.c) + first * gemm.m * gemm.n * resultSize};
    io::Result<void *> memory = workspace(stream);
    if (!memory)
      return {userError, memory.error()};
    host::Outcome outcome = plans.run(shape, operands, *memory, queue);
    if (!outcome)
      return {outcome.status, describe(gemm) + ": " + outcome.message};
  }
  return {};
}

} // namespace hfc::cuda

void hfc_cuda_gemm(hfc_context *context, const hfc_gemm *gemm, int32_t, int32_t stream) {
  if (context->hasFailed())
    return;
  hfc::cuda::Recorder::Work work(context->recorder, stream, context->streams[stream]);
  context->keep(context->products.run(*gemm, stream, context->streams[stream]));
}
