//===- NonFinite.h - training ends where numbers are none any more
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_TOOLS_HFC_RUN_NONFINITE_H
#define HFC_TOOLS_HFC_RUN_NONFINITE_H

#include "Ranks.h"

#include "hfc/Runtime/Train/SavedRun.h"

namespace hfc::run {

/// Ends a run whose loss or gradient norm is NaN or infinite, naming weights and gradients by transformers' names, and
/// the ranks that have them. These two numbers are all that is looked at while they are finite. All ranks call it, and
/// all see the same numbers: the program has reduced them.
class FiniteGuard {
public:
  FiniteGuard(const Options &options, const io::ProgramInfo &program) : options(options), program(program) {}

  /// Before the update: the weights are still those that gave this loss.
  void checkLoss(const Rank &rank, int64_t step, std::optional<double> loss) const;
  /// After it, and before anything is saved.
  void checkNorm(const Rank &rank, int64_t step, std::optional<double> norm) const;

  /// From here on there is a checkpoint to go back to.
  void saved(const std::string &path, int64_t step) { checkpoint = {path, step}; }

private:
  std::string advice() const;

  const Options &options;
  const io::ProgramInfo &program;
  /// Where the last checkpoint is, and of which step.
  std::optional<std::pair<std::string, int64_t>> checkpoint;
};

} // namespace hfc::run

#endif // HFC_TOOLS_HFC_RUN_NONFINITE_H
