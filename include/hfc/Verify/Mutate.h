//===- Mutate.h - faults, made mechanically, for the verifier to find
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Every kind of fault is a row of a table: where it can be made, and how. Sites are found op by op, so that any program
// has its own; docs/verification.md says what comes of them.
//
//===----------------------------------------------------------------------===//

#ifndef HFC_VERIFY_MUTATE_H
#define HFC_VERIFY_MUTATE_H

#include "hfc/Support/LLVM.h"

#include "mlir/IR/BuiltinOps.h"

#include <string>
#include <vector>

namespace hfc::verify {

/// The form of a program in which a fault is made; the core's passes make the rest of it.
enum class FaultLevel {
  Rule,     ///< phase layout: a sharding rule given by attribute
  Strategy, ///< what a strategy says, before anything follows from it
  Local,    ///< phase reduce: what ranks run
  Schedule  ///< phase rt: the schedule over planned buffers
};

/// What a fault leaves behind.
struct Mutation {
  /// In words: "is over {dp} instead of {tp}".
  std::string what;
  /// The ops of which a message has to name one: what was changed, or, where something is missing, what reads the value
  /// next to it or makes it. No op twice.
  SmallVector<Operation *> guilty;
  /// Whether an op is not there any more: then `guilty` are those next to it.
  bool isMissing = false;
};

/// One way for a program to be wrong.
struct FaultKind {
  StringRef name;
  FaultLevel level;
  StringRef summary;
  /// In how many ways an op can be wrong so; 0 where it cannot.
  unsigned (*ways)(Operation *op);
  /// Makes it so.
  void (*make)(Operation *op, unsigned way, Mutation &mutation);
};

/// All kinds, by level.
ArrayRef<FaultKind> getFaultKinds();

/// Where a fault can be made: op number `op` of a module, walked in pre-order.
struct FaultSite {
  const FaultKind *kind = nullptr;
  int64_t op = 0;
  unsigned way = 0;
};

/// All sites of one kind, in the order of ops.
std::vector<FaultSite> findFaultSites(ModuleOp module, const FaultKind &kind);

/// Makes the fault. The module is the one in which the site was found, or a copy of it with other sizes.
Mutation makeFault(ModuleOp module, const FaultSite &site);

/// The bug of Megatron-LM that a fault at this op amounts to ("CE over the local vocabulary"); empty if it is none of
/// those that are known.
StringRef megatronBug(const FaultKind &kind, Operation *op);

} // namespace hfc::verify

#endif // HFC_VERIFY_MUTATE_H
