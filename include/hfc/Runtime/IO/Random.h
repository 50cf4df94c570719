//===- Random.h - numbers that depend on a key and a counter alone
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_RUNTIME_IO_RANDOM_H
#define HFC_RUNTIME_IO_RANDOM_H

#include <cmath>
#include <cstdint>
#include <string_view>

namespace hfc::io {

/// SplitMix64's finalizer: 64 well-mixed bits of any counter.
inline uint64_t mixBits(uint64_t bits) {
  bits += 0x9e3779b97f4a7c15u;
  bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9u;
  bits = (bits ^ (bits >> 27)) * 0x94d049bb133111ebu;
  return bits ^ (bits >> 31);
}

/// A key for a stream of its own for each name.
inline uint64_t randomKey(uint64_t seed, std::string_view name) {
  uint64_t key = mixBits(seed);
  for (char c : name)
    key = mixBits(key ^ uint8_t(c));
  return key;
}

inline uint64_t randomBits(uint64_t key, uint64_t counter) { return mixBits(key ^ mixBits(counter)); }

/// In [0, 1).
inline double randomUniform(uint64_t key, uint64_t counter) { return double(randomBits(key, counter) >> 11) * 0x1p-53; }

/// Standard normal (Box and Muller).
inline double randomNormal(uint64_t key, uint64_t counter) {
  double radius = std::sqrt(-2 * std::log1p(-randomUniform(key, 2 * counter)));
  return radius * std::cos(6.283185307179586 * randomUniform(key, 2 * counter + 1));
}

/// Two standard normals, counters 2 * pair and 2 * pair + 1 of a stream of their own: faster, in float32.
inline void randomNormalPair(uint64_t key, uint64_t pair, float *values) {
  uint64_t bits = randomBits(key, pair);
  float radius = std::sqrt(-2 * std::log(float(uint32_t(bits >> 32) + 1.0f) * 0x1p-32f));
  float angle = float(uint32_t(bits) >> 8) * (0x1p-24f * 6.2831853f);
  values[0] = radius * std::cos(angle);
  values[1] = radius * std::sin(angle);
}

} // namespace hfc::io

#endif // HFC_RUNTIME_IO_RANDOM_H
