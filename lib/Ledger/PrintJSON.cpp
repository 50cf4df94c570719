//===- PrintJSON.cpp - the ledger for programs
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Ledger/Print.h"

#include "Groups.h"

#include "llvm/ADT/MapVector.h"
#include "llvm/Support/JSON.h"

using namespace hfc;
using namespace hfc::ledger;

namespace {
/// Writes a ledger; docs/ledger.md names the keys.
class Writer {
public:
  Writer(const Ledger &ledger, const Machine *machine, const verify::Verdict *verdict, llvm::raw_ostream &os)
      : ledger(ledger), machine(machine), verdict(verdict), json(os, /*IndentSize=*/1) {}

  void write() {
    json.object([&] {
      for (auto [key, text] : {std::pair<StringRef, StringRef>{"family", ledger.family},
                               {"task", ledger.task},
                               {"mesh", ledger.mesh},
                               {"partitioner", ledger.partitioner}})
        json.attribute(key, text);
      json.attribute("ranks", ledger.ranks);
      json.attribute("micro_batches", ledger.microBatches);
      json.attributeObject("memory", [&] { writeMemory(); });
      json.attribute("collective_bytes", ledger.collectiveBytes());
      if (machine)
        json.attributeObject("machine", [&] {
          json.attribute("name", machine->name);
          json.attribute("calibrated", machine->calibrated);
        });
      if (verdict)
        json.attributeObject("verification", [&] { writeVerdict(); });
      json.attributeArray("parameters", [&] {
        for (const Shard &shard : ledger.shards)
          json.object([&] { writeShard(shard); });
      });
      json.attributeArray("entries", [&] {
        for (const Entry &entry : ledger.entries)
          json.object([&] { writeEntry(entry); });
      });
    });
  }

private:
  void writeChanges(StringRef key, ArrayRef<verify::SizeChange> changes) {
    json.attributeArray(key, [&] {
      for (const verify::SizeChange &change : changes)
        json.object([&] {
          json.attribute("name", change.name);
          json.attribute("given", change.from);
          json.attribute("checked", change.to);
        });
    });
  }

  void writeVerdict() {
    json.attribute("verified", verdict->passed());
    json.attribute("unchecked", verdict->unchecked);
    json.attribute("mesh", verdict->mesh);
    json.attribute("checked_mesh", verdict->checkedMesh);
    json.attribute("seed", static_cast<int64_t>(verdict->seed));
    json.attribute("seconds", verdict->seconds);
    json.attributeObject("operations", [&] {
      json.attribute("exactly", verdict->counts.exact);
      json.attribute("by_oracles", verdict->counts.oracles);
      json.attribute("in_float64", verdict->counts.float64);
      json.attribute("unused", verdict->counts.unused);
    });
    writeChanges("axes", verdict->axes);
    writeChanges("sizes", verdict->sizes);
  }

  void writeMemory() {
    json.attribute("parameters", ledger.parameters);
    json.attribute("states", ledger.statesTotal());
    json.attribute("arena", ledger.arena);
    json.attribute("constants", ledger.constants);
    json.attribute("planned", ledger.planned());
    json.attributeObject("runtime", [&] {
      for (const auto &[what, bytes] : ledger.runtime)
        json.attribute(what, bytes);
    });
    json.attribute("total", ledger.memory());
    json.attributeObject("states_by_role", [&] {
      for (const auto &[role, bytes] : ledger.states)
        json.attribute(role, bytes);
    });
  }

  void writeShape(StringRef key, ArrayRef<int64_t> shape) {
    json.attributeArray(key, [&] {
      for (int64_t size : shape)
        json.value(size);
    });
  }

  void writeShard(const Shard &shard) {
    json.attribute("name", shard.name);
    json.attribute("dtype", shard.dtype);
    json.attribute("cut", shard.cut);
    writeShape("whole", shard.whole);
    writeShape("local", shard.local);
    json.attribute("bytes", shard.bytes);
    json.attribute("frozen", shard.frozen);
  }

  void writeLine(const Line &line) {
    json.attribute("kind", line.kind);
    if (!line.name.empty())
      json.attribute("kernel", line.name);
    json.attribute("path", line.path);
    if (line.block)
      json.attribute("block", *line.block);
    json.attribute("phase", line.phase);
    json.attribute("stream", line.stream);
    json.attribute("flops", line.flops);
    json.attribute("read", line.read);
    json.attribute("written", line.written);
    json.attribute("in_use", line.alive);
    if (machine)
      json.attribute("microseconds", line.time);
    if (line.exchange) {
      json.attribute("id", line.exchange->id);
      json.attribute("axes", line.exchange->axes);
      json.attribute("ranks", line.exchange->ranks);
      json.attribute("cause", line.exchange->cause);
      json.attribute("bytes", line.exchange->bytes);
      json.attribute("sent", line.exchange->sent);
      if (machine)
        json.attribute("exposed_microseconds", line.exposed);
    }
  }

  void writeWork(const Entry &entry) {
    for (const Kind &kind : groupKinds(entry))
      json.attributeObject(kind.name, [&] {
        json.attribute("count", kind.count);
        json.attribute("bytes", kind.bytes);
        json.attribute("flops", kind.flops);
      });
  }

  void writeCollectives(const Entry &entry) {
    struct Sum {
      const Line *line = nullptr;
      int64_t count = 0, bytes = 0;
      double time = 0, exposed = 0;
    };
    llvm::MapVector<std::pair<std::pair<StringRef, StringRef>, StringRef>, Sum> sums;
    for (const Line &line : entry.lines)
      if (line.exchange) {
        Sum &sum = sums[{{line.kind, line.exchange->axes}, line.exchange->cause}];
        sum.line = &line;
        ++sum.count;
        sum.bytes += line.exchange->bytes;
        sum.time += line.time;
        sum.exposed += line.exposed;
      }
    for (auto &[key, sum] : sums)
      json.object([&, &sum = sum] {
        json.attribute("kind", sum.line->kind);
        json.attribute("axes", sum.line->exchange->axes);
        json.attribute("cause", sum.line->exchange->cause);
        json.attribute("count", sum.count);
        json.attribute("bytes", sum.bytes);
        if (machine) {
          json.attribute("microseconds", sum.time);
          json.attribute("exposed_microseconds", sum.exposed);
        }
      });
  }

  void writeEntry(const Entry &entry) {
    Line total = entry.total();
    json.attribute("name", entry.name);
    json.attribute("runs", ledger.runsOf(entry));
    json.attribute("arena", entry.arena);
    json.attribute("in_use", entry.peakAlive());
    json.attribute("flops", total.flops);
    if (machine) {
      json.attribute("microseconds", estimatedTime(entry));
      json.attribute("exposed_microseconds", exposedTime(entry));
    }
    json.attributeObject("work", [&] { writeWork(entry); });
    json.attributeArray("collectives", [&] { writeCollectives(entry); });
    json.attributeArray("lines", [&] {
      for (const Line &line : entry.lines)
        json.object([&] { writeLine(line); });
    });
  }

  const Ledger &ledger;
  const Machine *machine;
  const verify::Verdict *verdict;
  llvm::json::OStream json;
};
} // namespace

void ledger::printJSON(const Ledger &ledger, const Machine *machine, const verify::Verdict *verdict,
                       llvm::raw_ostream &os) {
  Writer(ledger, machine, verdict, os).write();
  os << '\n';
}
