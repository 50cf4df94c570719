//===- Passes.h - verification of partitioned programs
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_VERIFY_PASSES_H
#define HFC_VERIFY_PASSES_H

#include "hfc/Verify/CheckPartition.h"

#include "mlir/Pass/Pass.h"

#include <functional>

namespace hfc {

#define GEN_PASS_DECL
#include "hfc/Verify/Passes.h.inc"

namespace verify {
/// What two passes of one pipeline share: the global program as it was, and who wants to hear what became of it.
struct PartitionCheck {
  /// Null where the pipeline began with a local program and nobody gave it.
  OwningOpRef<ModuleOp> global;
  /// Called once with what was found; not where there was nothing to compare.
  std::function<void(const Verdict &)> onVerdict;
};
} // namespace verify

/// Keeps a copy of the global program for `createVerifyPartition(check)`. Does nothing with a local program, or one
/// rank.
std::unique_ptr<Pass> createKeepGlobalProgram(std::shared_ptr<verify::PartitionCheck> check);
/// Compares with the copy; does nothing where there is none.
std::unique_ptr<Pass> createVerifyPartition(std::shared_ptr<verify::PartitionCheck> check);

#define GEN_PASS_REGISTRATION
#include "hfc/Verify/Passes.h.inc"

} // namespace hfc

#endif // HFC_VERIFY_PASSES_H
