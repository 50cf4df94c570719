//===- Print.h - the ledger for people and programs
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LEDGER_PRINT_H
#define HFC_LEDGER_PRINT_H

#include "hfc/Ledger/Machine.h"
#include "hfc/Verify/CheckPartition.h"

namespace hfc::ledger {

/// `machine` may be null: then there are no times. So may `verdict`: then nothing was verified.
void printText(const Ledger &ledger, const Machine *machine, const verify::Verdict *verdict, llvm::raw_ostream &os);
void printJSON(const Ledger &ledger, const Machine *machine, const verify::Verdict *verdict, llvm::raw_ostream &os);
/// One page that needs nothing else.
void printHTML(const Ledger &ledger, const Machine *machine, const verify::Verdict *verdict, llvm::raw_ostream &os);

/// What a user allows; nothing: anything.
struct Budget {
  std::optional<int64_t> memory, collectiveBytes;
  /// Who says how much memory there is.
  std::string memorySource = "--max-memory";
};
/// What is above the budget, with the largest lines of it; empty if nothing is.
std::string overBudget(const Ledger &ledger, const Budget &budget);

/// "1.50 GiB".
std::string formatBytes(int64_t bytes);

} // namespace hfc::ledger

#endif // HFC_LEDGER_PRINT_H
