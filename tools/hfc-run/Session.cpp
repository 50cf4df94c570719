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
  if (!options.trainingOption.empty())
    throw Error(options.trainingOption + " is for programs compiled with --task=train; '" + options.program +
                "' was compiled with --task=" + info.task);
  if (info.task != "generate" && !options.generationOption.empty())
    throw Error(options.generationOption + " is for programs compiled with --task=generate; '" + options.program +
                "' was compiled with --task=" + info.task);
}

void checkStatus(hfc_status status) {
  if (status != done)
    throw Error(hfc_last_error(), ExitCode(status));
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

Session::Session(const Options &options) : options(options) {
  hfc_program *opened = nullptr;
  checkStatus(hfc_program_open(options.program.c_str(), options.threads, &opened));
  program.reset(opened);
  info = orThrow(io::parseMetadata(hfc_program_metadata(opened)));
  checkTask(options, info);
  if (!options.inputs.empty() && !parseRandom("inputs", options.inputs))
    inputs = orThrow(io::SafeTensors::open(options.inputs));
  if (!options.check.empty())
    check = orThrow(io::SafeTensors::open(options.check));
  if (options.weights.empty() && !info.parameters.empty())
    throw Error("which weights? give a checkpoint with --weights=DIR, or --weights=random:0");
  if (!options.outputs.empty())
    outputs = orThrow(io::OutputFile::create(options.outputs));
}

void Session::loadWeights() {
  if (options.weights.empty())
    return;
  ProgressLine line;
  std::optional<uint64_t> seed = parseRandom("weights", options.weights);
  if (!seed) {
    checkStatus(hfc_program_load_weights(program.get(), options.weights.c_str(), ProgressLine::callback, &line));
    return;
  }
  randomWeights = orThrow(io::Weights::random(
      info, *seed, [&](const char *what, int64_t done, int64_t total) { line.show(what, done, total); }));
  for (size_t i = 0; i < info.parameters.size(); ++i)
    checkStatus(hfc_program_bind_parameter(program.get(), info.parameters[i].name.c_str(), randomWeights->data()[i]));
}

double Session::run(const std::string &entry) {
  auto start = std::chrono::steady_clock::now();
  checkStatus(hfc_program_run(program.get(), entry.c_str()));
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

bool useColors() { return isatty(STDOUT_FILENO) && !std::getenv("NO_COLOR"); }

Times summarize(std::vector<double> times) {
  std::sort(times.begin(), times.end());
  size_t middle = times.size() / 2;
  double median = times.size() % 2 ? times[middle] : (times[middle - 1] + times[middle]) / 2;
  return {median, times.front()};
}

} // namespace hfc::run
