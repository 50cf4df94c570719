//===- Passes.h - checks of sharding rules by execution
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_INTERPRETER_DISTRIBUTION_PASSES_H
#define HFC_INTERPRETER_DISTRIBUTION_PASSES_H

#include "hfc/Support/LLVM.h"
#include "mlir/Pass/Pass.h"

namespace hfc {

#define GEN_PASS_DECL
#include "hfc/Interpreter/Distribution/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "hfc/Interpreter/Distribution/Passes.h.inc"

} // namespace hfc

#endif // HFC_INTERPRETER_DISTRIBUTION_PASSES_H
