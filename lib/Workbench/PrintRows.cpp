//===- PrintRows.cpp - rows as JSON and as CSV
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Workbench/Row.h"

#include "llvm/Support/FormatVariadic.h"

using namespace hfc;
using namespace hfc::workbench;

static llvm::json::Value toJSON(const Row &row) {
  auto figure = [](std::optional<double> ratio) {
    return ratio ? llvm::json::Value(*ratio) : llvm::json::Value(nullptr);
  };
  return llvm::json::Object{{"model", row.model},
                            {"mesh", row.mesh},
                            {"own", workbench::toJSON(row.own)},
                            {"baseline", workbench::toJSON(row.baseline)},
                            {"ratios", llvm::json::Object{{"time", figure(row.timeRatio())},
                                                          {"sent", figure(row.sentRatio())},
                                                          {"memory", figure(row.memoryRatio())}}}};
}

void workbench::printJSON(ArrayRef<Row> rows, const ledger::Machine &machine, llvm::raw_ostream &os) {
  llvm::json::Array array;
  for (const Row &row : rows)
    array.push_back(::toJSON(row));
  os << llvm::formatv("{0:2}", llvm::json::Value(llvm::json::Object{
                                   {"machine", machine.name},
                                   {"calibrated", machine.calibrated},
                                   {"rows", std::move(array)},
                               }))
     << '\n';
}

//===----------------------------------------------------------------------===//
// CSV
//===----------------------------------------------------------------------===//

/// RFC 4180: in quotes, if need be.
static std::string quoted(StringRef text) {
  if (text.find_first_of(",\"\n") == StringRef::npos)
    return text.str();
  std::string result = "\"";
  for (char c : text)
    result += c == '"' ? "\"\"" : std::string(1, c);
  return result + "\"";
}

/// "all_reduce over tp: 161, 2147483648; …": how many, and their bytes.
static std::string describeTraffic(const Outcome &outcome) {
  std::string text;
  for (const Traffic &part : outcome.traffic)
    text += llvm::formatv("{0}{1} over {2}: {3}, {4}", text.empty() ? "" : "; ", part.kind, part.axes, part.count,
                          part.bytes);
  return text;
}

using Columns = std::vector<std::pair<std::string, std::string>>;

/// The columns of one side; empty where it has no such figure.
static Columns columnsOf(const Outcome &outcome) {
  Columns columns = {{"partitioner", outcome.partitioner},
                     {"mesh", outcome.mesh},
                     {"verification", outcome.refusal.empty() ? nameOf(outcome.verification).str() : "refused"},
                     {"message", outcome.refusal.empty() ? outcome.finding : outcome.refusal}};
  auto add = [&](StringRef name, bool isThere, const std::string &text) {
    columns.push_back({name.str(), isThere ? text : ""});
  };
  bool isChecked = outcome.counts.checked() > 0, hasCosts = outcome.hasCosts();
  const Memory &memory = outcome.memory;
  Traffic total = outcome.trafficTotal();
  add("exact", isChecked, std::to_string(outcome.counts.exact));
  add("oracles", isChecked, std::to_string(outcome.counts.oracles));
  add("float64", isChecked, std::to_string(outcome.counts.float64));
  add("check_seconds", isChecked, llvm::formatv("{0:F3}", outcome.checkSeconds));
  add("collectives", hasCosts, std::to_string(total.count));
  add("collective_bytes", hasCosts, std::to_string(total.bytes));
  add("sent_bytes", hasCosts, std::to_string(total.sent));
  add("collectives_by_kind", hasCosts, describeTraffic(outcome));
  for (auto [name, bytes] : std::initializer_list<std::pair<StringRef, int64_t>>{{"parameters", memory.parameters},
                                                                                 {"gradients", memory.gradients},
                                                                                 {"masters", memory.masters},
                                                                                 {"moments", memory.moments},
                                                                                 {"other_states", memory.otherStates},
                                                                                 {"constants", memory.constants},
                                                                                 {"arena", memory.arena},
                                                                                 {"total", memory.total()},
                                                                                 {"peak", memory.peak()}})
    add(name, hasCosts, std::to_string(bytes));
  add("flops", hasCosts, std::to_string(outcome.flops));
  add("step_microseconds", hasCosts, llvm::formatv("{0:F1}", outcome.stepMicroseconds));
  add("seconds", true, llvm::formatv("{0:F3}", outcome.seconds));
  return columns;
}

static Columns columnsOf(const Row &row) {
  const Outcome &known = row.own.family.empty() ? row.baseline : row.own;
  Columns columns = {{"model", row.model},
                     {"family", known.family},
                     {"task", known.task},
                     {"dtype", known.dtype},
                     {"batch", std::to_string(known.batch)},
                     {"sequence", std::to_string(known.sequence)},
                     {"ranks", std::to_string(row.own.ranks)}};
  llvm::append_range(columns, columnsOf(row.own));
  for (const auto &[name, text] : columnsOf(row.baseline))
    columns.push_back({"baseline_" + name, text});
  for (auto [name, ratio] : std::initializer_list<std::pair<StringRef, std::optional<double>>>{
           {"time_ratio", row.timeRatio()}, {"sent_ratio", row.sentRatio()}, {"memory_ratio", row.memoryRatio()}})
    columns.push_back({name.str(), ratio ? llvm::formatv("{0:F4}", *ratio).str() : ""});
  return columns;
}

void workbench::printCSV(ArrayRef<Row> rows, llvm::raw_ostream &os) {
  bool isFirst = true;
  for (const Row &row : rows) {
    Columns columns = columnsOf(row);
    auto print = [&](auto field) {
      llvm::interleave(columns, os, [&](const auto &column) { os << quoted(field(column)); }, ",");
      os << '\n';
    };
    if (std::exchange(isFirst, false))
      print([](const auto &column) -> StringRef { return column.first; });
    print([](const auto &column) -> StringRef { return column.second; });
  }
}
