//===- Totals.cpp - sums over a ledger
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Ledger/Ledger.h"

using namespace hfc;
using namespace hfc::ledger;

int64_t Entry::peakAlive() const {
  int64_t most = 0;
  for (const Line &line : lines)
    most = std::max(most, line.alive);
  return most;
}

Line Entry::total() const {
  Line sum;
  for (const Line &line : lines) {
    sum.flops += line.flops;
    sum.read += line.read;
    sum.written += line.written;
  }
  return sum;
}

static int64_t sumOf(ArrayRef<std::pair<std::string, int64_t>> lines) {
  int64_t sum = 0;
  for (const auto &[name, bytes] : lines)
    sum += bytes;
  return sum;
}

int64_t Ledger::statesTotal() const { return sumOf(states); }
int64_t Ledger::runtimeTotal() const { return sumOf(runtime); }

int64_t Ledger::runsOf(const Entry &entry) const { return entry.name == "micro_step" ? microBatches - 1 : 1; }

int64_t Ledger::collectiveBytes() const {
  int64_t sum = 0;
  for (const Entry &entry : entries)
    for (const Line &line : entry.lines)
      if (line.exchange)
        sum += line.exchange->bytes * runsOf(entry);
  return sum;
}
