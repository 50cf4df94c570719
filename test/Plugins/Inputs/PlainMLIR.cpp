//===- PlainMLIR.cpp - a pass plugin of MLIR that knows nothing of hfc
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Tools/Plugins/PassPlugin.h"

using namespace mlir;

namespace {
struct SayHello : PassWrapper<SayHello, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(SayHello)

  StringRef getArgument() const override { return "say-hello"; }
  void runOnOperation() override { getOperation()->setAttr("hf.hello", UnitAttr::get(&getContext())); }
};
} // namespace

extern "C" PassPluginLibraryInfo mlirGetPassPluginInfo() {
  return {MLIR_PLUGIN_API_VERSION, "plain-mlir", "1.0", [] { PassRegistration<SayHello>(); }};
}
