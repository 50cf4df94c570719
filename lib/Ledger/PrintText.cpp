//===- PrintText.cpp - the ledger as text
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Ledger/Print.h"

#include "Format.h"
#include "Groups.h"

#include "llvm/Support/FormatVariadic.h"

using namespace hfc;
using namespace hfc::ledger;

static void printMemory(const Ledger &ledger, llvm::raw_ostream &os) {
  os << llvm::formatv("{0,-28}{1,18}\n", "memory of a rank", "bytes");
  auto row = [&](const llvm::Twine &name, int64_t bytes) {
    os << llvm::formatv("  {0,-26}{1,18}  {2}\n", name.str(), bytes, formatBytes(bytes));
  };
  row("parameters", ledger.parameters);
  row("states", ledger.statesTotal());
  for (const auto &[role, bytes] : ledger.states)
    row("  " + role, bytes);
  row("arena", ledger.arena);
  row("constants", ledger.constants);
  if (!ledger.runtime.empty())
    row("the program's own", ledger.planned());
  for (const auto &[what, bytes] : ledger.runtime)
    row(what, bytes);
  row("total", ledger.memory());
}

static void printShards(const Ledger &ledger, llvm::raw_ostream &os) {
  if (ledger.ranks == 1)
    return;
  os << "parameters, of a rank\n";
  for (const ShardGroup &group : groupShards(ledger))
    os << llvm::formatv("  {0,4} × {1,-60} {2,-14} of {3,-14} {4}{5}\n", group.count, group.shard.name,
                        formatShape(group.shard.local), formatShape(group.shard.whole), group.shard.cut,
                        group.shard.frozen ? ", frozen" : "");
}

static void printEntry(const Entry &entry, bool timed, llvm::raw_ostream &os) {
  os << llvm::formatv("{0,-22}{1,8}{2,18}{3,22}", entry.name, "ops", "bytes", "FLOPs");
  if (timed)
    os << "  at least " << formatTime(estimatedTime(entry));
  if (timed && exposedTime(entry) > 0)
    os << ", of which " << formatTime(exposedTime(entry)) << " are exposed collectives";
  os << '\n';
  for (const Kind &kind : groupKinds(entry))
    os << llvm::formatv("  {0,-20}{1,8}{2,18}{3,22}\n", kind.name, kind.count, kind.bytes, kind.flops);
  for (const Group &group : groupLines(entry))
    if (const auto &exchange = group.line.exchange) {
      os << llvm::formatv("  {0,-20}{1,8}{2,18}  over {3}: {4} ({5})", group.line.kind, group.count, exchange->bytes,
                          exchange->axes, exchange->cause, group.line.path);
      if (timed)
        os << "  " << formatTime(group.line.time) << ", exposed " << formatTime(group.line.exposed);
      os << '\n';
    }
  os << llvm::formatv("  arena {0} bytes, of which at most {1} in use at once\n", entry.arena, entry.peakAlive());
}

/// "3 forward", or "1 to 78 backward" of layers one after the other that cost the same.
static std::string nameOf(const Layer &first, const Layer &last) {
  std::string name = first.block ? std::to_string(*first.block) : "outside";
  if (first.block != last.block)
    name += " to " + std::to_string(*last.block);
  return name + " " + first.phase;
}

static bool costTheSame(const Layer &a, const Layer &b) {
  return a.block && b.block && a.phase == b.phase && a.ops == b.ops && a.bytes == b.bytes && a.flops == b.flops &&
         a.exchanged == b.exchanged;
}

static void printLayers(const Entry &entry, bool timed, llvm::raw_ostream &os) {
  std::vector<Layer> layers = groupLayers(entry);
  if (llvm::none_of(layers, [](const Layer &layer) { return layer.block.has_value(); }))
    return;
  os << llvm::formatv("  {0,-20}{1,8}{2,18}{3,22}{4,18}{5,18}\n", "each layer", "ops", "bytes", "FLOPs", "collectives",
                      "in use");
  for (size_t i = 0; i < layers.size(); ++i) {
    const Layer &layer = layers[i];
    int64_t alive = layer.alive;
    while (i + 1 < layers.size() && costTheSame(layer, layers[i + 1]))
      alive = std::max(alive, layers[++i].alive);
    os << llvm::formatv("  {0,-20}{1,8}{2,18}{3,22}{4,18}{5,18}", nameOf(layer, layers[i]), layer.ops, layer.bytes,
                        layer.flops, layer.exchanged, alive);
    if (timed)
      os << "  " << formatTime(layer.time);
    os << '\n';
  }
}

static void printVerdict(const verify::Verdict &verdict, llvm::raw_ostream &os) {
  os << verdict.summary() << '\n';
  if (!verdict.unchecked.empty())
    return;
  os << llvm::formatv("  seed {0}; {1} operations are of no use to any output\n", verdict.seed, verdict.counts.unused);
  auto print = [&](StringRef what, ArrayRef<verify::SizeChange> changes) {
    for (const verify::SizeChange &change : changes)
      os << llvm::formatv("  {0,-14}{1,18} checked as {2,8}  {3}\n", what, change.from, change.to, change.name);
  };
  print("ranks along", verdict.axes);
  print("size", verdict.sizes);
}

void ledger::printText(const Ledger &ledger, const Machine *machine, const verify::Verdict *verdict,
                       llvm::raw_ostream &os) {
  if (verdict)
    printVerdict(*verdict, os);
  if (machine)
    os << "times: roofline of " << machine->name
       << (machine->calibrated ? "" : ", uncalibrated: data sheets, not measured") << '\n';
  printMemory(ledger, os);
  printShards(ledger, os);
  for (const Entry &entry : ledger.entries) {
    printEntry(entry, machine, os);
    printLayers(entry, machine, os);
  }
}
