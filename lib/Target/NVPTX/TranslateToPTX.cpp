//===- TranslateToPTX.cpp - NVVM to PTX
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Target/NVPTX.h"

#include "hfc/Support/GPUChip.h"

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Target/LLVM/NVVM/Utils.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/IntrinsicsNVPTX.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"

using namespace hfc;

/// Chips that launch no kernel early have no instructions for that.
static void dropWaits(llvm::Function &function) {
  for (llvm::Instruction &instruction : llvm::make_early_inc_range(llvm::instructions(function)))
    if (auto *call = llvm::dyn_cast<llvm::IntrinsicInst>(&instruction))
      if (call->getIntrinsicID() == llvm::Intrinsic::nvvm_griddepcontrol_wait ||
          call->getIntrinsicID() == llvm::Intrinsic::nvvm_griddepcontrol_launch_dependents)
        call->eraseFromParent();
}

/// A kernel that is launched early runs beside the one that makes what it reads, and what is read through the read-only
/// cache must not change while it runs: ptxas moves such loads over the wait. LLVM makes them of what is neither
/// written nor aliased; that inputs are not written still follows from what is said of outputs.
static void readAsUsual(llvm::Function &function) {
  for (llvm::Argument &argument : function.args())
    if (argument.hasAttribute(llvm::Attribute::ReadOnly))
      argument.removeAttr(llvm::Attribute::NoAlias);
}

namespace {

/// Serializes one gpu.module of LLVM functions to PTX text.
class PTXSerializer : public NVVM::SerializeGPUModuleBase {
public:
  PTXSerializer(gpu::GPUModuleOp module, NVVM::NVVMTargetAttr target, StringRef toolkit)
      : SerializeGPUModuleBase(*module, target, gpu::TargetOptions(toolkit)) {}

protected:
  /// Kernels take numbers below the smallest normal float for 0, as the GPU's own quotients and exponentials do;
  /// otherwise each of these takes several instructions instead of one. LLVM inlines only what agrees about it, and
  /// libdevice goes by the module's flag.
  void handleModulePostLink(llvm::Module &llvmModule) override {
    llvmModule.addModuleFlag(llvm::Module::Override, "nvvm-reflect-ftz", 1);
    for (llvm::Function &function : llvmModule)
      if (!function.isIntrinsic())
        function.addFnAttr("denormal-fp-math-f32", "preserve-sign,preserve-sign");
    llvm::for_each(llvmModule, canLaunchEarly(getTarget().getChip()) ? readAsUsual : dropWaits);
  }

  FailureOr<SmallVector<char, 0>> moduleToObject(llvm::Module &llvmModule) override {
    FailureOr<llvm::TargetMachine *> machine = getOrCreateTargetMachine();
    if (failed(machine))
      return failure();
    FailureOr<SmallString<0>> text =
        translateModuleToISA(llvmModule, **machine, [&] { return getOperation().emitError(); });
    if (failed(text))
      return failure();
    return SmallVector<char, 0>(text->begin(), text->end());
  }
};

} // namespace

/// One gpu.module with all functions of those in `module`: a program has one PTX text, and functions of libdevice are
/// declared once.
static OwningOpRef<gpu::GPUModuleOp> mergeKernels(ModuleOp module, NVVM::NVVMTargetAttr target) {
  OpBuilder builder(module.getContext());
  OwningOpRef<gpu::GPUModuleOp> merged = gpu::GPUModuleOp::create(builder, module.getLoc(), "kernels");
  merged->setTargetsAttr(builder.getArrayAttr(target));
  builder.setInsertionPointToStart(merged->getBody());
  llvm::StringSet<> declared;
  for (auto part : module.getOps<gpu::GPUModuleOp>())
    for (Operation &op : *part.getBody()) {
      auto function = dyn_cast<LLVM::LLVMFuncOp>(op);
      if (!function || !function.isExternal() || declared.insert(function.getSymName()).second)
        builder.clone(op);
    }
  return merged;
}

static bool needsLibdevice(gpu::GPUModuleOp module) {
  return llvm::any_of(module.getOps<LLVM::LLVMFuncOp>(), [](LLVM::LLVMFuncOp function) {
    return function.isExternal() && function.getSymName().starts_with("__nv_");
  });
}

/// A function that nothing defines would only come to light when the program is loaded.
static LogicalResult checkExterns(StringRef ptx, EmitErrorFn emitError) {
  SmallVector<StringRef> lines;
  ptx.split(lines, '\n');
  for (StringRef line : lines)
    if (line.starts_with(".extern .func"))
      return emitError() << "the generated PTX calls a function that nothing defines: " << line.trim();
  return success();
}

FailureOr<std::string> hfc::translateToPTX(ModuleOp module, StringRef chip) {
  auto emitError = [&] { return module.emitError(); };
  if (failed(checkChip(chip, emitError)))
    return failure();
  auto target = NVVM::NVVMTargetAttr::get(module.getContext(), /*optLevel=*/3, "nvptx64-nvidia-cuda", chip);
  OwningOpRef<gpu::GPUModuleOp> merged = mergeKernels(module, target);
  if (merged->getOps<LLVM::LLVMFuncOp>().empty())
    return emitError() << "holds no kernels in the NVVM dialect (run --hfc-lower-kernels-to-nvvm)";
  LLVMInitializeNVPTXAsmPrinter();
  std::string toolkit = findCudaToolkit();
  PTXSerializer serializer(*merged, target, toolkit);
  if (needsLibdevice(*merged)) {
    if (toolkit.empty())
      return emitError() << "kernels call CUDA's libdevice, but no CUDA toolkit was found; set CUDA_HOME to its folder";
    if (failed(serializer.appendStandardLibs()))
      return failure();
  }
  std::optional<SmallVector<char, 0>> text = serializer.run();
  if (!text)
    return failure();
  std::string ptx(text->begin(), text->end());
  if (failed(checkExterns(ptx, emitError)))
    return failure();
  return ptx;
}
