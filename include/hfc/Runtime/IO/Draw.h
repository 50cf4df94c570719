//===- Draw.h - random values that are the same bits on every device
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Included by the host's code and by that of GPUs, so without the standard library. Every operation is exact or rounded
// once as IEEE 754 says (integers; float32 additions, products and square roots), and none are contracted: whoever
// compiles this gets the same bits. docs/numerics.md has the definition.
//
//===----------------------------------------------------------------------===//

#ifndef HFC_RUNTIME_IO_DRAW_H
#define HFC_RUNTIME_IO_DRAW_H

#include "hfc/Runtime/hfc_runtime.h"

#include <stdint.h>

namespace hfc::io {

/// SplitMix64's finalizer: 64 well-mixed bits of any counter.
inline uint64_t mixBits(uint64_t bits) {
  bits += 0x9e3779b97f4a7c15u;
  bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9u;
  bits = (bits ^ (bits >> 27)) * 0x94d049bb133111ebu;
  return bits ^ (bits >> 31);
}

inline uint64_t randomBits(uint64_t key, uint64_t counter) { return mixBits(key ^ mixBits(counter)); }

/// What values are drawn from.
struct Distribution {
  enum Kind : int32_t { constant, uniform, normal } kind = constant;
  /// The constant, half of the uniform one's width, or the normal one's deviation.
  float scale = 0;
  /// The probability of what is left of the normal one: 1, or less where its tails are cut off; and that of the tails.
  float kept = 1, cut = 0;
};

template <int N>
inline float polynomial(const float (&coefficients)[N], float x) {
#pragma STDC FP_CONTRACT OFF
  float sum = coefficients[N - 1];
  for (int i = N - 2; i >= 0; --i) {
    float product = sum * x;
    sum = product + coefficients[i];
  }
  return sum;
}

/// log2 of a positive normal number, to 6e-8.
inline float log2Of(float value) {
#pragma STDC FP_CONTRACT OFF
  // Minimax for log2(1 + x) / x, with 1 + x between the roots of 1/2 and of 2.
  constexpr float coefficients[] = {1.44269478f,  -0.721357167f, 0.480939448f, -0.360087216f,
                                    0.286707461f, -0.250069082f, 0.23689045f,  -0.145744443f};
  constexpr int32_t rootOfHalf = 0x3f3504f3;
  int32_t bits;
  __builtin_memcpy(&bits, &value, sizeof bits);
  int32_t exponent = (bits - rootOfHalf) >> 23;
  bits -= int32_t(uint32_t(exponent) << 23);
  float mantissa;
  __builtin_memcpy(&mantissa, &bits, sizeof mantissa);
  float x = mantissa - 1.0f, fraction = x * polynomial(coefficients, x);
  return float(exponent) + fraction;
}

/// The standard normal value of which it holds that |values| are smaller with probability `inside`, and larger with
/// probability `outside` = 1 - `inside`, given apart since either may be tiny; to 8e-7 of itself.
inline float normalQuantile(float inside, float outside) {
#pragma STDC FP_CONTRACT OFF
  // Minimax for the quantile / `inside`, in w = -log2(1 - inside²) below `split`, else in its root (Giles,
  // "Approximating the erfinv function").
  constexpr float middle[] = {2.09747553f,     0.242357522f,     -0.00264373049f,  -0.000621348969f,
                              7.14091002e-05f, -5.79545485e-07f, -5.28712462e-07f, 3.31518848e-08f};
  constexpr float tail[] = {4.4753623f,    1.18452322f,     0.00445205253f,  -0.00241560373f,
                            0.0013199629f, -0.00083698245f, 0.000356785022f, -6.16366015e-05f};
  constexpr float split = 7, middleOfRoots = 4;
  float w = -log2Of(outside * (1.0f + inside));
  float root = __builtin_sqrtf(w > 0 ? w : 0.0f);
  float near = polynomial(middle, w - split / 2), far = polynomial(tail, root - middleOfRoots);
  return inside * (w < split ? near : far);
}

/// The value that 32 random bits stand for: one is the sign, the others say how far out it lies.
template <Distribution::Kind kind>
inline float valueOf(const Distribution &distribution, uint32_t bits) {
#pragma STDC FP_CONTRACT OFF
  if (kind == Distribution::constant)
    return distribution.scale;
  constexpr int32_t most = 0x7fffffff;
  int32_t out = int32_t(bits & uint32_t(most));
  float inside = (float(out) + 0.5f) * 0x1p-31f, outside = (float(out ^ most) + 0.5f) * 0x1p-31f;
  if (kind == Distribution::normal) {
    float kept = distribution.kept * outside;
    inside = normalQuantile(distribution.kept * inside, distribution.cut + kept);
  }
  float value = distribution.scale * inside;
  return bits >> 31 ? -value : value;
}

/// How a rank's piece of a parameter is filled: the value at a place depends on the key and on that place in the whole.
struct Draw {
  static constexpr int32_t mostDims = 8;

  Distribution distribution;
  hfc_dtype dtype = HFC_FLOAT32;
  uint64_t key = 0;
  /// Places of the whole that are 0 all the same.
  int64_t zeroBegin = 0, zeroEnd = 0;
  /// Of the piece, with padding, which is 0.
  int64_t elements = 0;
  /// The slowest first. Where neither cuts nor padding part them, they are one.
  struct Dim {
    int64_t whole = 1, offset = 0, size = 1, padded = 1;
  };
  int32_t rank = 0;
  Dim dims[mostDims];
};

} // namespace hfc::io

#endif // HFC_RUNTIME_IO_DRAW_H
