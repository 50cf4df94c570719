//===- Budget.cpp - what a user allows
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Ledger/Print.h"

#include "Groups.h"

#include "llvm/Support/FormatVariadic.h"

#include <tuple>

using namespace hfc;
using namespace hfc::ledger;

namespace {
struct Item {
  std::string what;
  int64_t bytes;
};
} // namespace

/// The largest lines, one under the other.
static std::string largest(std::vector<Item> items) {
  constexpr size_t shown = 5;
  llvm::sort(items, [](const Item &a, const Item &b) { return std::tie(b.bytes, a.what) < std::tie(a.bytes, b.what); });
  std::string text;
  for (size_t i = 0; i < std::min(shown, items.size()) && items[i].bytes > 0; ++i)
    text += "\n  " + formatBytes(items[i].bytes) + "  " + items[i].what;
  return text;
}

static std::string above(StringRef option, StringRef what, int64_t needed, int64_t allowed, std::vector<Item> items) {
  return llvm::formatv("{0} is {1}, and {2} is {3}; the largest lines:{4}", option, formatBytes(allowed), what,
                       formatBytes(needed), largest(std::move(items)));
}

static std::vector<Item> memoryItems(const Ledger &ledger) {
  std::vector<Item> items;
  for (const ShardGroup &group : groupShards(ledger))
    items.push_back({"parameters " + group.shard.name + " (" + group.shard.cut + ")", group.shard.bytes});
  for (const auto &[role, bytes] : ledger.states)
    items.push_back({"states of role " + role, bytes});
  for (const Entry &entry : ledger.entries)
    items.push_back({"activations of " + entry.name, entry.arena});
  for (const auto &[what, bytes] : ledger.runtime)
    items.push_back({what, bytes});
  return items;
}

static std::vector<Item> collectiveItems(const Ledger &ledger) {
  std::vector<Item> items;
  for (const Entry &entry : ledger.entries)
    for (const Group &group : groupLines(entry))
      if (const auto &exchange = group.line.exchange)
        items.push_back({llvm::formatv("{0} × {1} over {2}: {3}, of {4}, in {5}", group.count, group.line.kind,
                                       exchange->axes, exchange->cause, group.line.path, entry.name),
                         exchange->bytes * ledger.runsOf(entry)});
  return items;
}

std::string ledger::overBudget(const Ledger &ledger, const Budget &budget) {
  std::string text;
  if (budget.memory && ledger.memory() > *budget.memory)
    text = above(budget.memorySource, "what a rank needs", ledger.memory(), *budget.memory, memoryItems(ledger));
  if (budget.collectiveBytes && ledger.collectiveBytes() > *budget.collectiveBytes)
    text +=
        (text.empty() ? "" : "\n") + above("--max-collective-bytes", "what a rank's collectives carry in a step",
                                           ledger.collectiveBytes(), *budget.collectiveBytes, collectiveItems(ledger));
  return text;
}
