//===- Session.h - a loaded program and what its tasks share
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_TOOLS_HFC_RUN_SESSION_H
#define HFC_TOOLS_HFC_RUN_SESSION_H

#include "Profiler.h"
#include "Ranks.h"

#include "hfc/Runtime/IO/Inputs.h"
#include "hfc/Runtime/IO/SafeTensors.h"

#include <chrono>
#include <memory>
#include <optional>
#include <vector>

namespace hfc::run {

/// The value, or Error.
template <typename T>
T orThrow(io::Result<T> result) {
  if (!result)
    throw Error(result.error());
  return std::move(*result);
}
inline void orThrow(const io::Status &status) {
  if (!status)
    throw Error(status.error());
}

/// A program that is loaded, and the user's files.
class Session {
public:
  explicit Session(const Options &options);

  /// After everything cheap has been checked; all ranks'.
  void loadWeights();

  const Options &options;
  Ranks ranks;
  /// As a rank sees it, and as if one rank held everything.
  io::ProgramInfo info, whole;
  /// What --inputs and --check name, if given and if a file.
  std::optional<io::SafeTensors> inputs, check;
  /// What --outputs names, opened before the run and complete after it, or gone. Rank 0's.
  std::unique_ptr<io::OutputFile> outputs;
  /// When, in seconds since the process began, rank 0 had done the first step, or read the first prompts.
  std::optional<double> firstStepAt;
  /// With --profile.
  std::unique_ptr<Profiler> profiler;
};

/// "random:SEED" → SEED; nothing if the value does not begin so.
std::optional<uint64_t> parseRandom(const std::string &option, const std::string &value);

/// Whether stdout is a terminal that wants colours.
bool useColors();

/// Milliseconds.
template <typename Body>
double timed(Body body) {
  auto start = std::chrono::steady_clock::now();
  body();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

/// How often a task runs before what --profile records, or at all.
int64_t runsOn(const Session &session, const Rank &rank);

struct Times {
  double median, least;
};
Times summarize(std::vector<double> times);

/// The tasks; each returns the exit status.
ExitCode runForward(Session &session);
ExitCode runGenerate(Session &session);
ExitCode runModule(Session &session);
ExitCode runTrain(Session &session);

} // namespace hfc::run

#endif // HFC_TOOLS_HFC_RUN_SESSION_H
