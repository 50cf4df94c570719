//===- LearningRate.h - the learning rate of each step
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_RUNTIME_TRAIN_LEARNINGRATE_H
#define HFC_RUNTIME_TRAIN_LEARNINGRATE_H

#include <cstdint>
#include <optional>
#include <string_view>

namespace hfc::train {

enum class Decay { constant, linear, cosine };

/// "constant", "linear" or "cosine".
std::optional<Decay> parseDecay(std::string_view name);

struct LearningRate {
  double peak = 0;
  Decay decay = Decay::constant;
  int64_t warmup = 0, steps = 0;

  /// Of step `step`, counted from 1: rises linearly to `peak`, which step `warmup` reaches, then decays toward 0, which
  /// the step after the last would reach.
  double at(int64_t step) const;
};

} // namespace hfc::train

#endif // HFC_RUNTIME_TRAIN_LEARNINGRATE_H
