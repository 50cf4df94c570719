//===- LLVMLowering.cpp - MLIR's own passes to the LLVM dialect
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LLVMLowering.h"

#include "mlir/Conversion/ConvertToLLVM/ToLLVMPass.h"
#include "mlir/Conversion/ReconcileUnrealizedCasts/ReconcileUnrealizedCasts.h"
#include "mlir/Conversion/SCFToControlFlow/SCFToControlFlow.h"
#include "mlir/Conversion/VectorToLLVM/ConvertVectorToLLVMPass.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassManager.h"

using namespace mlir;

namespace {
/// Runs MLIR's passes where lowered kernels are left: some of them would fold constants of a module that is in the LLVM
/// dialect already, and text of that phase must go through unchanged.
class LLVMLoweringPass : public PassWrapper<LLVMLoweringPass, OperationPass<ModuleOp>> {
public:
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(LLVMLoweringPass)

  StringRef getName() const override { return "hfc-llvm-lowering"; }

  void getDependentDialects(DialectRegistry &registry) const override { passes().getDependentDialects(registry); }

  void runOnOperation() override {
    if (getOperation().getOps<func::FuncOp>().empty())
      return markAllAnalysesPreserved();
    OpPassManager manager = passes();
    if (failed(runPipeline(manager, getOperation())))
      signalPassFailure();
  }

private:
  static OpPassManager passes() {
    OpPassManager manager(ModuleOp::getOperationName());
    manager.addPass(createSCFToControlFlowPass());
    // Breaks down vectors of several dimensions, which the general conversion does not.
    manager.addPass(createConvertVectorToLLVMPass());
    manager.addPass(createConvertToLLVMPass());
    manager.addPass(createReconcileUnrealizedCastsPass());
    return manager;
  }
};
} // namespace

void hfc::addLLVMLowering(OpPassManager &manager) { manager.addPass(std::make_unique<LLVMLoweringPass>()); }
