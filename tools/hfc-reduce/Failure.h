//===- Failure.h - what is wrong with a module
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_TOOLS_HFC_REDUCE_FAILURE_H
#define HFC_TOOLS_HFC_REDUCE_FAILURE_H

#include "Options.h"

#include "mlir/IR/BuiltinOps.h"

namespace hfc {

/// Shows what is wrong with a module, which it leaves alone, in words; nothing is wrong: an empty text.
using Observer = std::function<std::string(ModuleOp)>;

/// The observer that the options ask for. On failure `error` says why there is none.
FailureOr<Observer> makeObserver(MLIRContext &context, const ReduceOptions &options, std::string &error);

/// Whether two observations are of the same fault.
bool isSameFailure(StringRef first, StringRef second, const ReduceOptions &options);

/// Whether a module is a valid one; says nothing.
bool isValid(ModuleOp module);

} // namespace hfc

#endif // HFC_TOOLS_HFC_REDUCE_FAILURE_H
