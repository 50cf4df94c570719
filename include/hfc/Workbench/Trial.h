//===- Trial.h - what a way to partition a model comes to
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_WORKBENCH_TRIAL_H
#define HFC_WORKBENCH_TRIAL_H

#include "hfc/Frontend/Import.h"
#include "hfc/Ledger/Machine.h"
#include "hfc/Verify/CheckPartition.h"

#include "llvm/Support/JSON.h"

namespace hfc::workbench {

/// A model on a mesh, cut as a partitioner says.
struct Trial {
  std::string model; ///< as importModel() takes it
  ImportOptions import;
  std::vector<std::string> plugins;
};

enum class Verification { None, Passed, Unchecked, Failed };

/// "one rank", "verified", "unchecked", "wrong".
StringRef nameOf(Verification verification);

/// Collectives of one kind over the same axes, in one step of a rank.
struct Traffic {
  std::string kind, axes;
  int64_t count = 0, bytes = 0, sent = 0;
};

/// Bytes of a rank.
struct Memory {
  int64_t parameters = 0, gradients = 0, masters = 0, moments = 0, otherStates = 0, constants = 0;
  /// Activations: the arena, and the most of it that is in use at once.
  int64_t arena = 0, inUse = 0;

  /// What a rank needs.
  int64_t total() const { return parameters + gradients + masters + moments + otherStates + constants + arena; }
  /// What is in use at the worst op; the rest is lost between buffers.
  int64_t peak() const { return total() - arena + inUse; }
};

/// What became of a trial.
struct Outcome {
  std::string family, task, dtype, mesh, partitioner;
  int64_t batch = 0, sequence = 0, ranks = 1;
  /// Why there is no program, in one line; empty if there is one. Nothing below is set then.
  std::string refusal;

  Verification verification = Verification::None;
  /// The operation that is wrong, or why nothing was checked.
  std::string finding;
  verify::Counts counts;
  std::string checkedMesh;
  double checkSeconds = 0;

  /// A wrong program has no costs.
  bool hasCosts() const { return refusal.empty() && verification != Verification::Failed; }
  std::vector<Traffic> traffic;
  Memory memory;
  int64_t flops = 0;
  double stepMicroseconds = 0;

  /// From the config to all of this.
  double seconds = 0;

  Traffic trafficTotal() const;
};

/// What is known of a trial before it runs.
Outcome describe(const Trial &trial);

/// Imports, partitions, verifies, schedules and accounts, in this process; plugins are loaded into it.
Outcome run(const Trial &trial, const ledger::Machine &machine);

llvm::json::Value toJSON(const Outcome &outcome);
bool fromJSON(const llvm::json::Value &value, Outcome &outcome, llvm::json::Path path);

} // namespace hfc::workbench

#endif // HFC_WORKBENCH_TRIAL_H
