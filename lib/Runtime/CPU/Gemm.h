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
#include <optional>

namespace hfc::cpu {

/// A product of one piece of work: rows [m0, m1) and columns [n0, n1) of matrix `batch`.
struct Panel {
  int64_t batch, m0, m1, n0, n1;
};

/// An order in which elements of an operand are read: see hfc_gemm.
struct Order {
  explicit Order(const int64_t *numbers) : rank(numbers[0]), sizes(numbers + 1), strides(sizes + rank) {}
  int64_t rank;
  const int64_t *sizes, *strides;
};

/// An operand: matrices of `rows` times `columns`, dense or in an order. Transposed, rows are columns of the product's.
struct Operand {
  const void *data;
  const int64_t *order;
  int64_t rows, columns;
  bool isTransposed;
};
Operand operandA(const hfc_gemm &gemm);
Operand operandB(const hfc_gemm &gemm);

/// An operand as a library takes it: elements of a row (of a column, if transposed) next to each other.
struct Matrix {
  int64_t stride, batchStride;
  bool isTransposed;
};
/// Nothing where the operand's order is no matrix's.
std::optional<Matrix> matrixOf(const Operand &operand, int64_t batches);

/// Computes one panel of float32 matrices where they are.
void gemmPanelDirect(const hfc_gemm &gemm, const Matrix &left, const Matrix &right, const Panel &panel);
/// Computes one panel of any operands, which are packed as float32.
void gemmPanelPacked(const hfc_gemm &gemm, const Panel &panel);

/// Products of at most this many rows, with `b` stored [n][k], read `b` once and do little else (a decode step).
constexpr int64_t maxRowsOfRowDot = 4;

/// c[i][n] = dot(a[i], b[n]) + bias[n] for n in [n0, n1); `a` is float32 [m][k], the rest of `gemm`'s type.
using RowDot = void (*)(const hfc_gemm &gemm, const float *a, const void *b, void *c, int64_t n0, int64_t n1);
void rowDotBaseline(const hfc_gemm &gemm, const float *a, const void *b, void *c, int64_t n0, int64_t n1);
void rowDotAvx2(const hfc_gemm &gemm, const float *a, const void *b, void *c, int64_t n0, int64_t n1);

} // namespace hfc::cpu

#endif // HFC_LIB_RUNTIME_CPU_GEMM_H
