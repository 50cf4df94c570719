//===- CheckPtxas.cpp - --hfc-check-ptxas
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Target/NVPTX.h"
#include "hfc/Target/NVPTX/Passes.h"

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "llvm/Support/raw_ostream.h"

namespace hfc {
#define GEN_PASS_DEF_CHECKPTXAS
#include "hfc/Target/NVPTX/Passes.h.inc"
} // namespace hfc

using namespace hfc;

namespace {
class CheckPtxasPass : public hfc::impl::CheckPtxasBase<CheckPtxasPass> {
public:
  using CheckPtxasBase::CheckPtxasBase;

  void runOnOperation() override {
    SmallVector<std::string> all(chips.begin(), chips.end());
    if (all.empty())
      all = {"sm_80", "sm_90a"};
    for (StringRef chip : all)
      if (failed(check(chip)))
        return signalPassFailure();
    markAllAnalysesPreserved();
  }

private:
  LogicalResult check(StringRef chip) {
    ModuleOp module = getOperation();
    FailureOr<std::string> ptx = translateToPTX(module, chip);
    if (failed(ptx))
      return failure();
    if (printPTX)
      llvm::errs() << *ptx;
    FailureOr<Cubin> cubin = assemble(*ptx, chip, [&] { return module.emitError(); });
    if (failed(cubin))
      return failure();
    for (const KernelResources &kernel : cubin->kernels) {
      ++numKernels;
      int64_t spilled = kernel.spillStoreBytes + kernel.spillLoadBytes;
      emitRemark(module.getLoc()) << kernel.name << ": " << chip << ": " << kernel.registers << " registers, "
                                  << spilled << " bytes spilled, " << kernel.sharedBytes << " bytes shared";
      if (spilled > maxSpillBytes)
        return emitError(module.getLoc()) << "kernel '" << kernel.name << "' spills " << spilled << " bytes on " << chip
                                          << "; " << maxSpillBytes.getValue() << " are allowed";
    }
    return success();
  }
};
} // namespace
