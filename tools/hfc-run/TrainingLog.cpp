//===- TrainingLog.cpp - what a training run tells while it goes on
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TrainingLog.h"

#include <cerrno>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>

namespace hfc::run {

namespace {
/// "1:05:09" or "5:09".
std::string timeText(double seconds) {
  long whole = std::lround(seconds);
  char text[40];
  if (whole >= 3600)
    std::snprintf(text, sizeof text, "%ld:%02ld:%02ld", whole / 3600, whole / 60 % 60, whole % 60);
  else
    std::snprintf(text, sizeof text, "%ld:%02ld", whole / 60, whole % 60);
  return text;
}
} // namespace

TrainingLog::TrainingLog(const Options &options, int64_t steps, int64_t tokens)
    : options(options), steps(steps), tokens(tokens) {
  if (options.log.empty())
    return;
  file.reset(std::fopen(options.log.c_str(), "a"));
  if (!file)
    throw Error("cannot write '" + options.log + "': " + std::strerror(errno));
}

void TrainingLog::record(const StepRecord &step) {
  all.push_back(step);
  if (file)
    write(step);
  // Short runs step by step; of long ones what one can read.
  constexpr int64_t few = 20;
  Clock::time_point now = Clock::now();
  if (options.json || (steps > few && step.step != steps && all.size() > 1 && now - printed < std::chrono::seconds(2)))
    return;
  printed = now;
  print(step);
}

void TrainingLog::print(const StepRecord &step) {
  double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  double perStep = seconds / double(all.size());
  std::printf("step %lld of %lld: loss %.6g, gradient norm %.4g, lr %.3g", static_cast<long long>(step.step),
              static_cast<long long>(steps), step.loss, step.gradientNorm, step.lr);
  if (tokens > 0)
    std::printf(", %.0f tokens/s", double(tokens) / perStep);
  if (step.step < steps)
    std::printf(", %s left", timeText(double(steps - step.step) * perStep).c_str());
  std::printf("\n");
  std::fflush(stdout);
}

void TrainingLog::write(const StepRecord &step) {
  nlohmann::ordered_json line = {{"step", step.step},
                                 {"loss", step.loss},
                                 {"gradient_norm", step.gradientNorm},
                                 {"lr", step.lr},
                                 {"ms", step.milliseconds}};
  if (tokens > 0)
    line["tokens_per_second"] = double(tokens) * 1e3 / step.milliseconds;
  std::fprintf(file.get(), "%s\n", line.dump().c_str());
  if (std::fflush(file.get()) != 0)
    throw Error("cannot write '" + options.log + "': " + std::strerror(errno));
}

} // namespace hfc::run
