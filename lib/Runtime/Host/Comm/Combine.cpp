//===- Combine.cpp - the arithmetic of reductions over ranks
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Combine.h"

#include "hfc/Runtime/IO/DType.h"

#include <cstring>

namespace hfc::host {

namespace {
/// Elements that are combined at once, on the stack.
constexpr int64_t blockElements = 1024;

template <typename T>
void combineInto(T *sum, const T *values, int64_t count, hfc_reduction reduction) {
  switch (reduction) {
  case HFC_SUM:
  case HFC_MEAN:
    for (int64_t i = 0; i < count; ++i)
      sum[i] += values[i];
    break;
  case HFC_MAX:
    // A NaN anywhere is the result, as on one rank.
    for (int64_t i = 0; i < count; ++i)
      sum[i] = values[i] > sum[i] || values[i] != values[i] ? values[i] : sum[i];
    break;
  case HFC_MIN:
    for (int64_t i = 0; i < count; ++i)
      sum[i] = values[i] < sum[i] || values[i] != values[i] ? values[i] : sum[i];
    break;
  }
}

/// Reads `count` elements as float32 or int32.
template <typename T>
void load(const char *source, hfc_dtype dtype, T *values, int64_t count) {
  if (dtype == HFC_BFLOAT16)
    for (int64_t i = 0; i < count; ++i) {
      uint16_t bits;
      std::memcpy(&bits, source + 2 * i, sizeof bits);
      values[i] = T(io::bfloat16ToFloat(bits));
    }
  else
    std::memcpy(values, source, count * sizeof(T));
}

template <typename T>
void store(const T *values, hfc_dtype dtype, char *target, int64_t count) {
  if (dtype == HFC_BFLOAT16)
    for (int64_t i = 0; i < count; ++i) {
      uint16_t bits = io::floatToBFloat16(float(values[i]));
      std::memcpy(target + 2 * i, &bits, sizeof bits);
    }
  else
    std::memcpy(target, values, count * sizeof(T));
}

template <typename T>
void combineBlock(Combination how, const std::vector<Cursor> &sources, char *target, int64_t count) {
  T sum[blockElements], values[blockElements];
  load(sources[0].data(), how.dtype, sum, count);
  for (size_t i = 1; i < sources.size(); ++i) {
    load(sources[i].data(), how.dtype, values, count);
    combineInto(sum, values, count, how.reduction);
  }
  if (how.reduction == HFC_MEAN)
    for (int64_t i = 0; i < count; ++i)
      sum[i] /= T(sources.size());
  store(sum, how.dtype, target, count);
}
} // namespace

void combine(Combination how, Cursor &target, std::vector<Cursor> &sources, int64_t bytes) {
  int64_t element = io::sizeOf(how.dtype);
  while (bytes > 0) {
    int64_t step = std::min({bytes, target.contiguous(), blockElements * element});
    for (const Cursor &source : sources)
      step = std::min(step, source.contiguous());
    if (how.dtype == HFC_INT32)
      combineBlock<int32_t>(how, sources, target.data(), step / element);
    else
      combineBlock<float>(how, sources, target.data(), step / element);
    target.advance(step);
    for (Cursor &source : sources)
      source.advance(step);
    bytes -= step;
  }
}

} // namespace hfc::host
