//===- Report.cpp - what a run prints and writes
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Report.h"

#include "Account.h"

#include <cmath>
#include <cstdio>
#include <map>
#include <tuple>

namespace hfc::run {

using nlohmann::ordered_json;

void Report::compareAndWrite() {
  if (session.check) {
    const io::TensorView *mask = session.inputs ? session.inputs->find("attention_mask") : nullptr;
    if (!mask)
      mask = session.check->find("attention_mask");
    bool sequenceFirst = session.info.layout == "sequence-first";
    comparisons = orThrow(io::compareOutputs(results.list(), *session.check, mask, sequenceFirst));
  }
  if (!session.outputs)
    return;
  std::vector<io::TensorToWrite> tensors;
  for (const io::OutputView &view : results.list())
    tensors.push_back({view.info.name, view.info.dtype, view.info.shape, view.data});
  orThrow(io::writeSafeTensors(*session.outputs, tensors));
  orThrow(session.outputs->commit());
}

/// What an output looks like, for a user who asked for nothing else.
static void printSummary(const io::OutputView &view) {
  double sum = 0, squares = 0, most = 0;
  int64_t count = view.info.elements();
  for (int64_t i = 0; i < count; ++i) {
    double value = io::loadElement(view.data, view.info.dtype, i);
    sum += value;
    squares += value * value;
    most = std::fmax(most, std::fabs(value));
  }
  std::printf("%s %s %s: mean %.6g, root mean square %.6g, largest %.6g\n", view.info.name.c_str(),
              std::string(io::nameOf(view.info.dtype)).c_str(), io::shapeToString(view.info.shape).c_str(),
              sum / double(count), std::sqrt(squares / double(count)), most);
}

void Report::printText() const {
  io::Tolerances tolerances = io::tolerancesOf(session.info, session.options.tolerance);
  if (comparisons)
    std::fputs(io::comparisonTable(*comparisons, tolerances, useColors()).c_str(), stdout);
  else if (!session.options.time)
    for (const io::OutputView &view : results.list())
      printSummary(view);
}

void Report::printJson(ordered_json document, const ordered_json &tail) const {
  for (const io::OutputView &view : results.list())
    document["outputs"].push_back(
        {{"name", view.info.name}, {"dtype", std::string(io::nameOf(view.info.dtype))}, {"shape", view.info.shape}});
  if (comparisons) {
    io::Tolerances tolerances = io::tolerancesOf(session.info, session.options.tolerance);
    document["check"] = ordered_json::parse(io::comparisonJson(*comparisons, tolerances));
    document["passed"] = io::allPassed(*comparisons, tolerances);
  }
  if (!session.info.collectives.empty())
    document["collectives"] = countCollectives(session.info, session.ranks.first());
  document.update(tail);
  addAccount(document, session);
  if (session.profiler)
    document["profile"] = session.profiler->summary();
  std::puts(document.dump(-1, ' ', false, ordered_json::error_handler_t::replace).c_str());
}

ExitCode Report::code() const {
  io::Tolerances tolerances = io::tolerancesOf(session.info, session.options.tolerance);
  return !comparisons || io::allPassed(*comparisons, tolerances) ? done : comparisonFailed;
}

ExitCode runAndReport(Session &session, const Results &results, const std::function<void(Rank &)> &runOn,
                      const std::function<void(const Report &)> &print) {
  session.loadWeights();
  session.ranks.forEach(runOn);
  if (!session.ranks.leads())
    return done;
  Report report(session, results);
  report.compareAndWrite();
  if (session.profiler)
    session.profiler->write();
  print(report);
  if (session.profiler && !session.options.json)
    session.profiler->print();
  return report.code();
}

ordered_json countCollectives(const io::ProgramInfo &program, const Rank &rank) {
  std::map<std::tuple<std::string, std::string, std::string>, size_t> rows;
  ordered_json list = ordered_json::array();
  for (size_t i = 0; i < program.collectives.size(); ++i) {
    const io::CollectiveInfo &each = program.collectives[i];
    int64_t count = hfc_program_collective_count(rank.get(), int64_t(i));
    if (count == 0)
      continue;
    std::string axes = io::toString(program.groups[each.group], program.mesh);
    auto [row, isNew] = rows.try_emplace({each.entry, each.kind, axes}, list.size());
    if (isNew)
      list.push_back({{"entry", each.entry}, {"kind", each.kind}, {"axes", axes}, {"count", 0}, {"bytes", 0}});
    ordered_json &sum = list[row->second];
    sum["count"] = sum["count"].get<int64_t>() + count;
    sum["bytes"] = sum["bytes"].get<int64_t>() + hfc_program_collective_bytes(rank.get(), int64_t(i));
  }
  return list;
}

} // namespace hfc::run
