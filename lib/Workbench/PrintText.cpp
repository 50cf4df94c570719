//===- PrintText.cpp - a row for people
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Workbench/Row.h"

#include "hfc/Ledger/Print.h"
#include "lib/Ledger/Format.h"

#include "llvm/Support/FormatVariadic.h"

#include <set>

using namespace hfc;
using namespace hfc::workbench;
using ledger::formatBytes;

static std::string formatRatio(std::optional<double> ratio) {
  return ratio ? llvm::formatv(*ratio < 1e4 ? "×{0:F2}" : "×{0:E1}", *ratio).str() : std::string();
}

/// Characters that a terminal shows: UTF-8's bytes that begin one.
static size_t widthOf(StringRef text) {
  return llvm::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
}

static std::string padded(StringRef text, size_t width) {
  return std::string(width - std::min(width, widthOf(text)), ' ') + text.str();
}

/// Whether it is verified, in a word or two.
static std::string wordFor(const Outcome &outcome) {
  if (!outcome.refusal.empty())
    return "refused";
  switch (outcome.verification) {
  case Verification::None:
    return "one rank";
  case Verification::Passed:
    return "yes";
  case Verification::Unchecked:
    return "not checked";
  case Verification::Failed:
    return "WRONG";
  }
  return "";
}

namespace {

/// Lines of two columns and a ratio, or of one column where there is nothing to compare.
class Table {
public:
  Table(const Row &row, const ledger::Machine &machine, llvm::raw_ostream &os) : row(row), machine(machine), os(os) {}
  void print();

private:
  template <typename Figure>
  void line(StringRef name, Figure figure, std::optional<double> ratio = std::nullopt);
  /// A line of bytes, with their ratio; left out where both have none.
  template <typename Figure>
  void bytes(StringRef name, Figure figure, bool isAlways = false);
  void printVerification();
  void printTraffic();
  void printMemory();

  const Row &row;
  const ledger::Machine &machine;
  llvm::raw_ostream &os;
  size_t width = 16;
};

} // namespace

template <typename Figure>
void Table::line(StringRef name, Figure figure, std::optional<double> ratio) {
  std::string text = "  " + name.str();
  text += std::string(26 - std::min<size_t>(26, widthOf(text)), ' ');
  text += padded(figure(row.own), width);
  if (!row.isBaseline)
    text += padded(figure(row.baseline), width) + padded(formatRatio(ratio), 10);
  os << StringRef(text).rtrim() << '\n';
}

template <typename Figure>
void Table::bytes(StringRef name, Figure figure, bool isAlways) {
  auto text = [&](const Outcome &outcome) {
    return outcome.hasCosts() ? formatBytes(figure(outcome)) : std::string("-");
  };
  double own = static_cast<double>(figure(row.own)), baseline = static_cast<double>(figure(row.baseline));
  bool isComparable = row.own.hasCosts() && row.baseline.hasCosts() && baseline > 0;
  if (isAlways || own > 0 || baseline > 0)
    line(name, text, isComparable ? std::optional<double>(own / baseline) : std::nullopt);
}

void Table::printVerification() {
  line("verified", wordFor);
  auto checked = [&](StringRef name, auto figure) {
    line(name, [&](const Outcome &outcome) {
      return outcome.counts.checked() ? std::to_string(figure(outcome.counts)) : std::string("-");
    });
  };
  checked("  operations exactly", [](const verify::Counts &counts) { return counts.exact; });
  checked("  by oracles", [](const verify::Counts &counts) { return counts.oracles; });
  checked("  in float64", [](const verify::Counts &counts) { return counts.float64; });
  line("  in seconds", [](const Outcome &outcome) {
    return outcome.checkedMesh.empty() ? std::string("-") : llvm::formatv("{0:F2}", outcome.checkSeconds).str();
  });
}

static const Traffic *find(const Outcome &outcome, const std::pair<std::string, std::string> &key) {
  for (const Traffic &traffic : outcome.traffic)
    if (traffic.axes == key.first && traffic.kind == key.second)
      return &traffic;
  return nullptr;
}

void Table::printTraffic() {
  line("collectives in a step", [](const Outcome &outcome) {
    return outcome.hasCosts() ? std::to_string(outcome.trafficTotal().count) : std::string("-");
  });
  std::set<std::pair<std::string, std::string>> keys;
  for (const Outcome *outcome : {&row.own, &row.baseline})
    for (const Traffic &traffic : outcome->traffic)
      keys.insert({traffic.axes, traffic.kind});
  for (const auto &key : keys)
    line("  " + key.second + " " + key.first, [&](const Outcome &outcome) {
      const Traffic *traffic = find(outcome, key);
      return traffic ? llvm::formatv("{0} × {1}", traffic->count, formatBytes(traffic->bytes / traffic->count)).str()
                     : std::string("-");
    });
  bytes("  sent by a rank", [](const Outcome &outcome) { return outcome.trafficTotal().sent; }, /*isAlways=*/true);
}

void Table::printMemory() {
  bytes("memory of a rank, at most", [](const Outcome &outcome) { return outcome.memory.peak(); }, /*isAlways=*/true);
  bytes("  parameters", [](const Outcome &outcome) { return outcome.memory.parameters; });
  bytes("  gradients", [](const Outcome &outcome) { return outcome.memory.gradients; });
  bytes("  master parameters", [](const Outcome &outcome) { return outcome.memory.masters; });
  bytes("  moments", [](const Outcome &outcome) { return outcome.memory.moments; });
  bytes("  caches and other states", [](const Outcome &outcome) { return outcome.memory.otherStates; });
  bytes("  activations in use", [](const Outcome &outcome) { return outcome.memory.inUse; });
  bytes("  arena for them", [](const Outcome &outcome) { return outcome.memory.arena; });
}

void Table::print() {
  const Outcome &known = row.own.family.empty() ? row.baseline : row.own;
  os << row.model;
  if (!known.family.empty())
    os << ": " << known.task << ", batch " << known.batch << " of " << known.sequence << " positions, " << known.dtype;
  os << ", " << row.own.ranks << (row.own.ranks == 1 ? " rank" : " ranks") << '\n';
  for (const Outcome *outcome : {&row.own, &row.baseline})
    width = std::max({width, widthOf(outcome->partitioner) + 2, widthOf(outcome->mesh) + 2});
  line("", [](const Outcome &outcome) { return outcome.partitioner; });
  line("mesh", [](const Outcome &outcome) { return outcome.mesh.empty() ? std::string("one rank") : outcome.mesh; });
  printVerification();
  printTraffic();
  printMemory();
  line(
      "step, at least",
      [](const Outcome &outcome) {
        return outcome.hasCosts() ? ledger::formatTime(outcome.stepMicroseconds) : std::string("-");
      },
      row.timeRatio());
  os << "  roofline of " << describe(machine, std::max(row.own.ranks, row.baseline.ranks)) << '\n';
  for (const Outcome *outcome : {&row.own, &row.baseline}) {
    if (outcome == &row.baseline && row.isBaseline)
      break;
    if (!outcome->refusal.empty())
      os << "  refused: " << outcome->partitioner << ": " << outcome->refusal << '\n';
    else if (!outcome->finding.empty())
      os << "  " << nameOf(outcome->verification) << ": " << outcome->partitioner << ": " << outcome->finding << '\n';
  }
  os << llvm::formatv("  in {0:F1} s\n", row.seconds());
}

void workbench::printText(const Row &row, const ledger::Machine &machine, llvm::raw_ostream &os) {
  Table(row, machine, os).print();
}

std::string workbench::describe(const ledger::Machine &machine, int64_t ranks) {
  std::string text = machine.name + (machine.calibrated ? "" : ", uncalibrated: data sheets, not measured");
  if (ranks > machine.devices)
    text += "; " + std::to_string(ranks) + " ranks as if all its links joined so many devices";
  return text;
}

std::string workbench::summaryOf(const Row &row) {
  const Outcome &own = row.own;
  std::string text = row.model + " " + row.mesh + ": ";
  if (!own.refusal.empty())
    return text + "refused: " + own.refusal;
  text += nameOf(own.verification).str();
  if (!own.finding.empty())
    text += ": " + own.finding;
  if (own.verification == Verification::Passed)
    text += llvm::formatv(" in {0:F2} s", own.checkSeconds);
  if (!own.hasCosts())
    return text;
  auto figure = [&](StringRef name, const std::string &value, std::optional<double> ratio) {
    text += "; " + name.str() + " " + value;
    if (!row.isBaseline && ratio)
      text += " (" + formatRatio(ratio) + ")";
  };
  figure("step", ledger::formatTime(own.stepMicroseconds), row.timeRatio());
  figure("sent", formatBytes(own.trafficTotal().sent), row.sentRatio());
  figure("memory", formatBytes(own.memory.peak()), row.memoryRatio());
  return text;
}
