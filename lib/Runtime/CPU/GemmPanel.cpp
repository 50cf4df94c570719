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

/// Sizes of the scratch into which bfloat16 operands are widened: 4 MiB a thread.
constexpr int64_t rowsOfA = 256, rowsOfB = 256, depth = 2048;

struct Scratch {
  std::unique_ptr<float[]> a{new float[rowsOfA * depth]}, b{new float[rowsOfB * depth]},
      c{new float[rowsOfA * rowsOfB]};
};

CBLAS_TRANSPOSE transposed(int32_t flag) { return flag ? CblasTrans : CblasNoTrans; }

/// Widens rows [r0, r1) and columns [c0, c1) of a bfloat16 matrix with `stride` columns.
void widen(const uint16_t *matrix, int64_t stride, int64_t r0, int64_t r1, int64_t c0, int64_t c1, float *target) {
  for (int64_t row = r0; row < r1; ++row, target += c1 - c0)
    io::convertFloats(matrix + row * stride + c0, HFC_BFLOAT16, 1, target, HFC_FLOAT32, c1 - c0);
}

/// A block of an operand whose logical rows are [r0, r1) and depth [k0, k1), stored [row][k] or else [k][row].
/// Returns the leading dimension in scratch.
int64_t widenOperand(const uint16_t *matrix, bool rowMajor, int64_t rows, int64_t k, int64_t r0, int64_t r1, int64_t k0,
                     int64_t k1, float *target) {
  if (rowMajor) {
    widen(matrix, k, r0, r1, k0, k1, target);
    return k1 - k0;
  }
  widen(matrix, rows, k0, k1, r0, r1, target);
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

void addBias(const float *bias, float *c, int64_t stride, int64_t rows, int64_t columns) {
  for (int64_t row = 0; row < rows; ++row, c += stride)
    for (int64_t column = 0; column < columns; ++column)
      c[column] += bias[column];
}

/// One block of c, at most rowsOfA by rowsOfB, over the whole depth: in c itself if that is float32, else in scratch.
void bfloat16Block(const hfc_gemm &gemm, const Panel &at, Scratch &scratch) {
  const uint16_t *a = static_cast<const uint16_t *>(gemm.a) + at.batch * gemm.m * gemm.k;
  const uint16_t *b = static_cast<const uint16_t *>(gemm.b) + at.batch * gemm.n * gemm.k;
  int64_t rows = at.m1 - at.m0, columns = at.n1 - at.n0;
  bool isDirect = gemm.result_dtype == HFC_FLOAT32;
  int64_t corner = (at.batch * gemm.m + at.m0) * gemm.n + at.n0, stride = isDirect ? gemm.n : columns;
  float *sums = isDirect ? static_cast<float *>(gemm.c) + corner : scratch.c.get();
  bool adds = isDirect && gemm.accumulate;
  for (int64_t row = 0; row < rows && gemm.k == 0 && !adds; ++row)
    std::fill_n(sums + row * stride, columns, 0.0f);
  for (int64_t k0 = 0; k0 < gemm.k; k0 += depth) {
    int64_t k1 = std::min(k0 + depth, gemm.k);
    int64_t lda = widenOperand(a, !gemm.transpose_a, gemm.m, gemm.k, at.m0, at.m1, k0, k1, scratch.a.get());
    int64_t ldb = widenOperand(b, gemm.transpose_b, gemm.n, gemm.k, at.n0, at.n1, k0, k1, scratch.b.get());
    cblas_sgemm(CblasRowMajor, transposed(gemm.transpose_a), transposed(gemm.transpose_b), rows, columns, k1 - k0, 1.0f,
                scratch.a.get(), lda, scratch.b.get(), ldb, k0 || adds ? 1.0f : 0.0f, sums, stride);
  }
  if (!isDirect)
    return storeBlock(gemm, sums, at, static_cast<uint16_t *>(gemm.c) + at.batch * gemm.m * gemm.n);
  if (!gemm.bias)
    return;
  float bias[rowsOfB];
  io::convertFloats(static_cast<const uint16_t *>(gemm.bias) + at.n0, HFC_BFLOAT16, 1, bias, HFC_FLOAT32, columns);
  addBias(bias, sums, stride, rows, columns);
}
} // namespace

void gemmPanelFloat32(const hfc_gemm &gemm, const Panel &panel) {
  (void)oneThreadEach;
  int64_t lda = gemm.transpose_a ? gemm.m : gemm.k, ldb = gemm.transpose_b ? gemm.k : gemm.n;
  const float *a = static_cast<const float *>(gemm.a) + panel.batch * gemm.m * gemm.k;
  const float *b = static_cast<const float *>(gemm.b) + panel.batch * gemm.n * gemm.k;
  float *c = static_cast<float *>(gemm.c) + panel.batch * gemm.m * gemm.n + panel.m0 * gemm.n + panel.n0;
  a += panel.m0 * (gemm.transpose_a ? 1 : lda);
  b += panel.n0 * (gemm.transpose_b ? ldb : 1);
  int64_t rows = panel.m1 - panel.m0, columns = panel.n1 - panel.n0;
  cblas_sgemm(CblasRowMajor, transposed(gemm.transpose_a), transposed(gemm.transpose_b), rows, columns, gemm.k, 1.0f, a,
              lda, b, ldb, gemm.accumulate ? 1.0f : 0.0f, c, gemm.n);
  if (gemm.bias)
    addBias(static_cast<const float *>(gemm.bias) + panel.n0, c, gemm.n, rows, columns);
}

void gemmPanelBFloat16(const hfc_gemm &gemm, const Panel &panel) {
  (void)oneThreadEach;
  thread_local Scratch scratch;
  for (int64_t n0 = panel.n0; n0 < panel.n1; n0 += rowsOfB)
    for (int64_t m0 = panel.m0; m0 < panel.m1; m0 += rowsOfA)
      bfloat16Block(gemm, {panel.batch, m0, std::min(m0 + rowsOfA, panel.m1), n0, std::min(n0 + rowsOfB, panel.n1)},
                    scratch);
}

} // namespace hfc::cpu
