//===- Train.cpp - runs a training program on the batch of a file
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Report.h"
#include "Trainer.h"

#include "hfc/Runtime/IO/StateDict.h"
#include "hfc/Runtime/Train/SavedRun.h"

#include <cstdio>

namespace hfc::run {

namespace {
using nlohmann::ordered_json;

constexpr const char *gradientRole = "gradient";
constexpr const char *optimizerRoles[] = {"moment1", "moment2", "master"};

/// Values of all trained parameters, on rank 0 whole.
std::vector<WholeValue> gatherGradients(const Rank &rank, const io::ProgramInfo &program) {
  std::vector<WholeValue> values;
  for (const io::ParameterInfo &parameter : program.parameters)
    if (!parameter.frozen)
      if (std::optional<WholeValue> value = gatherState(rank, program, parameter, gradientRole))
        values.push_back(std::move(*value));
  return values;
}

/// By transformers' names. `whole` has the parameters in their whole shapes.
std::vector<io::OwnedTensor> toStateDict(const io::ProgramInfo &program, const io::ProgramInfo &whole,
                                         const std::vector<WholeValue> &values) {
  std::vector<io::ParameterValue> list;
  for (const WholeValue &value : values)
    list.push_back({&whole.parameters[value.parameter - program.parameters.data()], value.dtype, value.data.data()});
  return orThrow(io::assembleStateDict(list));
}

/// One batch, from the user's file: its loss and gradients, and as many optimizer steps on it as the user wants.
class Train {
public:
  explicit Train(Session &session) : session(session), trainer(session.info) {}

  ExitCode run() {
    if (session.options.inputs.empty())
      throw Error("which batch? give a safetensors file with --inputs");
    if (!session.options.steps && !session.options.save.empty())
      throw Error("--save writes what training has made: give --steps too");
    batch.read(session, trainer.batchEntry(session.whole));
    session.loadWeights();
    session.ranks.forEach([this](Rank &rank) { runOn(rank); });
    if (!session.ranks.leads())
      return done;
    if (!session.options.save.empty())
      save();
    Report report(session, results);
    report.compareAndWrite();
    print(report);
    return report.code();
  }

private:
  void runOn(Rank &rank) {
    int64_t steps = session.options.steps.value_or(1);
    Hyperparameters numbers = Hyperparameters::from(session.options);
    for (int64_t step = 1; step <= steps; ++step) {
      bool collects = step == steps && wantsResults();
      double time = timed([&] { trainer.accumulate(rank, batch, collects ? &outputs : nullptr); });
      if (collects)
        collect(rank);
      if (session.options.steps)
        time += timed([&] { trainer.update(rank, numbers); });
      if (rank.leads())
        recordStep(rank, step, time);
    }
    if (!session.options.save.empty())
      gatherEverything(rank);
  }

  /// Whole gradients need memory and time: they are put together if somebody looks at them.
  bool wantsResults() const {
    const Options &options = session.options;
    return !options.steps || !options.outputs.empty() || !options.check.empty();
  }

  /// The results that users know by name; before the optimizer changes anything.
  void collect(const Rank &rank) {
    std::vector<WholeValue> gradients = gatherGradients(rank, session.info);
    if (!rank.leads())
      return;
    float loss = float(trainer.loss(rank));
    const char *bytes = reinterpret_cast<const char *>(&loss);
    io::TensorInfo info;
    info.name = "loss";
    info.shape = {1};
    results.add(info, std::vector<char>(bytes, bytes + sizeof loss));
    bool hasShifted = session.inputs && session.inputs->find("shifted_labels");
    for (const io::OutputView &view : outputs.list())
      if (view.info.name != "per_token_loss" || hasShifted)
        results.refer(view.info, view.data);
    for (io::OwnedTensor &tensor : toStateDict(session.info, session.whole, gradients)) {
      tensor.info.name = "grad." + tensor.info.name;
      results.add(tensor.info, std::move(tensor.data));
    }
  }

  void recordStep(const Rank &rank, int64_t step, double time) {
    times.push_back(time);
    losses.push_back(trainer.loss(rank));
    norms.push_back(session.options.steps ? trainer.gradientNorm(rank) : 0);
    if (session.options.steps && !session.options.json)
      std::printf("step %lld: loss %.6g, gradient norm %.6g, %.1f ms\n", static_cast<long long>(step), losses.back(),
                  norms.back(), time);
  }

  //===-- Saving ----------------------------------------------------------===//

  void gatherEverything(const Rank &rank) {
    for (const io::ParameterInfo &parameter : session.info.parameters) {
      std::optional<WholeValue> value = gatherParameter(rank, session.info, parameter);
      if (rank.leads())
        parameters.push_back(std::move(*value));
      for (const char *role : optimizerRoles) {
        std::optional<WholeValue> state = gatherState(rank, session.info, parameter, role);
        if (rank.leads() && state)
          optimizer.emplace_back(std::string(role) + "." + parameter.name, std::move(*state));
      }
    }
  }

  void save() {
    // Checkpoints are read by the checkpoint's names, not by state_dict()'s.
    io::ProgramInfo whole = session.whole;
    for (io::ParameterInfo &parameter : whole.parameters)
      parameter.stateDict.clear();
    std::vector<io::OwnedTensor> owned = toStateDict(session.info, whole, parameters);
    std::vector<io::TensorToWrite> model, states;
    for (const io::OwnedTensor &tensor : owned)
      model.push_back({tensor.info.name, tensor.info.dtype, tensor.info.shape, tensor.data.data()});
    for (const auto &[name, value] : optimizer)
      states.push_back({name, value.dtype, value.parameter->wholeShape(), value.data.data()});
    orThrow(train::saveRun(session.options.save, {*session.options.steps, 0, 0}, model, states));
  }

  void print(const Report &report) const {
    Times summary = summarize(times);
    if (session.options.json) {
      ordered_json head = {{"task", "train"}, {"losses", losses}};
      if (session.options.steps)
        head["gradient_norms"] = norms;
      report.printJson(head,
                       {{"time_ms", {{"median", summary.median}, {"min", summary.least}, {"runs", times.size()}}}});
      return;
    }
    if (session.check || !session.options.steps)
      report.printText();
  }

  Session &session;
  Trainer trainer;
  WholeInputs batch;
  /// Rank 0's: outputs of entries, and what is reported of them.
  Results outputs, results;
  std::vector<double> times, losses, norms;
  std::vector<WholeValue> parameters;
  std::vector<std::pair<std::string, WholeValue>> optimizer;
};
} // namespace

ExitCode runTrain(Session &session) { return Train(session).run(); }

} // namespace hfc::run
