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
#include "mlir/Pass/PassManager.h"

void hfc::addLLVMLowering(mlir::OpPassManager &manager) {
  manager.addPass(mlir::createSCFToControlFlowPass());
  // Breaks down vectors of several dimensions, which the general conversion does not.
  manager.addPass(mlir::createConvertVectorToLLVMPass());
  manager.addPass(mlir::createConvertToLLVMPass());
  manager.addPass(mlir::createReconcileUnrealizedCastsPass());
}
