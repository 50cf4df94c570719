//===- Forward.cpp - runs a forward program
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Account.h"
#include "Report.h"

#include <cstdio>

namespace hfc::run {

namespace {
using nlohmann::ordered_json;

/// One forward, from the user's inputs to what is printed.
class Forward {
public:
  explicit Forward(Session &session) : session(session), entry(findEntry(session.info)) {}

  ExitCode run() {
    inputs.read(session, *session.whole.findEntry(entry.name));
    return runAndReport(
        session, results, [this](Rank &rank) { runOn(rank); }, [this](const Report &report) { print(report); });
  }

private:
  static const io::EntryInfo &findEntry(const io::ProgramInfo &info) {
    if (const io::EntryInfo *entry = info.findEntry("forward"))
      return *entry;
    throw Error("the program has no entry 'forward' (its task is '" + info.task + "'); this hfc-run cannot run it");
  }

  /// The arena of inputs is free for other values once they have been read, so repetitions fill it again.
  void runOn(Rank &rank) {
    Profiler *profiler = session.profiler.get();
    for (int64_t i = 0; i < runsOn(session, rank); ++i) {
      inputs.give(session.info, entry, 0, rank);
      double time = timed([&] { rank.run(entry.name); });
      if (&rank != &session.ranks.first())
        continue;
      times.push_back(time);
      if (!session.firstStepAt)
        session.firstStepAt = secondsSinceStart();
    }
    if (profiler) {
      inputs.give(session.info, entry, 0, rank);
      profiler->record(rank, entry.name, [&] { rank.run(entry.name); });
      if (rank.leads())
        profiler->compare(entry.name, times);
      profiler->gather(rank);
    }
    for (const io::BindingInfo &output : entry.outputs)
      gatherOutput(rank, session.info, entry, output, results);
  }

  void print(const Report &report) const {
    Times summary = summarize(times);
    if (session.options.json) {
      report.printJson({{"task", "forward"}},
                       {{"time_ms", {{"median", summary.median}, {"min", summary.least}, {"runs", times.size()}}}});
      return;
    }
    report.printText();
    if (session.options.time)
      std::printf("forward: median %.3f ms, min %.3f ms of %zu\n", summary.median, summary.least, times.size());
  }

  Session &session;
  const io::EntryInfo &entry;
  WholeInputs inputs;
  /// Rank 0's.
  Results results;
  std::vector<double> times;
};
} // namespace

ExitCode runForward(Session &session) { return Forward(session).run(); }

} // namespace hfc::run
