//===- Passes.h - passes from a global program to a local one
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_TRANSFORMS_PARTITION_PASSES_H
#define HFC_TRANSFORMS_PARTITION_PASSES_H

#include "hfc/Support/LLVM.h"
#include "mlir/Pass/Pass.h"

namespace hfc {

#define GEN_PASS_DECL
#include "hfc/Transforms/Partition/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "hfc/Transforms/Partition/Passes.h.inc"

/// Adds the passes that make a program local whose every value is said to live somewhere: insert reshards, materialize,
/// simplify.
void addMaterializingPasses(OpPassManager &manager);

/// Makes `hfc-partition-tensor-parallel{mesh=dp=2,tp=2 strategy=NAME options=…}` known to tools.
void registerPartitionPipelines();

} // namespace hfc

#endif // HFC_TRANSFORMS_PARTITION_PASSES_H
