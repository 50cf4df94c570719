//===- Sampler.cpp - chooses the next token
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Sampler.h"

#include "hfc/Runtime/IO/Random.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace hfc::run {

Sampler::Sampler(const Options &options, const io::GenerationInfo &generation, bool forceGreedy) {
  bool asked = options.temperature || options.topK || options.topP;
  sampling = asked || (generation.doSample && !forceGreedy);
  temperature = options.temperature.value_or(generation.temperature);
  topK = options.topK.value_or(generation.topK);
  topP = options.topP.value_or(generation.topP);
  key = io::randomKey(uint64_t(options.seed.value_or(0)), "sample");
  // The limit of small temperatures.
  if (temperature <= 0)
    sampling = false;
}

int32_t Sampler::draw(const void *logits, hfc_dtype dtype, int64_t vocabulary, int64_t prompt, int64_t position) {
  values.resize(vocabulary);
  io::convertFloats(logits, dtype, 1, values.data(), HFC_FLOAT32, vocabulary);
  if (std::any_of(values.begin(), values.end(), [](float value) { return std::isnan(value); }))
    refuse(prompt, position);
  return drawAt(io::randomUniform(key, uint64_t(prompt) << 32 | uint64_t(position)));
}

void Sampler::refuse(int64_t prompt, int64_t position) {
  throw Error("the logits of prompt " + std::to_string(prompt) + " hold NaN at position " + std::to_string(position) +
                  "; the weights may be damaged, or too large for the program's dtype",
              comparisonFailed);
}

int32_t Sampler::drawAt(double uniform) {
  order.resize(values.size());
  std::iota(order.begin(), order.end(), 0);
  auto likelier = [this](int32_t a, int32_t b) { return values[a] != values[b] ? values[a] > values[b] : a < b; };
  size_t count = topK > 0 ? std::min<size_t>(topK, order.size()) : order.size();
  std::partial_sort(order.begin(), order.begin() + count, order.end(), likelier);
  std::vector<double> cumulative(count);
  double sum = 0;
  for (size_t i = 0; i < count; ++i)
    cumulative[i] = sum += std::exp((double(values[order[i]]) - values[order[0]]) / temperature);
  // The fewest tokens whose probability reaches top-p.
  if (topP < 1)
    count = std::min(
        count, size_t(std::lower_bound(cumulative.begin(), cumulative.end(), topP * sum) - cumulative.begin()) + 1);
  double target = uniform * cumulative[count - 1];
  size_t chosen = std::upper_bound(cumulative.begin(), cumulative.begin() + count, target) - cumulative.begin();
  return order[std::min(chosen, count - 1)];
}

} // namespace hfc::run
