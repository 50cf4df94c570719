//===- GemmPanel.cpp - one panel of a product, by OpenBLAS on one thread
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Gemm.h"

#include "hfc/Runtime/IO/DType.h"

#include <algorithm>
#include <cblas.h>
#include <memory>
#include <vector>

namespace hfc::cpu {

namespace {
/// OpenBLAS' own threads stay idle: the pool divides the work.
const bool oneThreadEach = (openblas_set_num_threads(1), true);

/// Sizes of the scratch into which operands are packed as float32: 4 MiB a thread.
constexpr int64_t rowsOfA = 256, rowsOfB = 256, depth = 2048;

struct Scratch {
  std::unique_ptr<float[]> a{new float[rowsOfA * depth]}, b{new float[rowsOfB * depth]},
      c{new float[rowsOfA * rowsOfB]};
};

CBLAS_TRANSPOSE transposed(bool flag) { return flag ? CblasTrans : CblasNoTrans; }

void widen(const hfc_gemm &gemm, const void *data, int64_t first, int64_t stride, int64_t count, float *target) {
  auto dtype = static_cast<hfc_dtype>(gemm.dtype);
  const char *source = static_cast<const char *>(data) + first * io::sizeOf(dtype);
  io::convertFloats(source, dtype, stride, target, HFC_FLOAT32, count);
}

/// Elements [first, first + count) of an operand with an order, in runs along its last dimension.
void widenOrdered(const hfc_gemm &gemm, const void *data, const Order &order, int64_t first, int64_t count,
                  float *target) {
  int64_t run = order.sizes[order.rank - 1], stride = order.strides[order.rank - 1];
  while (count > 0) {
    int64_t rest = first / run, inner = first % run, place = inner * stride;
    for (int64_t dim = order.rank - 2; dim >= 0; --dim) {
      place += rest % order.sizes[dim] * order.strides[dim];
      rest /= order.sizes[dim];
    }
    int64_t length = std::min(run - inner, count);
    widen(gemm, data, place, stride, length, target);
    first += length;
    count -= length;
    target += length;
  }
}

/// Rows [r0, r1) and columns [c0, c1) of matrix `batch` of an operand, as stored or in its order.
void packRows(const hfc_gemm &gemm, const Operand &operand, int64_t batch, int64_t r0, int64_t r1, int64_t c0,
              int64_t c1, float *target) {
  for (int64_t row = r0; row < r1; ++row, target += c1 - c0) {
    int64_t first = (batch * operand.rows + row) * operand.columns + c0;
    if (operand.order)
      widenOrdered(gemm, operand.data, Order(operand.order), first, c1 - c0, target);
    else
      widen(gemm, operand.data, first, 1, c1 - c0, target);
  }
}

/// A block of an operand whose logical rows are [r0, r1) and depth [k0, k1), stored [row][k] or else [k][row].
/// Returns the leading dimension in scratch.
int64_t packOperand(const hfc_gemm &gemm, const Operand &operand, int64_t batch, bool rowMajor, int64_t r0, int64_t r1,
                    int64_t k0, int64_t k1, float *target) {
  if (rowMajor) {
    packRows(gemm, operand, batch, r0, r1, k0, k1, target);
    return k1 - k0;
  }
  packRows(gemm, operand, batch, k0, k1, r0, r1, target);
  return r1 - r0;
}

/// Rounds a block once, with its bias, or what `c` held.
void storeBlock(const hfc_gemm &gemm, const float *block, const Panel &at, uint16_t *c) {
  const uint16_t *bias = static_cast<const uint16_t *>(gemm.bias);
  int64_t width = at.n1 - at.n0;
  for (int64_t m = at.m0; m < at.m1; ++m, block += width) {
    uint16_t *row = c + m * gemm.n + at.n0;
    for (int64_t n = 0; n < width; ++n) {
      float value = block[n] + (bias ? io::bfloat16ToFloat(bias[at.n0 + n]) : 0.0f);
      row[n] = io::floatToBFloat16(gemm.accumulate ? value + io::bfloat16ToFloat(row[n]) : value);
    }
  }
}

/// Adds one row to each.
void addRow(const float *bias, float *c, int64_t stride, int64_t rows, int64_t columns) {
  for (int64_t row = 0; row < rows; ++row, c += stride)
    for (int64_t column = 0; column < columns; ++column)
      c[column] += bias[column];
}

/// Adds `columns` elements of the bias, from number `n0` on, to each row of float32 sums.
void addBias(const hfc_gemm &gemm, int64_t n0, float *sums, int64_t stride, int64_t rows, int64_t columns) {
  if (!gemm.bias)
    return;
  if (gemm.dtype == HFC_FLOAT32)
    return addRow(static_cast<const float *>(gemm.bias) + n0, sums, stride, rows, columns);
  float bias[rowsOfB];
  widen(gemm, gemm.bias, n0, 1, columns, bias);
  addRow(bias, sums, stride, rows, columns);
}

/// One block of c, at most rowsOfA by rowsOfB, over the whole depth: in c itself if that is float32, else in scratch.
void packedBlock(const hfc_gemm &gemm, const Panel &at, Scratch &scratch) {
  Operand a = operandA(gemm), b = operandB(gemm);
  int64_t rows = at.m1 - at.m0, columns = at.n1 - at.n0;
  bool isDirect = gemm.result_dtype == HFC_FLOAT32;
  int64_t corner = (at.batch * gemm.m + at.m0) * gemm.n + at.n0, stride = isDirect ? gemm.n : columns;
  float *sums = isDirect ? static_cast<float *>(gemm.c) + corner : scratch.c.get();
  bool adds = isDirect && gemm.accumulate;
  for (int64_t row = 0; row < rows && gemm.k == 0 && !adds; ++row)
    std::fill_n(sums + row * stride, columns, 0.0f);
  for (int64_t k0 = 0; k0 < gemm.k; k0 += depth) {
    int64_t k1 = std::min(k0 + depth, gemm.k);
    int64_t lda = packOperand(gemm, a, at.batch, !gemm.transpose_a, at.m0, at.m1, k0, k1, scratch.a.get());
    int64_t ldb = packOperand(gemm, b, at.batch, gemm.transpose_b, at.n0, at.n1, k0, k1, scratch.b.get());
    cblas_sgemm(CblasRowMajor, transposed(gemm.transpose_a), transposed(gemm.transpose_b), rows, columns, k1 - k0, 1.0f,
                scratch.a.get(), lda, scratch.b.get(), ldb, k0 || adds ? 1.0f : 0.0f, sums, stride);
  }
  if (isDirect)
    addBias(gemm, at.n0, sums, stride, rows, columns);
  else
    storeBlock(gemm, sums, at, static_cast<uint16_t *>(gemm.c) + at.batch * gemm.m * gemm.n);
}
} // namespace

Operand operandA(const hfc_gemm &gemm) {
  bool swapped = gemm.transpose_a != 0;
  return {gemm.a, gemm.a_order, swapped ? gemm.k : gemm.m, swapped ? gemm.m : gemm.k, swapped};
}

Operand operandB(const hfc_gemm &gemm) {
  bool swapped = gemm.transpose_b != 0;
  return {gemm.b, gemm.b_order, swapped ? gemm.n : gemm.k, swapped ? gemm.k : gemm.n, swapped};
}

std::optional<Matrix> matrixOf(const Operand &operand, int64_t batches) {
  int64_t rows = operand.rows, columns = operand.columns;
  if (!operand.order)
    return Matrix{columns, rows * columns, operand.isTransposed};
  Order order(operand.order);
  bool isBatched = order.rank == 3 && order.sizes[0] == batches;
  if (!isBatched && (order.rank != 2 || batches != 1))
    return std::nullopt;
  const int64_t *sizes = order.sizes + isBatched, *strides = order.strides + isBatched;
  int64_t batchStride = isBatched ? order.strides[0] : 0;
  if (sizes[0] != rows || sizes[1] != columns)
    return std::nullopt;
  if (strides[1] == 1 && strides[0] >= columns)
    return Matrix{strides[0], batchStride, operand.isTransposed};
  if (strides[0] == 1 && strides[1] >= rows)
    return Matrix{strides[1], batchStride, !operand.isTransposed};
  return std::nullopt;
}

void gemmPanelDirect(const hfc_gemm &gemm, const Matrix &left, const Matrix &right, const Panel &panel) {
  (void)oneThreadEach;
  const float *a = static_cast<const float *>(gemm.a) + panel.batch * left.batchStride;
  const float *b = static_cast<const float *>(gemm.b) + panel.batch * right.batchStride;
  float *c = static_cast<float *>(gemm.c) + panel.batch * gemm.m * gemm.n + panel.m0 * gemm.n + panel.n0;
  a += panel.m0 * (left.isTransposed ? 1 : left.stride);
  b += panel.n0 * (right.isTransposed ? right.stride : 1);
  int64_t rows = panel.m1 - panel.m0, columns = panel.n1 - panel.n0;
  cblas_sgemm(CblasRowMajor, transposed(left.isTransposed), transposed(right.isTransposed), rows, columns, gemm.k, 1.0f,
              a, left.stride, b, right.stride, gemm.accumulate ? 1.0f : 0.0f, c, gemm.n);
  if (gemm.bias)
    addRow(static_cast<const float *>(gemm.bias) + panel.n0, c, gemm.n, rows, columns);
}

void gemmPanelPacked(const hfc_gemm &gemm, const Panel &panel) {
  (void)oneThreadEach;
  thread_local Scratch scratch;
  for (int64_t n0 = panel.n0; n0 < panel.n1; n0 += rowsOfB)
    for (int64_t m0 = panel.m0; m0 < panel.m1; m0 += rowsOfA)
      packedBlock(gemm, {panel.batch, m0, std::min(m0 + rowsOfA, panel.m1), n0, std::min(n0 + rowsOfB, panel.n1)},
                  scratch);
}

} // namespace hfc::cpu
