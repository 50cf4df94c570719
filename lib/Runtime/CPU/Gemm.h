//===- Gemm.h - how a product is divided
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_RUNTIME_CPU_GEMM_H
#define HFC_LIB_RUNTIME_CPU_GEMM_H

#include "Context.h"

#include <cstdint>

namespace hfc::cpu {

/// A product of one piece of work: rows [m0, m1) and columns [n0, n1) of matrix `batch`.
struct Panel {
  int64_t batch, m0, m1, n0, n1;
};

/// Computes one panel.
void gemmPanelFloat32(const hfc_gemm &gemm, const Panel &panel);
void gemmPanelBFloat16(const hfc_gemm &gemm, const Panel &panel);

/// Products of at most this many rows, with `b` stored [n][k], read `b` once and do little else (a decode step).
constexpr int64_t maxRowsOfRowDot = 4;

/// c[i][n] = dot(a[i], b[n]) + bias[n] for n in [n0, n1); `a` is float32 [m][k], the rest of `gemm`'s type.
using RowDot = void (*)(const hfc_gemm &gemm, const float *a, const void *b, void *c, int64_t n0, int64_t n1);
void rowDotBaseline(const hfc_gemm &gemm, const float *a, const void *b, void *c, int64_t n0, int64_t n1);
void rowDotAvx2(const hfc_gemm &gemm, const float *a, const void *b, void *c, int64_t n0, int64_t n1);

} // namespace hfc::cpu

#endif // HFC_LIB_RUNTIME_CPU_GEMM_H
