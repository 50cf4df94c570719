//===- Trial.cpp - what a way to partition a model comes to
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Workbench/Trial.h"

#include "hfc/Pipelines/Pipelines.h"
#include "hfc/Plugin/Load.h"
#include "hfc/Support/DescribePlace.h"
#include "hfc/Support/Register.h"
#include "hfc/Verify/Passes.h"

#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/MapVector.h"

#include <chrono>

using namespace hfc;
using namespace hfc::workbench;

Traffic Outcome::trafficTotal() const {
  Traffic total;
  for (const Traffic &part : traffic) {
    total.count += part.count;
    total.bytes += part.bytes;
    total.sent += part.sent;
  }
  return total;
}

Outcome workbench::describe(const Trial &trial) {
  Outcome outcome;
  outcome.partitioner = trial.import.partitioner.value_or("megatron");
  for (const MeshAxis &axis : trial.import.mesh.value_or(std::vector<MeshAxis>())) {
    outcome.mesh += (outcome.mesh.empty() ? "" : ",") + axis.name + "=" + std::to_string(axis.size);
    outcome.ranks *= axis.size;
  }
  return outcome;
}

namespace {

class Trier {
public:
  Trier(const Trial &trial, const ledger::Machine &machine) : trial(trial), machine(machine) {}
  Outcome run();

private:
  bool load(MLIRContext &context);
  void describeProgram();
  bool compile(MLIRContext &context);
  void take(const verify::Verdict &verdict);
  void account();
  void takeTraffic(const ledger::Ledger &ledger);
  void takeMemory(const ledger::Ledger &ledger);

  const Trial &trial;
  const ledger::Machine &machine;
  OwningOpRef<ModuleOp> module;
  Outcome outcome;
};

} // namespace

/// Messages are one line here.
static std::string oneLine(StringRef text) {
  std::string line;
  for (StringRef rest = text.trim(); !rest.empty();) {
    auto [first, others] = rest.split('\n');
    line += (line.empty() ? "" : " ") + first.trim().str();
    rest = others.trim();
  }
  return line;
}

bool Trier::load(MLIRContext &context) {
  ImportMessages messages;
  FailureOr<OwningOpRef<ModuleOp>> imported = importModel(&context, trial.model, trial.import, messages);
  if (failed(imported)) {
    outcome.refusal = oneLine(messages.error);
    return false;
  }
  module = std::move(*imported);
  describeProgram();
  return true;
}

void Trier::describeProgram() {
  auto program = (*module)->getAttrOfType<DictionaryAttr>("hf.program");
  auto text = [&](StringRef key) {
    auto value = program.getAs<StringAttr>(key);
    return value ? value.str() : std::string();
  };
  auto number = [&](StringRef key) {
    auto value = program.getAs<IntegerAttr>(key);
    return value ? value.getInt() : 0;
  };
  outcome.family = text("family");
  outcome.task = text("task");
  outcome.dtype = text("dtype");
  outcome.batch = number("batch");
  outcome.sequence = number("sequence");
}

void Trier::take(const verify::Verdict &verdict) {
  outcome.verification = verdict.fault               ? Verification::Failed
                         : verdict.unchecked.empty() ? Verification::Passed
                                                     : Verification::Unchecked;
  if (verdict.fault)
    outcome.finding = oneLine(verdict.fault->where + " of @" + verdict.fault->entry + " " + verdict.fault->what);
  else
    outcome.finding = oneLine(verdict.unchecked);
  outcome.counts = verdict.counts;
  outcome.checkedMesh = verdict.checkedMesh;
  outcome.checkSeconds = verdict.seconds;
}

/// Down to the schedule, verified on the way. A wrong program is no refusal: it has a verdict.
bool Trier::compile(MLIRContext &context) {
  std::string error;
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
    if (diagnostic.getSeverity() == DiagnosticSeverity::Error && error.empty())
      error = oneLine(describePlace(diagnostic.getLocation()) + diagnostic.str());
  });
  auto check = std::make_shared<verify::PartitionCheck>();
  check->onVerdict = [&](const verify::Verdict &verdict) { take(verdict); };
  PassManager manager(&context);
  buildCPUPipeline(manager, Phase::Rt, {/*distribution=*/true, check});
  if (succeeded(manager.run(*module)))
    return true;
  if (outcome.verification != Verification::Failed)
    outcome.refusal = error.empty() ? "it does not compile" : error;
  return false;
}

void Trier::takeTraffic(const ledger::Ledger &ledger) {
  llvm::MapVector<std::pair<StringRef, StringRef>, Traffic> sums;
  for (const ledger::Entry &entry : ledger.entries) {
    int64_t runs = ledger.runsOf(entry);
    for (const ledger::Line &line : entry.lines) {
      outcome.flops += line.flops * runs;
      if (!line.exchange || runs == 0)
        continue;
      Traffic &sum = sums[{line.kind, line.exchange->axes}];
      sum.kind = line.kind;
      sum.axes = line.exchange->axes;
      sum.count += runs;
      sum.bytes += line.exchange->bytes * runs;
      sum.sent += line.exchange->sent * runs;
    }
  }
  for (auto &[key, sum] : sums)
    outcome.traffic.push_back(std::move(sum));
}

void Trier::takeMemory(const ledger::Ledger &ledger) {
  Memory &memory = outcome.memory;
  memory.parameters = ledger.parameters;
  memory.constants = ledger.constants;
  memory.arena = ledger.arena;
  for (const auto &[role, bytes] : ledger.states) {
    int64_t &kind = role == "gradient" || role == "accumulator" ? memory.gradients
                    : role == "master"                          ? memory.masters
                    : StringRef(role).starts_with("moment")     ? memory.moments
                                                                : memory.otherStates;
    kind += bytes;
  }
  for (const ledger::Entry &entry : ledger.entries)
    memory.inUse = std::max(memory.inUse, entry.peakAlive());
}

void Trier::account() {
  ledger::Ledger ledger = ledger::account(*module);
  ledger::estimateTimes(ledger, machine);
  takeTraffic(ledger);
  takeMemory(ledger);
  outcome.stepMicroseconds = ledger::estimatedTime(ledger);
}

Outcome Trier::run() {
  auto start = std::chrono::steady_clock::now();
  outcome = describe(trial);
  DialectRegistry registry;
  registerAllDialects(registry);
  if (succeeded(loadPlugins(trial.plugins, registry, outcome.refusal))) {
    MLIRContext context(registry, MLIRContext::Threading::DISABLED);
    context.printOpOnDiagnostic(false);
    if (load(context) && compile(context))
      account();
    module = {}; // ahead of its context
  }
  outcome.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return std::move(outcome);
}

Outcome workbench::run(const Trial &trial, const ledger::Machine &machine) { return Trier(trial, machine).run(); }
