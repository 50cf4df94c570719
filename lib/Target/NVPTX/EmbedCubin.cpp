//===- EmbedCubin.cpp - --hfc-embed-cubin
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Target/NVPTX/Passes.h"

#include "hfc/Target/NVPTX.h"

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"

namespace hfc {
#define GEN_PASS_DEF_EMBEDCUBIN
#include "hfc/Target/NVPTX/Passes.h.inc"
} // namespace hfc

using namespace hfc;

static constexpr llvm::StringLiteral symbolName = "hfc_program_cubin";

/// The GPU that the kernels were lowered for.
static StringRef chipOf(gpu::GPUModuleOp module) {
  ArrayAttr targets = module.getTargetsAttr();
  auto target = targets && !targets.empty() ? dyn_cast<NVVM::NVVMTargetAttr>(targets[0]) : NVVM::NVVMTargetAttr();
  return target ? target.getChip() : StringRef();
}

static LogicalResult chipsDiffer(gpu::GPUModuleOp first, gpu::GPUModuleOp other) {
  auto name = [](gpu::GPUModuleOp module) { return chipOf(module).empty() ? StringRef("no GPU") : chipOf(module); };
  InFlightDiagnostic diagnostic = other.emitError("kernel '")
                                  << other.getName() << "' is for " << name(other)
                                  << "; all kernels of a program are for one GPU (run --hfc-lower-kernels-to-nvvm)";
  diagnostic.attachNote(first.getLoc()) << "kernel '" << first.getName() << "' is for " << name(first);
  return diagnostic;
}

namespace {
class EmbedCubinPass : public hfc::impl::EmbedCubinBase<EmbedCubinPass> {
public:
  using EmbedCubinBase::EmbedCubinBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    SmallVector<gpu::GPUModuleOp> kernels(module.getOps<gpu::GPUModuleOp>());
    if (kernels.empty())
      return markAllAnalysesPreserved();
    if (failed(check(kernels)) || failed(embed(chipOf(kernels.front()))))
      return signalPassFailure();
    for (gpu::GPUModuleOp kernel : kernels)
      kernel.erase();
    numKernels += kernels.size();
  }

private:
  LogicalResult check(ArrayRef<gpu::GPUModuleOp> kernels) {
    for (gpu::GPUModuleOp kernel : kernels)
      if (chipOf(kernel).empty() || chipOf(kernel) != chipOf(kernels.front()))
        return chipsDiffer(kernels.front(), kernel);
    if (Operation *other = getOperation().lookupSymbol(symbolName))
      return other->emitError("has the name that the program's machine code needs, '") << symbolName << "'";
    return success();
  }

  LogicalResult embed(StringRef chip) {
    ModuleOp module = getOperation();
    FailureOr<std::string> ptx = translateToPTX(module, chip);
    if (failed(ptx))
      return failure();
    FailureOr<Cubin> cubin = compilePTX(*ptx, chip, [&] { return module.emitError(); });
    if (failed(cubin))
      return failure();
    numBytes += cubin->code.size();
    OpBuilder builder = OpBuilder::atBlockBegin(module.getBody());
    constexpr uint64_t alignment = 64;
    LLVM::GlobalOp::create(builder, module.getLoc(), LLVM::LLVMArrayType::get(builder.getI8Type(), cubin->code.size()),
                           /*isConstant=*/true, LLVM::Linkage::External, symbolName, builder.getStringAttr(cubin->code),
                           alignment);
    return success();
  }
};
} // namespace
