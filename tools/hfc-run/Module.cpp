//===- Module.cpp - module programs: a forward pass, and a backward pass from given cotangents
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Report.h"
#include "TrainingState.h"

#include <cstdio>

namespace hfc::run {

namespace {
using nlohmann::ordered_json;

constexpr const char *gradientPrefix = "grad.";

/// One forward and one backward pass, from the user's inputs and cotangents to what is printed.
class Module {
public:
  explicit Module(Session &session)
      : session(session), forward(find(session.info, "forward")), backward(find(session.info, "backward")) {}

  ExitCode run() {
    // One file has the inputs of both.
    io::EntryInfo both = find(session.whole, "forward");
    for (const io::BindingInfo &cotangent : find(session.whole, "backward").inputs)
      both.inputs.push_back(cotangent);
    inputs.read(session, both);
    return runAndReport(
        session, results, [this](Rank &rank) { runOn(rank); }, [this](const Report &report) { print(report); });
  }

private:
  static const io::EntryInfo &find(const io::ProgramInfo &program, const char *name) {
    if (const io::EntryInfo *entry = program.findEntry(name))
      return *entry;
    throw Error(std::string("the program has no entry '") + name + "', which a module needs; compile it again");
  }

  void runOn(Rank &rank) {
    for (int64_t i = 0, runs = runsOn(session, rank); i < runs; ++i) {
      bool isLast = i + 1 == runs;
      inputs.give(session.info, forward, 0, rank);
      double time = timed([&] { rank.run(forward.name); });
      if (isLast)
        for (const io::BindingInfo &output : forward.outputs)
          take(rank, forward, output, output.name);
      inputs.give(session.info, backward, 0, rank);
      time += timed([&] { rank.run(backward.name); });
      if (rank.leads())
        times.push_back(time);
    }
    if (session.profiler)
      profile(rank, *session.profiler);
    takeGradients(rank);
  }

  void profile(Rank &rank, Profiler &profiler) {
    for (const io::EntryInfo *entry : {&forward, &backward}) {
      inputs.give(session.info, *entry, 0, rank);
      profiler.record(rank, "forward and backward", [&] { rank.run(entry->name); });
    }
    if (rank.leads())
      profiler.compare("forward and backward", times);
    profiler.gather(rank);
  }

  /// Gathers what the next entry may write over.
  void take(const Rank &rank, const io::EntryInfo &entry, const io::BindingInfo &output, const std::string &name) {
    io::TensorInfo whole = wholeTensor(output);
    whole.name = name;
    std::vector<char> values(rank.leads() ? whole.bytes() : 0);
    gatherTensor(rank, session.info.mesh, output, rank.output(entry.name, output.name), values.data());
    if (rank.leads())
      results.add(std::move(whole), std::move(values));
  }

  /// Of parameters by the names of `state_dict()`, of inputs as they are.
  void takeGradients(const Rank &rank) {
    std::vector<WholeValue> gradients;
    for (const io::BindingInfo &output : backward.outputs) {
      const io::ParameterInfo *parameter =
          session.info.findParameter(output.name.substr(std::string_view(gradientPrefix).size()));
      if (!parameter) {
        take(rank, backward, output, output.name);
        continue;
      }
      WholeValue value{parameter, output.dtype, std::vector<char>(rank.leads() ? wholeTensor(output).bytes() : 0)};
      gatherTensor(rank, session.info.mesh, output, rank.output(backward.name, output.name), value.data.data());
      gradients.push_back(std::move(value));
    }
    if (!rank.leads())
      return;
    for (io::OwnedTensor &tensor : assemble(session.info, session.whole, std::move(gradients))) {
      tensor.info.name = gradientPrefix + tensor.info.name;
      results.add(tensor.info, std::move(tensor.data));
    }
  }

  void print(const Report &report) const {
    Times summary = summarize(times);
    if (session.options.json) {
      report.printJson({{"task", "module"}},
                       {{"time_ms", {{"median", summary.median}, {"min", summary.least}, {"runs", times.size()}}}});
      return;
    }
    report.printText();
    if (session.options.time)
      std::printf("forward and backward: median %.3f ms, min %.3f ms of %zu\n", summary.median, summary.least,
                  times.size());
  }

  Session &session;
  const io::EntryInfo &forward, &backward;
  WholeInputs inputs;
  /// Rank 0's.
  Results results;
  std::vector<double> times;
};
} // namespace

ExitCode runModule(Session &session) { return Module(session).run(); }

} // namespace hfc::run
