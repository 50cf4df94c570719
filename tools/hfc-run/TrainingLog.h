//===- TrainingLog.h - what a training run tells while it goes on
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_TOOLS_HFC_RUN_TRAININGLOG_H
#define HFC_TOOLS_HFC_RUN_TRAININGLOG_H

#include "Options.h"

#include <chrono>
#include <cstdio>
#include <memory>
#include <vector>

namespace hfc::run {

struct StepRecord {
  int64_t step = 0;
  double loss = 0, gradientNorm = 0, lr = 0, milliseconds = 0;
};

/// A line for a person now and then, and one of JSON for each step in the file of --log, after what it has.
class TrainingLog {
public:
  /// `tokens` of a step; 0 where a batch has none.
  TrainingLog(const Options &options, int64_t steps, int64_t tokens);

  void record(const StepRecord &step);
  const std::vector<StepRecord> &records() const { return all; }

private:
  void print(const StepRecord &step);
  void write(const StepRecord &step);

  struct Close {
    void operator()(std::FILE *file) const { std::fclose(file); }
  };
  using Clock = std::chrono::steady_clock;

  const Options &options;
  int64_t steps, tokens;
  std::unique_ptr<std::FILE, Close> file;
  std::vector<StepRecord> all;
  Clock::time_point start = Clock::now(), printed = start;
};

} // namespace hfc::run

#endif // HFC_TOOLS_HFC_RUN_TRAININGLOG_H
