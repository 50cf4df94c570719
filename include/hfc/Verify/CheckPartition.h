//===- CheckPartition.h - whether ranks compute what the global program does
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Verification of a partitioned program by execution, with small sizes and in exact arithmetic: docs/verification.md.
//
//===----------------------------------------------------------------------===//

#ifndef HFC_VERIFY_CHECKPARTITION_H
#define HFC_VERIFY_CHECKPARTITION_H

#include "hfc/Verify/Shrink.h"

#include "llvm/Support/Error.h"

namespace hfc::verify {

struct CheckOptions {
  /// Decides values and oracles.
  uint64_t seed = 1;
  /// Whether sizes are made small first.
  bool shrink = true;
  /// Whether what is wrong with small sizes has to be wrong with the given ones too, where those can be run: a size that
  /// nobody can tell from any other number may not have been made small with the others.
  bool confirm = true;
};

/// Operations of the local program's entries, by the arithmetic in which they were checked.
struct Counts {
  int64_t exact = 0, oracles = 0, float64 = 0;
  /// Nothing that an entry gives depends on these.
  int64_t unused = 0;
  int64_t checked() const { return exact + oracles + float64; }
};

/// The first operation that is wrong given what it reads.
struct Fault {
  std::string entry;
  /// Of the local module that was given; null where no single operation is to blame.
  Operation *op = nullptr;
  /// What made the value that it should not have read, where that is what is wrong; of the same module.
  Operation *producer = nullptr;
  /// The operation and its place in the model, in words.
  std::string where;
  /// A rank that shows it; -1 where all of them together do.
  int64_t rank = -1;
  /// What it does, and what was expected.
  std::string what;
  /// What the entry gives that differs, or why it gives nothing.
  std::string consequence;
};

struct Verdict {
  bool passed() const { return !fault && unchecked.empty(); }
  std::optional<Fault> fault;
  /// Why nothing was checked; empty if something was.
  std::string unchecked;
  Counts counts;
  /// "dp=2 × tp=8", as given and as checked.
  std::string mesh, checkedMesh;
  SmallVector<SizeChange> sizes, axes;
  uint64_t seed = 0;
  double seconds = 0;

  /// One line: "verified: 412 operations on dp=2 × tp=8 as dp=2 × tp=2: 398 exactly (prime field), 10 by oracles, …".
  std::string summary() const;
};

/// Runs all entries of both programs on the same random values and compares everything that they give. `global` is the
/// annotated program before its reshards are inserted, `local` what ranks run. Fails where the two cannot be compared:
/// where the global program itself does not run.
llvm::Expected<Verdict> checkPartition(ModuleOp global, ModuleOp local, const CheckOptions &options = {});

} // namespace hfc::verify

#endif // HFC_VERIFY_CHECKPARTITION_H
