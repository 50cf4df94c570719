//===- Load.h - the module that the user names, at the stage asked for
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_TOOLS_HFC_INTERPRET_LOAD_H
#define HFC_TOOLS_HFC_INTERPRET_LOAD_H

#include "Options.h"

namespace hfc {

/// How the tool ends, as docs/architecture.md has it.
enum class Status { Done = 0, Different = 1, WrongInput = 2, InternalError = 3 };

/// What went wrong, and whose fault it is.
struct Failure {
  Status status = Status::WrongInput;
  std::string message;
};

/// Reads IR, or imports a model. Null on failure.
OwningOpRef<ModuleOp> loadModule(MLIRContext &context, const InterpretOptions &options, Failure &failure);

/// Reads IR of any phase. Null on failure.
OwningOpRef<ModuleOp> readModule(MLIRContext &context, StringRef path, Failure &failure);

/// Runs the pipeline up to a phase.
LogicalResult bringTo(Phase phase, ModuleOp module, const InterpretOptions &options, Failure &failure);

/// Whether a path names IR, not a model.
bool isIR(StringRef path);

} // namespace hfc

#endif // HFC_TOOLS_HFC_INTERPRET_LOAD_H
