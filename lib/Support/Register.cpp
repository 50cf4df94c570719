//===- Register.cpp - registers everything hfc has
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Support/Register.h"

#include "dialects/dist/Dist.h"
#include "dialects/hf/Hf.h"
#include "dialects/kernel/Kernel.h"
#include "dialects/rt/Rt.h"
#include "hfc/Conversion/Passes.h"
#include "hfc/Interpreter/Distribution/Passes.h"
#include "hfc/Interpreter/SIMT/Passes.h"
#include "hfc/Ledger/Passes.h"
#include "hfc/Pipelines/Pipelines.h"
#include "hfc/Target/LLVMInterfaces.h"
#include "hfc/Target/NVPTX.h"
#include "hfc/Target/NVPTX/Passes.h"
#include "hfc/Transforms/Collective/Passes.h"
#include "hfc/Transforms/Fusion/Passes.h"
#include "hfc/Transforms/Gradient/Passes.h"
#include "hfc/Transforms/Layout/Passes.h"
#include "hfc/Transforms/Memory/Passes.h"
#include "hfc/Transforms/Partition/Passes.h"
#include "hfc/Transforms/Shardings/Passes.h"
#include "hfc/Verify/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace hfc;

void hfc::registerAllDialects(DialectRegistry &registry) {
  registry.insert<dist::DistDialect, hf::HfDialect, kernel::KernelDialect, rt::RtDialect>();
  registry.insert<arith::ArithDialect, cf::ControlFlowDialect, func::FuncDialect, gpu::GPUDialect, LLVM::LLVMDialect,
                  math::MathDialect, memref::MemRefDialect, scf::SCFDialect, vector::VectorDialect>();
  registerLLVMInterfaces(registry);
  registerNVPTXExtensions(registry);
}

void hfc::registerAllPasses() {
  registerCollectivePasses();
  registerConversionPasses();
  registerDistributionPasses();
  registerFusionPasses();
  registerGradientPasses();
  registerLayoutPasses();
  registerLedgerPasses();
  registerMemoryPasses();
  registerPartitionPasses();
  registerPartitionPipelines();
  registerPipelines();
  registerNVPTXPasses();
  registerShardingsPasses();
  registerSIMTPasses();
  registerVerifyPasses();
}
