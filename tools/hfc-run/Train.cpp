//===- Train.cpp - training programs: batches, optimizer steps, checkpoints
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Account.h"
#include "BatchSource.h"
#include "NonFinite.h"
#include "Report.h"
#include "TrainingLog.h"
#include "TrainingState.h"

#include "hfc/Runtime/Train/LearningRate.h"

#include <cmath>

namespace hfc::run {

namespace {
using nlohmann::ordered_json;

constexpr const char *gradientRole = "gradient", *profiledPart = "step";

/// Values of all trained parameters, on rank 0 whole.
std::vector<WholeValue> gatherGradients(const Rank &rank, const io::ProgramInfo &program) {
  std::vector<WholeValue> values;
  for (const io::ParameterInfo &parameter : program.parameters)
    if (!parameter.frozen)
      if (std::optional<WholeValue> value = gatherState(rank, program, parameter, gradientRole))
        values.push_back(std::move(*value));
  return values;
}

void checkOptions(const Options &options) {
  const std::pair<const char *, bool> needSteps[] = {{"--save", !options.save.empty()},
                                                     {"--resume", !options.resume.empty()},
                                                     {"--tokens", !options.tokens.empty()},
                                                     {"--log", !options.log.empty()}};
  for (auto [name, given] : needSteps)
    if (given && !options.steps)
      throw Error(std::string(name) + " is for optimizer steps: say how many with --steps");
  if (options.saveEvery && options.save.empty())
    throw Error("--save-every needs a folder: --save=DIR");
}

/// The forward and backward passes of batches, optimizer steps between them, and what the user wants of it all.
class Train {
public:
  explicit Train(Session &session) : session(session), options(session.options), trainer(session.info) {}

  ExitCode run() {
    checkOptions(options);
    progress.seed = uint64_t(options.seed.value_or(0));
    if (!options.resume.empty())
      openSaved();
    prepare();
    return runAndReport(
        session, results, [this](Rank &rank) { runOn(rank); }, [this](const Report &report) { print(report); });
  }

private:
  void openSaved() {
    saved = orThrow(train::openRun(options.resume));
    if (options.seed && uint64_t(*options.seed) != saved->progress.seed)
      throw Error("'" + options.resume + "' was trained with --seed=" + std::to_string(saved->progress.seed) +
                  "; another would change the order of the data in the middle of a run");
    progress = saved->progress;
    if (progress.step >= *options.steps)
      throw Error("'" + options.resume + "' has " + std::to_string(progress.step) + " steps behind it, and --steps=" +
                  std::to_string(*options.steps) + " counts all: there is nothing left to do");
  }

  void prepare() {
    numbers = Hyperparameters::from(options);
    std::optional<train::Decay> decay = train::parseDecay(options.schedule);
    if (!decay)
      throw Error("--schedule=" + options.schedule + ": there are constant, linear and cosine");
    int64_t steps = options.steps.value_or(1);
    rate = {numbers.lr, *decay, options.warmup.value_or(0), steps};
    source = makeBatchSource(session, trainer, progress.seed);
    const io::EntryInfo entry = trainer.batchEntry(session.whole);
    const io::BindingInfo *ids = entry.findInput("input_ids");
    if (session.ranks.leads() && options.steps)
      log.emplace(options, steps, ids ? *io::elementCount(ids->wholeShape()) : 0);
  }

  /// What each rank does. Members are rank 0's to change.
  void runOn(Rank &rank) {
    if (saved)
      restoreState(session, rank, *saved);
    train::Progress place = progress;
    FiniteGuard guard(options, session.info);
    if (saved)
      guard.saved(options.resume, place.step);
    int64_t steps = options.steps.value_or(1);
    if (session.profiler && !options.steps)
      profileGradients(rank, place.position);
    for (int64_t step = place.step + 1; step <= steps; ++step) {
      double time = runStep(rank, guard, step, place.position);
      place.step = step;
      place.position += session.info.batch;
      if (rank.leads())
        record(rank, step, time);
      bool isDue = options.saveEvery && step % *options.saveEvery == 0;
      if (!options.save.empty() && (step == steps || isDue))
        save(rank, guard, place);
    }
    if (!session.profiler)
      return;
    if (rank.leads() && options.steps)
      session.profiler->compare(profiledPart, {times.begin(), times.end() - 1});
    session.profiler->gather(rank);
  }

  void save(const Rank &rank, FiniteGuard &guard, const train::Progress &place) {
    saveState(session, rank, place);
    guard.saved(options.save, place.step);
  }

  /// Gradients alone are computed as often as one likes.
  void profileGradients(const Rank &rank, int64_t position) {
    Profiler &profiler = *session.profiler;
    std::shared_ptr<const WholeInputs> batch = source->batch(position);
    auto accumulate = [&] { trainer.accumulate(rank, *batch, nullptr); };
    std::vector<double> before;
    for (int64_t i = 0; i < profiler.warmUps(rank); ++i)
      before.push_back(timed(accumulate));
    profiler.record(rank, profiledPart, accumulate);
    if (rank.leads())
      profiler.compare(profiledPart, before);
  }

  /// Returns milliseconds. The last step is the one that is profiled.
  double timeWork(const Rank &rank, int64_t step, const std::function<void()> &work) {
    if (!session.profiler || step != options.steps)
      return timed(work);
    return timed([&] { session.profiler->record(rank, profiledPart, work); });
  }

  /// Returns milliseconds.
  double runStep(const Rank &rank, const FiniteGuard &guard, int64_t step, int64_t position) {
    bool collects = step == options.steps.value_or(1) && wantsResults();
    std::shared_ptr<const WholeInputs> batch = source->batch(position);
    double time = timeWork(rank, step, [&] { trainer.accumulate(rank, *batch, collects ? &outputs : nullptr); });
    if (collects)
      collect(rank);
    if (!options.steps)
      return time;
    guard.checkLoss(rank, step, trainer.loss(rank));
    Hyperparameters now = numbers;
    now.lr = rate.at(step);
    time += timeWork(rank, step, [&] { trainer.update(rank, now); });
    guard.checkNorm(rank, step, trainer.gradientNorm(rank));
    return time;
  }

  /// Whole gradients need memory and time: they are put together if somebody looks at them.
  bool wantsResults() const { return !options.steps || !options.outputs.empty() || !options.check.empty(); }

  /// The results that users know by name; before the optimizer changes anything.
  void collect(const Rank &rank) {
    std::vector<WholeValue> gradients = gatherGradients(rank, session.info);
    if (!rank.leads())
      return;
    float loss = float(trainer.loss(rank).value_or(NAN));
    const char *bytes = reinterpret_cast<const char *>(&loss);
    io::TensorInfo info;
    info.name = "loss";
    info.shape = {1};
    results.add(info, std::vector<char>(bytes, bytes + sizeof loss));
    bool hasShifted = session.inputs && session.inputs->find("shifted_labels");
    for (const io::OutputView &view : outputs.list())
      if (view.info.name != "per_token_loss" || hasShifted)
        results.refer(view.info, view.data);
    for (io::OwnedTensor &tensor : assemble(session.info, session.whole, std::move(gradients))) {
      tensor.info.name = "grad." + tensor.info.name;
      results.add(tensor.info, std::move(tensor.data));
    }
  }

  void record(const Rank &rank, int64_t step, double time) {
    if (!session.firstStepAt)
      session.firstStepAt = secondsSinceStart();
    times.push_back(time);
    losses.push_back(trainer.loss(rank).value_or(NAN));
    if (log)
      log->record({step, losses.back(), trainer.gradientNorm(rank).value_or(NAN), rate.at(step), time});
  }

  void print(const Report &report) const {
    Times summary = summarize(times);
    if (options.json) {
      ordered_json head = {{"task", "train"}, {"losses", losses}};
      if (log)
        for (const StepRecord &step : log->records())
          head["gradient_norms"].push_back(step.gradientNorm);
      report.printJson(head,
                       {{"time_ms", {{"median", summary.median}, {"min", summary.least}, {"runs", times.size()}}}});
      return;
    }
    if (session.check || !options.steps)
      report.printText();
  }

  Session &session;
  const Options &options;
  Trainer trainer;
  Hyperparameters numbers;
  train::LearningRate rate;
  /// Where the run begins.
  train::Progress progress;
  std::optional<train::SavedRun> saved;
  std::unique_ptr<BatchSource> source;
  /// Rank 0's: outputs of entries, what is reported of them, and what is told on the way.
  Results outputs, results;
  std::optional<TrainingLog> log;
  std::vector<double> times, losses;
};
} // namespace

ExitCode runTrain(Session &session) { return Train(session).run(); }

} // namespace hfc::run
