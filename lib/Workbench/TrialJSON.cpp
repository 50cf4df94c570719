//===- TrialJSON.cpp - the outcome of a trial as JSON, out and in
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Workbench/Trial.h"

using namespace hfc;
using namespace hfc::workbench;
namespace json = llvm::json;

static constexpr std::pair<Verification, StringLiteral> verifications[] = {{Verification::None, "one rank"},
                                                                           {Verification::Passed, "verified"},
                                                                           {Verification::Unchecked, "unchecked"},
                                                                           {Verification::Failed, "wrong"}};

StringRef workbench::nameOf(Verification verification) {
  return verifications[static_cast<size_t>(verification)].second;
}

namespace hfc::workbench {
static json::Value toJSON(const Traffic &traffic) {
  return json::Object{{"kind", traffic.kind},
                      {"axes", traffic.axes},
                      {"count", traffic.count},
                      {"bytes", traffic.bytes},
                      {"sent", traffic.sent}};
}

static bool fromJSON(const json::Value &value, Traffic &traffic, json::Path path) {
  json::ObjectMapper map(value, path);
  return map && map.map("kind", traffic.kind) && map.map("axes", traffic.axes) && map.map("count", traffic.count) &&
         map.map("bytes", traffic.bytes) && map.map("sent", traffic.sent);
}

static json::Value toJSON(const Memory &memory) {
  return json::Object{{"parameters", memory.parameters},
                      {"gradients", memory.gradients},
                      {"masters", memory.masters},
                      {"moments", memory.moments},
                      {"other_states", memory.otherStates},
                      {"constants", memory.constants},
                      {"arena", memory.arena},
                      {"arena_in_use", memory.inUse},
                      {"total", memory.total()},
                      {"peak", memory.peak()}};
}

static bool fromJSON(const json::Value &value, Memory &memory, json::Path path) {
  json::ObjectMapper map(value, path);
  return map && map.map("parameters", memory.parameters) && map.map("gradients", memory.gradients) &&
         map.map("masters", memory.masters) && map.map("moments", memory.moments) &&
         map.map("other_states", memory.otherStates) && map.map("constants", memory.constants) &&
         map.map("arena", memory.arena) && map.map("arena_in_use", memory.inUse);
}
} // namespace hfc::workbench

json::Value workbench::toJSON(const Outcome &outcome) {
  json::Object object{{"family", outcome.family},
                      {"task", outcome.task},
                      {"dtype", outcome.dtype},
                      {"mesh", outcome.mesh},
                      {"ranks", outcome.ranks},
                      {"partitioner", outcome.partitioner},
                      {"batch", outcome.batch},
                      {"sequence", outcome.sequence},
                      {"refusal", outcome.refusal},
                      {"verification", nameOf(outcome.verification)},
                      {"finding", outcome.finding},
                      {"exact", outcome.counts.exact},
                      {"oracles", outcome.counts.oracles},
                      {"float64", outcome.counts.float64},
                      {"checked_mesh", outcome.checkedMesh},
                      {"check_seconds", outcome.checkSeconds},
                      {"seconds", outcome.seconds}};
  if (outcome.hasCosts()) {
    object["collectives"] = outcome.traffic;
    object["memory"] = toJSON(outcome.memory);
    object["flops"] = outcome.flops;
    object["step_microseconds"] = outcome.stepMicroseconds;
  }
  return object;
}

bool workbench::fromJSON(const json::Value &value, Outcome &outcome, json::Path path) {
  json::ObjectMapper map(value, path);
  std::string verification;
  if (!map || !map.map("family", outcome.family) || !map.map("task", outcome.task) ||
      !map.map("dtype", outcome.dtype) || !map.map("mesh", outcome.mesh) || !map.map("ranks", outcome.ranks) ||
      !map.map("partitioner", outcome.partitioner) || !map.map("batch", outcome.batch) ||
      !map.map("sequence", outcome.sequence) || !map.map("refusal", outcome.refusal) ||
      !map.map("verification", verification) || !map.map("finding", outcome.finding) ||
      !map.map("exact", outcome.counts.exact) || !map.map("oracles", outcome.counts.oracles) ||
      !map.map("float64", outcome.counts.float64) || !map.map("checked_mesh", outcome.checkedMesh) ||
      !map.map("check_seconds", outcome.checkSeconds) || !map.map("seconds", outcome.seconds))
    return false;
  for (auto [kind, name] : verifications)
    if (name == verification)
      outcome.verification = kind;
  if (!outcome.hasCosts())
    return true;
  return map.map("collectives", outcome.traffic) && map.map("memory", outcome.memory) &&
         map.map("flops", outcome.flops) && map.map("step_microseconds", outcome.stepMicroseconds);
}
