//===- DeviceCode.h - what the runtime's own kernels do, thread by thread
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Plain C++ without a library: DeviceCode.cpp makes kernels of it, and tests run it on the host, thread after thread.
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_RUNTIME_CUDA_DEVICECODE_H
#define HFC_LIB_RUNTIME_CUDA_DEVICECODE_H

#include "hfc/Runtime/IO/BFloat16.h"
#include "hfc/Runtime/IO/Draw.h"

namespace hfc::cuda {

/// Threads of a block, and how many of its elements each takes: a block's threads apart, so that neighbours write
/// beside each other.
constexpr int64_t ownLanes = 256, ownTurns = 4;

/// Of `items` of a kernel, which threads take one at a time.
inline int64_t blocksOf(int64_t items) { return (items + ownLanes * ownTurns - 1) / (ownLanes * ownTurns); }

//===-- Random values -----------------------------------------------------===//

/// Kernel "hfc_fill". An item is two elements of the piece: 64 random bits are two values.
struct FillArguments {
  char *target;
  io::Draw draw;

  int64_t items() const { return (draw.elements + 1) / 2; }
};

/// The place in the whole of a piece's element; padding has none, -1.
inline int64_t placeOf(const io::Draw &draw, int64_t at) {
  int64_t place = 0, scale = 1;
  bool isPadding = false;
  for (int32_t i = draw.rank; i-- > 0;) {
    const io::Draw::Dim &dim = draw.dims[i];
    // The slowest takes no division; most pieces have no other.
    int64_t outer = i ? at / dim.padded : 0, index = at - outer * dim.padded;
    isPadding |= index >= dim.size;
    place += (dim.offset + index) * scale;
    scale *= dim.whole;
    at = outer;
  }
  return isPadding ? -1 : place;
}

/// `pair` is the random bits of the place and of its neighbour.
inline float valueAt(const io::Draw &draw, int64_t place, uint64_t pair) {
  if (place < 0 || (place >= draw.zeroBegin && place < draw.zeroEnd))
    return 0;
  uint32_t bits = uint32_t(place % 2 ? pair >> 32 : pair);
  switch (draw.distribution.kind) {
  case io::Distribution::constant:
    return io::valueOf<io::Distribution::constant>(draw.distribution, bits);
  case io::Distribution::uniform:
    return io::valueOf<io::Distribution::uniform>(draw.distribution, bits);
  case io::Distribution::normal:
    return io::valueOf<io::Distribution::normal>(draw.distribution, bits);
  }
  return 0;
}

/// `count` is 1 or 2. Memory of a bucket's may begin anywhere.
inline void storeValues(char *target, hfc_dtype dtype, int64_t count, float first, float second) {
  uint32_t one = io::floatToBFloat16(first), two = io::floatToBFloat16(second);
  bool isNarrow = dtype == HFC_BFLOAT16;
  if (isNarrow && count == 2 && reinterpret_cast<uintptr_t>(target) % 4 == 0) {
    *reinterpret_cast<uint32_t *>(target) = one | two << 16;
    return;
  }
  if (isNarrow)
    *reinterpret_cast<uint16_t *>(target) = uint16_t(one);
  else
    *reinterpret_cast<float *>(target) = first;
  if (count == 2 && isNarrow)
    reinterpret_cast<uint16_t *>(target)[1] = uint16_t(two);
  else if (count == 2)
    reinterpret_cast<float *>(target)[1] = second;
}

inline void fillItem(const FillArguments &arguments, int64_t item) {
  const io::Draw &draw = arguments.draw;
  int64_t at = 2 * item, count = at + 1 < draw.elements ? 2 : 1;
  int64_t place = placeOf(draw, at), next = count == 2 ? placeOf(draw, at + 1) : -1;
  uint64_t pair = io::randomBits(draw.key, uint64_t(place) / 2);
  float first = valueAt(draw, place, pair);
  if (uint64_t(next) / 2 != uint64_t(place) / 2)
    pair = io::randomBits(draw.key, uint64_t(next) / 2);
  float second = valueAt(draw, next, pair);
  storeValues(arguments.target + at * (draw.dtype == HFC_BFLOAT16 ? 2 : 4), draw.dtype, count, first, second);
}

//===-- Conversions -------------------------------------------------------===//

/// Kernel "hfc_convert": float32 and bfloat16 to each other. An item is an element.
struct ConvertArguments {
  const void *source;
  void *target;
  int64_t count;
  hfc_dtype from, to;

  int64_t items() const { return count; }
};

inline void convertItem(const ConvertArguments &arguments, int64_t at) {
  float value = arguments.from == HFC_BFLOAT16
                    ? io::bfloat16ToFloat(static_cast<const uint16_t *>(arguments.source)[at])
                    : static_cast<const float *>(arguments.source)[at];
  if (arguments.to == HFC_BFLOAT16)
    static_cast<uint16_t *>(arguments.target)[at] = io::floatToBFloat16(value);
  else
    static_cast<float *>(arguments.target)[at] = value;
}

//===-- A thread ----------------------------------------------------------===//

/// The items of one thread of a kernel.
template <typename Arguments, void (*perform)(const Arguments &, int64_t item)>
inline __attribute__((always_inline)) void takeTurns(const Arguments &arguments, int64_t block, int64_t lane) {
  int64_t item = block * (ownLanes * ownTurns) + lane;
#pragma nounroll
  for (int64_t turn = 0; turn < ownTurns && item < arguments.items(); ++turn, item += ownLanes)
    perform(arguments, item);
}

} // namespace hfc::cuda

#endif // HFC_LIB_RUNTIME_CUDA_DEVICECODE_H
