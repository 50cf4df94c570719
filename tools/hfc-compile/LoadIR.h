//===- LoadIR.h - reads IR of any phase --------------------------*- C++ -*-===//
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_TOOLS_HFC_COMPILE_LOADIR_H
#define HFC_TOOLS_HFC_COMPILE_LOADIR_H

#include "hfc/Support/LLVM.h"

#include "mlir/IR/OwningOpRef.h"

#include <string>

namespace hfc {

/// Parses and verifies the file `name` ("-": standard input), whose text is left in `text`. Without a module, either
/// `error` says why, or diagnostics did.
OwningOpRef<ModuleOp> parseIR(MLIRContext *context, StringRef name, std::string &text, std::string &error);

} // namespace hfc

#endif // HFC_TOOLS_HFC_COMPILE_LOADIR_H
