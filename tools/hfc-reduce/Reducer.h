//===- Reducer.h - shrinks a module while something persists
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_TOOLS_HFC_REDUCE_REDUCER_H
#define HFC_TOOLS_HFC_REDUCE_REDUCER_H

#include "hfc/Support/LLVM.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

namespace hfc {

/// One way to make a module smaller. Visits its sites in order, changes those of the numbers [begin, end), and returns
/// how many there are.
using Step = size_t (*)(ModuleOp module, size_t begin, size_t end);

/// All steps, those that take most first.
ArrayRef<Step> getSteps();

/// Erases what nothing reads, effects or not: collectives too.
void eraseUnused(ModuleOp module);

/// How large a module is, in operations, arguments and results.
size_t sizeOf(ModuleOp module);

/// Takes steps as long as any succeeds, with many sites at once first. `persists` says whether a smaller module is
/// still of interest. Returns how many modules were tried.
size_t reduce(OwningOpRef<ModuleOp> &module, function_ref<bool(ModuleOp)> persists);

} // namespace hfc

#endif // HFC_TOOLS_HFC_REDUCE_REDUCER_H
