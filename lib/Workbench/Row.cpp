//===- Row.cpp - a way to partition beside another
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Workbench/Row.h"

#include "hfc/Workbench/Processes.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"

using namespace hfc;
using namespace hfc::workbench;

template <typename Figure>
static std::optional<double> ratio(const Row &row, Figure figure) {
  if (!row.own.hasCosts() || !row.baseline.hasCosts())
    return std::nullopt;
  auto own = static_cast<double>(figure(row.own)), baseline = static_cast<double>(figure(row.baseline));
  return baseline > 0 ? std::optional<double>(own / baseline) : std::nullopt;
}

std::optional<double> Row::timeRatio() const {
  return ratio(*this, [](const Outcome &outcome) { return outcome.stepMicroseconds; });
}

std::optional<double> Row::sentRatio() const {
  return ratio(*this, [](const Outcome &outcome) { return outcome.trafficTotal().sent; });
}

std::optional<double> Row::memoryRatio() const {
  return ratio(*this, [](const Outcome &outcome) { return outcome.memory.peak(); });
}

Trial workbench::baselineOf(const Trial &trial, StringRef partitioner) {
  Trial baseline = trial;
  baseline.plugins.clear();
  baseline.import.partitioner = partitioner.str();
  baseline.import.partitionSpec.reset();
  std::vector<MeshAxis> mesh = trial.import.mesh.value_or(std::vector<MeshAxis>());
  if (llvm::all_of(mesh, [](const MeshAxis &axis) { return axis.name == "dp" || axis.name == "tp"; }))
    return baseline;
  MeshAxis data{"dp", 1}, tensor{"tp", 1};
  for (const MeshAxis &axis : mesh)
    (axis.name == "dp" ? data : tensor).size *= axis.size;
  baseline.import.mesh = {data, tensor};
  return baseline;
}

/// Trials with the same key are the same, where all questions have the same other options.
static std::string keyOf(const Trial &trial) {
  Outcome known = describe(trial);
  return trial.model + "\n" + known.mesh + "\n" + known.partitioner + "\n" + llvm::join(trial.plugins, "\n") + "\n" +
         trial.import.partitionSpec.value_or("");
}

std::vector<Row> workbench::answer(ArrayRef<Question> questions, const ledger::Machine &machine, unsigned jobs,
                                   llvm::function_ref<void(const Row &)> progress) {
  std::vector<Trial> trials;
  std::vector<std::pair<size_t, size_t>> places; // of a question's trials
  llvm::StringMap<size_t> numbers;
  auto placeOf = [&](const Trial &trial) {
    auto [found, isNew] = numbers.try_emplace(keyOf(trial), trials.size());
    if (isNew)
      trials.push_back(trial);
    return found->second;
  };
  for (const Question &question : questions) {
    size_t own = placeOf(question.trial);
    places.push_back({own, placeOf(question.baseline)});
  }
  std::vector<std::optional<Outcome>> outcomes(trials.size());
  std::vector<Row> rows(questions.size());
  runAll(trials, machine, jobs, [&](size_t ended, Outcome outcome) {
    outcomes[ended] = std::move(outcome);
    for (auto [place, question, row] : llvm::zip_equal(places, questions, rows)) {
      auto [own, baseline] = place;
      if ((own != ended && baseline != ended) || !outcomes[own] || !outcomes[baseline])
        continue;
      row = {question.model, question.mesh, *outcomes[own], *outcomes[baseline], own == baseline};
      progress(row);
    }
  });
  return rows;
}
