//===- Options.h - hfc-run's command line
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_TOOLS_HFC_RUN_OPTIONS_H
#define HFC_TOOLS_HFC_RUN_OPTIONS_H

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>

namespace hfc::run {

/// Exit statuses of all of hfc's tools.
enum ExitCode { done = 0, comparisonFailed = 1, userError = 2, internalError = 3 };

/// Ends the run with a message.
class Error : public std::runtime_error {
public:
  explicit Error(const std::string &message, ExitCode code = userError) : std::runtime_error(message), code(code) {}
  ExitCode code;
};

struct Options {
  std::string program, weights, inputs, outputs, check, promptIds, profile;
  std::optional<double> tolerance, temperature, topP;
  std::optional<int64_t> maxNewTokens, topK, seed, time;
  /// How long a rank waits for others, in seconds.
  double timeout = 600;
  /// Training.
  std::string tokens, save, resume, log, schedule = "constant";
  std::optional<double> lr, beta1, beta2, eps, weightDecay, clip;
  std::optional<int64_t> steps, warmup, saveEvery, separator;
  /// --separator=none.
  bool noSeparator = false;
  int threads = 0;
  bool ignoreEos = false, json = false, help = false, version = false;
  /// The first option given that only training programs have; empty if none.
  std::string trainingOption;
  /// The same for generation.
  std::string generationOption;
};

/// Throws Error.
Options parseOptions(int argc, char **argv);

extern const char *const helpText;

} // namespace hfc::run

#endif // HFC_TOOLS_HFC_RUN_OPTIONS_H
