//===- LearningRate.cpp - the learning rate of each step
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Runtime/Train/LearningRate.h"

#include <algorithm>
#include <cmath>

namespace hfc::train {

std::optional<Decay> parseDecay(std::string_view name) {
  if (name == "constant")
    return Decay::constant;
  if (name == "linear")
    return Decay::linear;
  if (name == "cosine")
    return Decay::cosine;
  return std::nullopt;
}

double LearningRate::at(int64_t step) const {
  if (step <= warmup)
    return peak * double(step) / double(warmup);
  double done = double(step - 1 - warmup) / double(std::max<int64_t>(1, steps - warmup));
  double left = 1 - std::min(1.0, done);
  switch (decay) {
  case Decay::constant:
    return peak;
  case Decay::linear:
    return peak * left;
  case Decay::cosine:
    return peak * 0.5 * (1 - std::cos(3.14159265358979323846 * left));
  }
  return peak;
}

} // namespace hfc::train
