//===- Gemm.cpp - products: divided over the rank's threads
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Gemm.h"

#include "hfc/Runtime/IO/DType.h"

#include <algorithm>
#include <vector>

namespace hfc::cpu {

namespace {
/// Panels are multiples of what OpenBLAS' kernels take at once, and not so narrow that packing dominates.
constexpr int64_t panelMultiple = 16, smallestPanel = 64;
constexpr int64_t panelsPerThread = 2;
/// Bytes of `b` that one piece of a product of few rows reads.
constexpr int64_t rowDotBytes = 1 << 18;

int64_t divideUp(int64_t a, int64_t b) { return (a + b - 1) / b; }

RowDot chooseRowDot() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    return rowDotAvx2;
#endif
  return rowDotBaseline;
}

/// A decode step's products: bound by reading `b`.
void gemmFewRows(hfc_context &context, const hfc_gemm &gemm) {
  static const RowDot rowDot = chooseRowDot();
  int64_t size = gemm.dtype == HFC_FLOAT32 ? 4 : 2;
  std::vector<float> widened;
  for (int64_t i = 0; i < gemm.batch; ++i) {
    const char *a = static_cast<const char *>(gemm.a) + i * gemm.m * gemm.k * size;
    const char *b = static_cast<const char *>(gemm.b) + i * gemm.n * gemm.k * size;
    char *c = static_cast<char *>(gemm.c) + i * gemm.m * gemm.n * size;
    const float *rows = reinterpret_cast<const float *>(a);
    if (gemm.dtype == HFC_BFLOAT16) {
      widened.resize(gemm.m * gemm.k);
      io::convertFloats(a, HFC_BFLOAT16, 1, widened.data(), HFC_FLOAT32, gemm.m * gemm.k);
      rows = widened.data();
    }
    int64_t grain = std::max<int64_t>(panelMultiple, rowDotBytes / std::max<int64_t>(gemm.k * size, 1));
    context.pool.parallelFor(gemm.n, grain, [&](int64_t begin, int64_t end) { rowDot(gemm, rows, b, c, begin, end); });
  }
}

/// Cuts the longer of m and n, so that what each piece packs again (the other operand) is the smaller one.
void gemmPanels(hfc_context &context, const hfc_gemm &gemm) {
  bool cutColumns = gemm.n >= gemm.m;
  int64_t length = cutColumns ? gemm.n : gemm.m;
  int64_t threads = context.pool.threads();
  int64_t wanted = threads == 1 ? 1 : divideUp(threads * panelsPerThread, gemm.batch);
  int64_t width = std::max(smallestPanel, divideUp(divideUp(length, wanted), panelMultiple) * panelMultiple);
  int64_t pieces = divideUp(length, width);
  std::optional<Matrix> left = matrixOf(operandA(gemm), gemm.batch), right = matrixOf(operandB(gemm), gemm.batch);
  bool isDirect = gemm.dtype == HFC_FLOAT32 && left && right;
  context.pool.parallelFor(gemm.batch * pieces, 1, [&](int64_t begin, int64_t end) {
    for (int64_t piece = begin; piece < end; ++piece) {
      int64_t first = piece % pieces * width, last = std::min(first + width, length);
      Panel panel =
          cutColumns ? Panel{piece / pieces, 0, gemm.m, first, last} : Panel{piece / pieces, first, last, 0, gemm.n};
      if (isDirect)
        gemmPanelDirect(gemm, *left, *right, panel);
      else
        gemmPanelPacked(gemm, panel);
    }
  });
}

void multiply(hfc_context &context, const hfc_gemm &gemm) {
  if (gemm.m <= 0 || gemm.n <= 0 || gemm.batch <= 0)
    return;
  bool isPlain = !gemm.accumulate && gemm.result_dtype == gemm.dtype && !gemm.a_order && !gemm.b_order;
  if (isPlain && gemm.m <= maxRowsOfRowDot && gemm.transpose_b && (!gemm.transpose_a || gemm.m == 1))
    gemmFewRows(context, gemm);
  else
    gemmPanels(context, gemm);
}
} // namespace

} // namespace hfc::cpu

void hfc_rt_gemm(hfc_context *context, const hfc_gemm *gemm) {
  context->recorder.work([&] { hfc::cpu::multiply(*context, *gemm); });
}
