//===- FillOnHost.cpp - random values by the host
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Runtime/IO/FillOnHost.h"

#include "InChunks.h"

#include "hfc/Runtime/IO/DType.h"

#include <cstring>

// The loops below are compiled for the wider vectors as well; what they compute does not depend on that.
#if defined(__x86_64__) && defined(__ELF__)
#define HFC_FOR_WIDER_VECTORS __attribute__((target_clones("default", "arch=x86-64-v3", "arch=x86-64-v4")))
#else
#define HFC_FOR_WIDER_VECTORS
#endif

namespace hfc::io {

namespace {
using Kind = Distribution::Kind;

/// Values drawn at a time: they stay in the nearest cache.
constexpr int64_t step = 2048;

struct Values {
  uint32_t bits[step + 2];
  float floats[step + 2];
};

/// The `count` values of a stream from an even place on.
HFC_FOR_WIDER_VECTORS
void drawStream(const Distribution &distribution, uint64_t key, uint64_t place, int64_t count, Values &values) {
  for (int64_t i = 0; i < (count + 1) / 2; ++i) {
    uint64_t pair = randomBits(key, place / 2 + uint64_t(i));
    values.bits[2 * i] = uint32_t(pair);
    values.bits[2 * i + 1] = uint32_t(pair >> 32);
  }
  if (distribution.kind == Kind::normal)
    for (int64_t i = 0; i < count; ++i)
      values.floats[i] = valueOf<Kind::normal>(distribution, values.bits[i]);
  else
    for (int64_t i = 0; i < count; ++i)
      values.floats[i] = valueOf<Kind::uniform>(distribution, values.bits[i]);
}

HFC_FOR_WIDER_VECTORS
void roundTogether(const float *values, int64_t count, uint16_t *target) {
  for (int64_t i = 0; i < count; ++i)
    target[i] = floatToBFloat16(values[i]);
}

/// `count` values, at most `step`, from a place of the whole on.
void fillRun(const Draw &draw, int64_t place, int64_t count, char *target) {
  Values values;
  float *first = values.floats + place % 2;
  if (draw.distribution.kind == Kind::constant)
    std::fill_n(first, count, draw.distribution.scale);
  else
    drawStream(draw.distribution, draw.key, uint64_t(place - place % 2), count + place % 2, values);
  int64_t zeroBegin = std::max(place, draw.zeroBegin), zeroEnd = std::min(place + count, draw.zeroEnd);
  if (zeroBegin < zeroEnd)
    std::fill(first + (zeroBegin - place), first + (zeroEnd - place), 0.0f);
  if (draw.dtype == HFC_BFLOAT16)
    roundTogether(first, count, reinterpret_cast<uint16_t *>(target));
  else
    convertFloats(first, HFC_FLOAT32, 1, target, draw.dtype, count);
}

/// Columns [begin, end) of a row of the last dimension.
void fillRow(const Draw &draw, int64_t row, int64_t begin, int64_t end, char *target) {
  const Draw::Dim &last = draw.dims[draw.rank - 1];
  int64_t from = last.offset + begin, to = begin, scale = last.whole, targetScale = last.padded;
  for (int32_t i = draw.rank - 1; i-- > 0;) {
    const Draw::Dim &dim = draw.dims[i];
    from += (dim.offset + row % dim.size) * scale;
    to += row % dim.size * targetScale;
    row /= dim.size;
    scale *= dim.whole;
    targetScale *= dim.padded;
  }
  fillRun(draw, from, end - begin, target + to * sizeOf(draw.dtype));
}
} // namespace

void fillOnHost(const Draw &draw, char *target) {
  int64_t rows = 1, elements = 1;
  for (int32_t i = 0; i < draw.rank; ++i) {
    elements *= draw.dims[i].size;
    rows *= i + 1 < draw.rank ? draw.dims[i].size : 1;
  }
  if (elements < draw.elements)
    std::memset(target, 0, draw.elements * sizeOf(draw.dtype));
  if (elements == 0)
    return;
  // Many short rows, or parts of long ones, at a time.
  int64_t columns = draw.dims[draw.rank - 1].size, parts = (columns + step - 1) / step;
  inChunks(rows * parts, 16 * step / std::min(columns, step), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i)
      fillRow(draw, i / parts, i % parts * step, std::min(columns, (i % parts + 1) * step), target);
  });
}

} // namespace hfc::io
