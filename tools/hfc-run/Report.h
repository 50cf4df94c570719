//===- Report.h - what a run prints and writes
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_TOOLS_HFC_RUN_REPORT_H
#define HFC_TOOLS_HFC_RUN_REPORT_H

#include "WholeTensors.h"

#include <nlohmann/json.hpp>

#include <functional>

namespace hfc::run {

/// Results against --check, in --outputs, and on standard output. Rank 0's business.
class Report {
public:
  Report(Session &session, const Results &results) : session(session), results(results) {}

  /// Compares first: a reference that does not fit is the user's mistake, and then nothing is written.
  void compareAndWrite();
  /// Comparisons, or what the results look like.
  void printText() const;
  /// The same for programs, between what else is to be said.
  void printJson(nlohmann::ordered_json document, const nlohmann::ordered_json &tail) const;
  ExitCode code() const;

private:
  Session &session;
  const Results &results;
  std::optional<std::vector<io::Comparison>> comparisons;
};

/// Loads the weights and runs every rank; then rank 0 compares, writes and prints what is in `results`.
ExitCode runAndReport(Session &session, const Results &results, const std::function<void(Rank &)> &runOn,
                      const std::function<void(const Report &)> &print);

/// How often this rank has executed collectives, by entry, kind and axes, as the runtime counted:
/// [{"entry", "kind", "axes", "count", "bytes"}].
nlohmann::ordered_json countCollectives(const io::ProgramInfo &program, const Rank &rank);

} // namespace hfc::run

#endif // HFC_TOOLS_HFC_RUN_REPORT_H
