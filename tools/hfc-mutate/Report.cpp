//===- Report.cpp - what became of all faults
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Report.h"

#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

using namespace hfc;

void Report::add(const verify::FaultSite &site, Judgement judgement) { rows.push_back({site, std::move(judgement)}); }

static bool isWrong(const Judgement &judgement) {
  return judgement.outcome == Outcome::Survived || judgement.outcome == Outcome::FalseAlarm;
}

bool Report::isGood() const {
  return llvm::none_of(rows, [](const Row &row) { return isWrong(row.judgement); });
}

//===----------------------------------------------------------------------===//
// The table
//===----------------------------------------------------------------------===//

namespace {
/// One line of the table.
struct Sums {
  int64_t faults = 0, equivalent = 0, refused = 0, counted = 0, caught = 0, named = 0, falseAlarms = 0;
  int64_t byOps = 0, byDistribution = 0, byPartition = 0, bySchedule = 0;
  /// Of what ranks run: how many count, and what hfc-verify-partition alone finds and names.
  int64_t local = 0, run = 0, runNamed = 0;
  double seconds = 0;

  void add(const verify::FaultKind &kind, const Judgement &judgement) {
    ++faults;
    seconds += judgement.seconds;
    equivalent += judgement.outcome == Outcome::Equivalent;
    refused += judgement.outcome == Outcome::Refused;
    falseAlarms += judgement.outcome == Outcome::FalseAlarm;
    bool counts = judgement.outcome == Outcome::Caught || judgement.outcome == Outcome::Survived;
    counted += counts;
    if (counts && judgement.isDifferent && kind.level != verify::FaultLevel::Schedule) {
      ++local;
      run += judgement.isFoundByRunning;
      runNamed += judgement.isNamedByRunning;
    }
    if (judgement.outcome != Outcome::Caught)
      return;
    ++caught;
    named += judgement.isNamed;
    byOps += judgement.first.check == "ops";
    byDistribution += judgement.first.check == "distribution";
    byPartition += judgement.first.check == "partition";
    bySchedule += judgement.first.check == "schedule";
  }

  void print(llvm::raw_ostream &os, StringRef name) const {
    os << llvm::format(
        "%-22s %6lld %6lld %6lld %6lld %6lld %6lld %5lld | %5lld %5lld %5lld %5lld | %6lld %6lld %6lld\n",
        name.str().c_str(), faults, equivalent, refused, counted, caught, named, falseAlarms, byOps, byDistribution,
        byPartition, bySchedule, local, run, runNamed);
  }
};
} // namespace

static std::string percent(int64_t part, int64_t whole) {
  std::string text;
  llvm::raw_string_ostream(text) << llvm::format("%.1f %%", whole ? 100.0 * part / whole : 100.0);
  return text;
}

void Report::print(llvm::raw_ostream &os) const {
  os << "                                                                         first found by          | by "
        "running\n"
        "fault                  faults  equal refuse counts caught  named false |   ops  dist  part sched | differ  "
        "found  named\n";
  Sums all;
  for (const verify::FaultKind &kind : verify::getFaultKinds()) {
    Sums sums;
    for (const Row &row : rows)
      if (row.site.kind == &kind) {
        sums.add(kind, row.judgement);
        all.add(kind, row.judgement);
      }
    if (sums.faults)
      sums.print(os, kind.name);
  }
  all.print(os, "all");
  for (const Row &row : rows)
    if (isWrong(row.judgement))
      os << nameOf(row.judgement.outcome) << ": " << row.site.kind->name << ": " << row.judgement.place << " of @"
         << row.judgement.entry << ' ' << row.judgement.what
         << (row.judgement.first ? ": " + row.judgement.first.message : "") << '\n';
  os << all.counted << " faults count, " << percent(all.caught, all.counted) << " caught, "
     << percent(all.named, all.counted) << " named; " << all.falseAlarms << " false alarms; "
     << llvm::format("%.1f s\n", all.seconds);
}

//===----------------------------------------------------------------------===//
// CSV
//===----------------------------------------------------------------------===//

static std::string quoted(StringRef text) {
  std::string result = "\"";
  for (char c : text)
    result += c == '"' ? "\"\"" : c == '\n' ? " " : std::string(1, c);
  return result + "\"";
}

void Report::writeCSV(llvm::raw_ostream &os, StringRef program) const {
  os << "program,fault,entry,place,what,outcome,differs,check,named,run_found,run_named,megatron,seconds,message\n";
  for (const auto &[site, judgement] : rows) {
    os << quoted(program) << ',' << site.kind->name << ',' << judgement.entry << ',' << quoted(judgement.place) << ','
       << quoted(judgement.what) << ',' << nameOf(judgement.outcome) << ',' << judgement.isDifferent << ','
       << judgement.first.check << ',' << judgement.isNamed << ',' << judgement.isFoundByRunning << ','
       << judgement.isNamedByRunning << ',' << quoted(judgement.megatron) << ','
       << llvm::format("%.3f", judgement.seconds) << ',' << quoted(judgement.first.message) << '\n';
  }
}
