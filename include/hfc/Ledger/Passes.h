//===- Passes.h - the ledger in the IR
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LEDGER_PASSES_H
#define HFC_LEDGER_PASSES_H

#include "hfc/Ledger/Machine.h"

#include "mlir/Pass/Pass.h"

namespace hfc {

#define GEN_PASS_DECL
#include "hfc/Ledger/Passes.h.inc"

namespace ledger {
/// Notes on the ops of a schedule what its ledger says of them: see hfc-note-costs. `machine` may be null; else times
/// have been estimated for it.
void noteCosts(ModuleOp module, const Ledger &ledger, const Machine *machine);
} // namespace ledger

#define GEN_PASS_REGISTRATION
#include "hfc/Ledger/Passes.h.inc"

} // namespace hfc

#endif // HFC_LEDGER_PASSES_H
