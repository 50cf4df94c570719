//===- ir-fuzzer.cpp - libFuzzer target of textual IR
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Whatever text is handed to hfc-compile as IR, it is parsed, verified and lowered, or refused with diagnostics.
//
//===----------------------------------------------------------------------===//

#include "hfc/Pipelines/Pipelines.h"
#include "hfc/Support/ParseIR.h"
#include "hfc/Support/Register.h"

#include "mlir/IR/MLIRContext.h"
#include "mlir/Pass/PassManager.h"

#include <cstdint>

using namespace hfc;

static const DialectRegistry &dialects() {
  static const DialectRegistry *registry = [] {
    auto *all = new DialectRegistry;
    registerAllDialects(*all);
    return all;
  }();
  return *registry;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  // A context keeps every attribute it ever saw; a new one each time keeps memory flat.
  MLIRContext context(dialects(), MLIRContext::Threading::DISABLED);
  context.printOpOnDiagnostic(false);
  context.getDiagEngine().registerHandler([](Diagnostic &) {});
  std::string error;
  OwningOpRef<ModuleOp> module = parseIR(&context, StringRef(reinterpret_cast<const char *>(data), size), "fuzz", error);
  if (!module)
    return 0;
  PassManager manager(&context);
  buildCPUPipeline(manager, Phase::LLVM);
  (void)manager.run(*module);
  return 0;
}
