//===- ParseIR.h - reads IR of any phase -------------------------*- C++ -*-===//
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_SUPPORT_PARSEIR_H
#define HFC_SUPPORT_PARSEIR_H

#include "hfc/Support/LLVM.h"

#include "mlir/IR/OwningOpRef.h"

#include <string>

namespace hfc {

/// Parses and verifies `text`, which a user may have written; messages call it `name`. Without a module, either `error`
/// says why, or diagnostics did.
OwningOpRef<ModuleOp> parseIR(MLIRContext *context, StringRef text, StringRef name, std::string &error);

/// The same for a file ("-": standard input), whose contents are left in `text`.
OwningOpRef<ModuleOp> parseIRFile(MLIRContext *context, StringRef file, std::string &text, std::string &error);

} // namespace hfc

#endif // HFC_SUPPORT_PARSEIR_H
