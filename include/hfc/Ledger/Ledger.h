//===- Ledger.h - what a program costs, line by line
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The ledger of a program in the form `rt`: for each op of its schedule what it computes, moves and sends, which
// memory is alive meanwhile, and how parameters are cut. docs/ledger.md says what is counted, and how.
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LEDGER_LEDGER_H
#define HFC_LEDGER_LEDGER_H

#include "hfc/Support/LLVM.h"

#include "mlir/IR/BuiltinOps.h"

#include <optional>
#include <string>

namespace hfc::ledger {

/// What a rank does together with others, in one line.
struct Exchange {
  std::string axes; ///< "dp, tp"
  int64_t ranks = 1;
  int64_t id = 0;
  std::string cause;
  /// Of the larger side, a rank's operands or its results.
  int64_t bytes = 0;
  /// What a rank sends, if everybody forwards what he has around a ring.
  int64_t sent = 0;
};

/// One op of a schedule.
struct Line {
  std::string kind; ///< "gemm", "copy", "row", "attention", "all_reduce", …
  std::string name; ///< the kernel's, empty for others
  std::string path; ///< HF's module path; of a fused kernel, those of what went in
  std::optional<int64_t> block;
  std::string phase; ///< "forward", "backward", "update"
  int64_t stream = 0;
  int64_t flops = 0;
  int64_t read = 0, written = 0; ///< bytes
  std::optional<Exchange> exchange;
  /// Lines, by number, that other streams must have done before this begins.
  SmallVector<size_t, 2> after;
  /// Bytes of the arena that are in use while it runs.
  int64_t alive = 0;
  /// Microseconds on a machine's roofline; 0 without one.
  double time = 0;
  /// Of a collective, the microseconds for which the main stream has nothing else to do.
  double exposed = 0;
};

struct Entry {
  std::string name;
  int64_t arena = 0;
  std::vector<Line> lines;

  /// The most bytes of the arena in use at once; the rest of the arena is lost between buffers.
  int64_t peakAlive() const;
  Line total() const;
};

/// A parameter, and how ranks hold it.
struct Shard {
  std::string name, dtype;
  std::string cut; ///< "[tp, -]": each dimension's axes
  SmallVector<int64_t> whole, local;
  int64_t bytes = 0; ///< a rank's
  bool frozen = false;
};

/// What a GPU's driver and libraries take of its memory beside what they are asked for: a machine's numbers. These are
/// guesses for an H200 with CUDA 13.
struct Overhead {
  int64_t context = 575'000'000;      ///< CUDA's context, with what libraries load into it
  int64_t kernel = 65'536;            ///< the code of a kernel
  int64_t call = 4'096;               ///< of a call of an entry, in the entry's graph
  int64_t nccl = 400'000'000;         ///< NCCL's code, if it has a communicator
  int64_t communicator = 380'000'000; ///< one of these
};

struct Ledger {
  std::string family, task, mesh, partitioner;
  int64_t ranks = 1;
  /// Bytes of a rank. States by role: "gradient", "master", "moment1", "moment2", "cache", "other".
  int64_t parameters = 0, arena = 0, constants = 0;
  std::vector<std::pair<std::string, int64_t>> states;
  /// With --target=cuda, what running takes beside the program's own, by what it is for.
  std::vector<std::pair<std::string, int64_t>> runtime;
  std::vector<Shard> shards;
  std::vector<Entry> entries;

  int64_t statesTotal() const;
  /// The program's own: parameters, states, arena, constants.
  int64_t planned() const { return parameters + statesTotal() + arena + constants; }
  int64_t runtimeTotal() const;
  /// What a rank needs.
  int64_t memory() const { return planned() + runtimeTotal(); }
  /// What a rank puts into or gets from collectives in one step: each entry once, `micro_step` as often as it runs.
  int64_t collectiveBytes() const;
  int64_t microBatches = 1;
  /// How often an entry runs in a step.
  int64_t runsOf(const Entry &entry) const;
};

/// Accounts for a program in the form `rt` (or later, where kernels are counted by their launches only).
Ledger account(ModuleOp module, const Overhead &overhead = {});

/// What running a schedule takes of a GPU beside what it plans: workspaces of libraries, and `overhead`. Nothing for
/// other targets.
std::vector<std::pair<std::string, int64_t>> countRuntimeMemory(ModuleOp module, const Overhead &overhead);

/// Floating-point operations of a block of hf ops: see docs/ledger.md. Composites count as their decomposition.
int64_t countFlops(Block &block, ModuleOp module);

} // namespace hfc::ledger

#endif // HFC_LEDGER_LEDGER_H
