//===- Session.cpp - a loaded program and what its tasks share
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Session.h"

#include "ProgressLine.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <unistd.h>

namespace hfc::run {

namespace {
constexpr const char *randomPrefix = "random:";

void checkTask(const Options &options, const io::ProgramInfo &info) {
  if (info.task != "train" && !options.trainingOption.empty())
    throw Error(options.trainingOption + " is for programs compiled with --task=train; '" + options.program +
                "' was compiled with --task=" + info.task);
  if (info.task != "generate" && !options.generationOption.empty())
    throw Error(options.generationOption + " is for programs compiled with --task=generate; '" + options.program +
                "' was compiled with --task=" + info.task);
}
} // namespace

std::optional<uint64_t> parseRandom(const std::string &option, const std::string &value) {
  if (value.rfind(randomPrefix, 0) != 0)
    return std::nullopt;
  std::string digits = value.substr(std::string(randomPrefix).size());
  bool isNumber = !digits.empty() && digits.size() <= 18 &&
                  std::all_of(digits.begin(), digits.end(), [](unsigned char c) { return std::isdigit(c); });
  if (!isNumber)
    throw Error("--" + option + "=" + value + ": the seed must be an integer, as in --" + option + "=random:0");
  return std::strtoull(digits.c_str(), nullptr, 10);
}

Session::Session(const Options &options)
    : options(options), ranks(options), info(orThrow(io::parseMetadata(ranks.metadata()))), whole(wholeProgram(info)) {
  checkTask(options, info);
  if (!options.inputs.empty() && !parseRandom("inputs", options.inputs))
    inputs = orThrow(io::SafeTensors::open(options.inputs));
  if (!options.check.empty())
    check = orThrow(io::SafeTensors::open(options.check));
  if (!options.resume.empty() && !options.weights.empty())
    throw Error("--resume brings its own weights: leave --weights away, or start from them without --resume");
  if (options.weights.empty() && options.resume.empty() && !info.parameters.empty())
    throw Error("which weights? give a checkpoint with --weights=DIR, or --weights=random:0");
  if (!options.outputs.empty() && ranks.leads())
    outputs = orThrow(io::OutputFile::create(options.outputs));
  if (!options.profile.empty())
    profiler = std::make_unique<Profiler>(options, info, ranks);
  ranks.onAbandon([this] {
    outputs.reset();
    profiler.reset();
  });
}

void Session::loadWeights() {
  const std::string &weights = options.resume.empty() ? options.weights : options.resume;
  if (weights.empty())
    return;
  ProgressLine line;
  std::optional<uint64_t> seed = parseRandom("weights", weights);
  ranks.forEach([&](Rank &rank) {
    hfc_progress progress = rank.leads() ? ProgressLine::callback : nullptr;
    if (seed)
      checkStatus(hfc_program_random_weights(rank.get(), *seed, progress, &line));
    else
      checkStatus(hfc_program_load_weights(rank.get(), weights.c_str(), progress, &line));
  });
}

bool useColors() { return isatty(STDOUT_FILENO) && !std::getenv("NO_COLOR"); }

int64_t runsOn(const Session &session, const Rank &rank) {
  int64_t wanted = session.options.time.value_or(1);
  return session.profiler ? std::max(wanted, session.profiler->warmUps(rank)) : wanted;
}

Times summarize(std::vector<double> times) {
  std::sort(times.begin(), times.end());
  size_t middle = times.size() / 2;
  double median = times.size() % 2 ? times[middle] : (times[middle - 1] + times[middle]) / 2;
  return {median, times.front()};
}

} // namespace hfc::run
