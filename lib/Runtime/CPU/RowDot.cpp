//===- RowDot.cpp - products of a few rows, bound by memory
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Compiled once for each level of the CPU; HFC_ROW_DOT is the function's name there. Everything else is internal, so
// that the linker cannot merge code of different levels.
//
//===----------------------------------------------------------------------===//

#include "Gemm.h"

#include <cstring>

namespace hfc::cpu {

namespace {
constexpr int lanes = 8;
typedef float Vector __attribute__((vector_size(4 * lanes)));
typedef uint32_t WideBits __attribute__((vector_size(4 * lanes)));
typedef uint16_t NarrowBits __attribute__((vector_size(2 * lanes)));

Vector load(const float *source) {
  Vector vector;
  std::memcpy(&vector, source, sizeof vector);
  return vector;
}
Vector load(const uint16_t *source) {
  NarrowBits bits;
  std::memcpy(&bits, source, sizeof bits);
  WideBits wide = __builtin_convertvector(bits, WideBits) << 16;
  Vector vector;
  std::memcpy(&vector, &wide, sizeof vector);
  return vector;
}

float toFloat(float value) { return value; }
float toFloat(uint16_t bits) {
  uint32_t wide = uint32_t(bits) << 16;
  float value;
  std::memcpy(&value, &wide, sizeof value);
  return value;
}

void store(float value, float *target) { *target = value; }
/// Rounds to nearest even; NaN stays NaN.
void store(float value, uint16_t *target) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  bool isNan = (bits & 0x7fffffffu) > 0x7f800000u;
  *target = isNan ? uint16_t((bits >> 16) | 0x40) : uint16_t((bits + 0x7fffu + ((bits >> 16) & 1)) >> 16);
}

float sum(Vector vector) {
  return ((vector[0] + vector[4]) + (vector[2] + vector[6])) + ((vector[1] + vector[5]) + (vector[3] + vector[7]));
}

/// `Rows` rows of a against `Columns` rows of b: each vector of b is loaded once. An element's order of summation
/// depends on k alone, not on how columns are grouped.
template <int Rows, int Columns, typename T>
void block(const hfc_gemm &gemm, const float *a, const T *b, T *c, int64_t n) {
  int64_t k = gemm.k, vectorEnd = k / lanes * lanes;
  Vector sums[Rows][Columns] = {};
  for (int64_t i = 0; i < vectorEnd; i += lanes) {
    Vector columns[Columns];
    for (int column = 0; column < Columns; ++column)
      columns[column] = load(b + (n + column) * k + i);
    for (int row = 0; row < Rows; ++row) {
      Vector left = load(a + row * k + i);
      for (int column = 0; column < Columns; ++column)
        sums[row][column] += left * columns[column];
    }
  }
  const T *bias = static_cast<const T *>(gemm.bias);
  for (int row = 0; row < Rows; ++row)
    for (int column = 0; column < Columns; ++column) {
      float total = sum(sums[row][column]);
      for (int64_t i = vectorEnd; i < k; ++i)
        total += a[row * k + i] * toFloat(b[(n + column) * k + i]);
      total += bias ? toFloat(bias[n + column]) : 0.0f;
      store(total, c + row * gemm.n + n + column);
    }
}

template <int Rows, typename T>
void columns(const hfc_gemm &gemm, const float *a, const T *b, T *c, int64_t n0, int64_t n1) {
  constexpr int group = Rows <= 2 ? 4 : 2;
  int64_t n = n0;
  for (; n + group <= n1; n += group)
    block<Rows, group>(gemm, a, b, c, n);
  for (; n < n1; ++n)
    block<Rows, 1>(gemm, a, b, c, n);
}

template <typename T>
void dispatch(const hfc_gemm &gemm, const float *a, const void *b, void *c, int64_t n0, int64_t n1) {
  const T *typedB = static_cast<const T *>(b);
  T *typedC = static_cast<T *>(c);
  switch (gemm.m) {
  case 1:
    return columns<1>(gemm, a, typedB, typedC, n0, n1);
  case 2:
    return columns<2>(gemm, a, typedB, typedC, n0, n1);
  case 3:
    return columns<3>(gemm, a, typedB, typedC, n0, n1);
  default:
    return columns<4>(gemm, a, typedB, typedC, n0, n1);
  }
}
} // namespace

void HFC_ROW_DOT(const hfc_gemm &gemm, const float *a, const void *b, void *c, int64_t n0, int64_t n1) {
  if (gemm.dtype == HFC_FLOAT32)
    dispatch<float>(gemm, a, b, c, n0, n1);
  else
    dispatch<uint16_t>(gemm, a, b, c, n0, n1);
}

} // namespace hfc::cpu
