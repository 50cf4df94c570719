//===- Forward.cpp - runs a forward program
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Session.h"

#include "hfc/Runtime/IO/Compare.h"

#include <cmath>
#include <cstdio>
#include <cstring>
#include <nlohmann/json.hpp>

namespace hfc::run {

namespace {
using nlohmann::ordered_json;

/// One forward, from the user's inputs to what is printed.
class Forward {
public:
  explicit Forward(Session &session) : session(session), entry(findEntry(session.info)) {}

  ExitCode run() {
    readInputs();
    session.loadWeights();
    runEntry();
    // Before outputs are written: a reference that does not fit is the user's mistake, and then nothing is.
    std::optional<std::vector<io::Comparison>> comparisons = compare();
    writeOutputs();
    return report(comparisons);
  }

private:
  static const io::EntryInfo &findEntry(const io::ProgramInfo &info) {
    if (const io::EntryInfo *entry = info.findEntry("forward"))
      return *entry;
    throw Error("the program has no entry 'forward' (its task is '" + info.task + "'); this hfc-run cannot run it");
  }

  void *inputBuffer(const io::BindingInfo &binding) { return session.input<void>(entry.name, binding.name); }

  void readInputs() {
    auto buffer = [this](const io::BindingInfo &binding) { return inputBuffer(binding); };
    if (std::optional<uint64_t> seed = parseRandom("inputs", session.options.inputs)) {
      io::randomInputs(entry, *seed, buffer);
      return;
    }
    std::vector<std::string> ignored;
    orThrow(io::readInputs(session.info, entry, session.inputs ? &*session.inputs : nullptr, buffer, &ignored));
    for (const std::string &name : ignored)
      std::fprintf(stderr, "hfc-run: note: '%s' in '%s' means nothing to this program and is ignored\n", name.c_str(),
                   session.inputs->path().c_str());
  }

  /// The arena of inputs is free for other values once they have been read, so repetitions fill it again.
  void runEntry() {
    int64_t repetitions = session.options.time.value_or(1);
    std::vector<std::vector<char>> saved;
    for (const io::BindingInfo &input : entry.inputs)
      if (repetitions > 1) {
        const char *data = static_cast<const char *>(inputBuffer(input));
        saved.emplace_back(data, data + input.bytes());
      }
    for (int64_t i = 0; i < repetitions; ++i) {
      for (size_t j = 0; j < saved.size(); ++j)
        std::memcpy(inputBuffer(entry.inputs[j]), saved[j].data(), saved[j].size());
      times.push_back(session.run(entry.name));
    }
  }

  const void *data(const io::BindingInfo &output) { return session.output(entry.name, output.name); }

  std::optional<std::vector<io::Comparison>> compare() {
    if (!session.check)
      return std::nullopt;
    std::vector<io::OutputView> views;
    for (const io::BindingInfo &output : entry.outputs)
      views.push_back({output, data(output)});
    const io::TensorView *mask = session.inputs ? session.inputs->find("attention_mask") : nullptr;
    if (!mask)
      mask = session.check->find("attention_mask");
    return orThrow(io::compareOutputs(views, *session.check, mask, session.info.layout == "sequence-first"));
  }

  void writeOutputs() {
    if (!session.outputs)
      return;
    std::vector<io::TensorToWrite> tensors;
    for (const io::BindingInfo &output : entry.outputs)
      tensors.push_back({output.name, output.dtype, output.shape, data(output)});
    orThrow(io::writeSafeTensors(*session.outputs, tensors));
    orThrow(session.outputs->commit());
  }

  ExitCode report(const std::optional<std::vector<io::Comparison>> &comparisons) {
    double tolerance = session.options.tolerance.value_or(io::defaultTolerance(session.info));
    bool passed = true;
    for (const io::Comparison &each : comparisons.value_or(std::vector<io::Comparison>()))
      passed &= each.passed(tolerance);
    if (session.options.json)
      printJson(comparisons, tolerance, passed);
    else
      printText(comparisons, tolerance);
    return passed ? done : comparisonFailed;
  }

  void printText(const std::optional<std::vector<io::Comparison>> &comparisons, double tolerance) {
    if (comparisons)
      std::fputs(io::comparisonTable(*comparisons, tolerance, useColors()).c_str(), stdout);
    else if (!session.options.time)
      for (const io::BindingInfo &output : entry.outputs)
        printSummary(output);
    if (session.options.time) {
      Times summary = summarize(times);
      std::printf("forward: median %.3f ms, min %.3f ms of %zu\n", summary.median, summary.least, times.size());
    }
  }

  /// What an output looks like, for a user who asked for nothing else.
  void printSummary(const io::BindingInfo &output) {
    double sum = 0, squares = 0, most = 0;
    int64_t count = output.elements();
    for (int64_t i = 0; i < count; ++i) {
      double value = io::loadElement(data(output), output.dtype, i);
      sum += value;
      squares += value * value;
      most = std::fmax(most, std::fabs(value));
    }
    std::printf("%s %s %s: mean %.6g, root mean square %.6g, largest %.6g\n", output.name.c_str(),
                std::string(io::nameOf(output.dtype)).c_str(), io::shapeToString(output.shape).c_str(),
                sum / double(count), std::sqrt(squares / double(count)), most);
  }

  void printJson(const std::optional<std::vector<io::Comparison>> &comparisons, double tolerance, bool passed) {
    ordered_json document = {{"task", "forward"}};
    for (const io::BindingInfo &output : entry.outputs)
      document["outputs"].push_back(
          {{"name", output.name}, {"dtype", std::string(io::nameOf(output.dtype))}, {"shape", output.shape}});
    if (comparisons) {
      document["check"] = ordered_json::parse(io::comparisonJson(*comparisons, tolerance));
      document["passed"] = passed;
    }
    Times summary = summarize(times);
    document["time_ms"] = {{"median", summary.median}, {"min", summary.least}, {"runs", times.size()}};
    std::puts(document.dump(-1, ' ', false, ordered_json::error_handler_t::replace).c_str());
  }

  Session &session;
  const io::EntryInfo &entry;
  std::vector<double> times;
};
} // namespace

ExitCode runForward(Session &session) { return Forward(session).run(); }

} // namespace hfc::run
