//===- Checks.h - the compiler's checks, and whom they name
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_TOOLS_HFC_MUTATE_CHECKS_H
#define HFC_TOOLS_HFC_MUTATE_CHECKS_H

#include "hfc/Support/LLVM.h"

#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/DenseSet.h"

#include <string>

namespace hfc {

/// Gives every op a number in its location, which what is made of it keeps. Places in the model stay.
class Numbering {
public:
  explicit Numbering(ModuleOp module);
  /// Of an op of the module, or of one that was made of it; -1 if neither.
  static int64_t numberOf(Location location);
};

/// What a check said of a program.
struct Finding {
  /// Which check: "ops", "distribution", "partition", "schedule", or "refused" by a pass; empty if none complained.
  std::string check;
  std::string message;
  /// The op that is named, and the other one that the message speaks of; null if none is.
  Operation *op = nullptr, *producer = nullptr;
  /// The numbers in the locations of the message and of its notes; -1 where there is none.
  SmallVector<int64_t> numbers;

  explicit operator bool() const { return !check.empty(); }
};

/// The first error of what runs, as what a check of that name found; nothing if it succeeds.
Finding listen(StringRef name, MLIRContext *context, function_ref<LogicalResult()> run);

/// Ops' own verifiers, and that of the module.
Finding checkOps(ModuleOp module);
/// hfc-verify-distribution.
Finding checkDistribution(ModuleOp module);
/// hfc-verify-schedule.
Finding checkSchedule(ModuleOp module);
/// hfc-verify-partition; `isConfirmed` as in CheckOptions.
Finding checkPartition(ModuleOp global, ModuleOp local, uint64_t seed, bool isConfirmed);

/// Whether two programs give different numbers in float64, to a relative error of 1e-9: in one entry, or, without a
/// name, in any. `anyOrder` runs streams in that many random orders. What does not run is different.
bool differInFloat64(ModuleOp right, ModuleOp other, StringRef entry, unsigned anyOrder = 0);

} // namespace hfc

#endif // HFC_TOOLS_HFC_MUTATE_CHECKS_H
