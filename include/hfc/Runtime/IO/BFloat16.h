//===- BFloat16.h - float32 to bfloat16 and back
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Without the standard library: code of GPUs includes it as well.
//
//===----------------------------------------------------------------------===//

#ifndef HFC_RUNTIME_IO_BFLOAT16_H
#define HFC_RUNTIME_IO_BFLOAT16_H

#include <stdint.h>

namespace hfc::io {

inline float bfloat16ToFloat(uint16_t bits) {
  uint32_t wide = uint32_t(bits) << 16;
  float value;
  __builtin_memcpy(&value, &wide, sizeof value);
  return value;
}

/// Rounds to nearest, ties to even; NaN stays NaN.
inline uint16_t floatToBFloat16(float value) {
  uint32_t bits;
  __builtin_memcpy(&bits, &value, sizeof bits);
  if ((bits & 0x7fffffffu) > 0x7f800000u)
    return uint16_t((bits >> 16) | 0x40);
  return uint16_t((bits + 0x7fffu + ((bits >> 16) & 1)) >> 16);
}

} // namespace hfc::io

#endif // HFC_RUNTIME_IO_BFLOAT16_H
