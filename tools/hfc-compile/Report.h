//===- Report.h - the ledger of a program ------------------------*- C++ -*-===//
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_TOOLS_HFC_COMPILE_REPORT_H
#define HFC_TOOLS_HFC_COMPILE_REPORT_H

#include "Options.h"

namespace hfc {

/// Prints what the program in `module`, in the form `rt`, needs: memory by kind, and for each entry the work by kind,
/// with the products' FLOPs and the bytes that go through each kind of op.
void printReport(ModuleOp module, ReportFormat format, llvm::raw_ostream &os);

} // namespace hfc

#endif // HFC_TOOLS_HFC_COMPILE_REPORT_H
