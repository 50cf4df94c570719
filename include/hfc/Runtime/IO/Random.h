//===- Random.h - numbers that depend on a key and a counter alone
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_RUNTIME_IO_RANDOM_H
#define HFC_RUNTIME_IO_RANDOM_H

#include "hfc/Runtime/IO/Draw.h"

#include <cmath>
#include <cstdint>
#include <string_view>

namespace hfc::io {

/// A key for a stream of its own for each name.
inline uint64_t randomKey(uint64_t seed, std::string_view name) {
  uint64_t key = mixBits(seed);
  for (char c : name)
    key = mixBits(key ^ uint8_t(c));
  return key;
}

/// In [0, 1).
inline double randomUniform(uint64_t key, uint64_t counter) { return double(randomBits(key, counter) >> 11) * 0x1p-53; }

/// Standard normal (Box and Muller).
inline double randomNormal(uint64_t key, uint64_t counter) {
  double radius = std::sqrt(-2 * std::log1p(-randomUniform(key, 2 * counter)));
  return radius * std::cos(6.283185307179586 * randomUniform(key, 2 * counter + 1));
}

} // namespace hfc::io

#endif // HFC_RUNTIME_IO_RANDOM_H
