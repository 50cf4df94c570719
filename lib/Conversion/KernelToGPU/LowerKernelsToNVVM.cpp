//===- LowerKernelsToNVVM.cpp - --hfc-lower-kernels-to-nvvm
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Conversion/Passes.h"

#include "SharedMemory.h"
#include "hfc/Support/GPUChip.h"

#include "dialects/kernel/Kernel.h"
#include "mlir/Conversion/GPUToNVVM/GPUToNVVMPass.h"
#include "mlir/Conversion/ReconcileUnrealizedCasts/ReconcileUnrealizedCasts.h"
#include "mlir/Conversion/SCFToControlFlow/SCFToControlFlow.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"

namespace hfc {
#define GEN_PASS_DEF_LOWERKERNELSTONVVM
#include "hfc/Conversion/Passes.h.inc"
} // namespace hfc

using namespace hfc;

/// Element offsets below it, and the steps beyond the end that a loop's counter may take, fit into 32 bits.
static constexpr int64_t kMaxNarrowElements = int64_t(1) << 30;
/// Threads on a multiprocessor at once that leave each 128 registers.
static constexpr int32_t kWantedThreads = 512;

/// Lets LLVM form fused multiply-adds, as nvcc does by default, and divide within two units in the last place: the
/// exact quotient takes a function call that costs registers. Exponentials are 2^(x log2(e)), of an argument that is
/// rounded once more: within 1e-6 for all that counts beside 1, and two instructions instead of nine, which is what
/// kernels with several of them for each element of two bytes wait for.
static void relaxArithmetic(Operation *root) {
  root->walk([](arith::ArithFastMathInterface op) {
    auto flags = op.getFastMathFlagsAttr() ? op.getFastMathFlagsAttr().getValue() : arith::FastMathFlags::none;
    flags = flags | arith::FastMathFlags::contract;
    if (isa<arith::DivFOp, math::ExpOp>(op))
      flags = flags | arith::FastMathFlags::afn;
    op->setAttr(op.getFastMathAttrName(), arith::FastMathFlagsAttr::get(op.getContext(), flags));
  });
}

/// The float32 of `half`, a bfloat16.
static Value widen(ImplicitLocOpBuilder &b, Value half) {
  Value bits = arith::ExtUIOp::create(b, b.getI32Type(), arith::BitcastOp::create(b, b.getI16Type(), half));
  Value shift = arith::ConstantIntOp::create(b, b.getI32Type(), 16);
  return arith::BitcastOp::create(b, b.getF32Type(), arith::ShLIOp::create(b, bits, shift));
}

/// The same of an even number of them, two to a register: an instruction for each.
static Value widenPairs(ImplicitLocOpBuilder &b, Value halves) {
  int64_t count = cast<VectorType>(halves.getType()).getNumElements();
  auto pairs = VectorType::get({count / 2}, b.getI32Type());
  auto splat = [&](uint32_t bits) {
    return arith::ConstantOp::create(b, DenseElementsAttr::get(pairs, APInt(32, bits)));
  };
  Value both = vector::BitCastOp::create(b, pairs, halves);
  Value lower = arith::ShLIOp::create(b, both, splat(16)), upper = arith::AndIOp::create(b, both, splat(0xffff0000));
  SmallVector<int64_t> places;
  for (int64_t pair = 0; pair < count / 2; ++pair)
    places.append({pair, count / 2 + pair});
  Value all = vector::ShuffleOp::create(b, lower, upper, places);
  return arith::BitcastOp::create(b, VectorType::get({count}, b.getF32Type()), all);
}

/// A bfloat16 is the upper half of a float32. The GPU's own conversion, which has to look for numbers to flush to 0,
/// takes eight times as long as a shift.
static void widenByShifting(Operation *root) {
  root->walk([](arith::ExtFOp op) {
    auto vector = dyn_cast<VectorType>(op.getType());
    bool isPairs = vector && vector.getRank() == 1 && vector.getNumElements() % 2 == 0;
    if (!getElementTypeOrSelf(op.getIn().getType()).isBF16() || (vector && !isPairs))
      return;
    ImplicitLocOpBuilder b(op.getLoc(), op);
    op.replaceAllUsesWith(isPairs ? widenPairs(b, op.getIn()) : widen(b, op.getIn()));
    op.erase();
  });
}

/// Left to itself, ptxas spills to reach as many threads on a multiprocessor as it can hold. Asked for a quarter of
/// them, or what the kernel says, it uses the registers that there are.
static void limitOccupancy(gpu::GPUModuleOp module) {
  for (auto func : module.getOps<gpu::GPUFuncOp>())
    if (std::optional<ArrayRef<int32_t>> size = func.getKnownBlockSize(); size && size->front() > 0) {
      auto wanted = dyn_cast_or_null<IntegerAttr>(func->removeAttr("kernel.threads"));
      int32_t threads = wanted ? static_cast<int32_t>(wanted.getInt()) : kWantedThreads;
      int32_t blocks = std::max(1, threads / size->front());
      func->setAttr(NVVM::NVVMDialect::getMinctasmAttrName(), Builder(func).getI32IntegerAttr(blocks));
    }
}

static bool needsWideIndex(Operation *root) {
  WalkResult result = root->walk([](Block *block) {
    for (BlockArgument argument : block->getArguments())
      if (auto type = dyn_cast<MemRefType>(argument.getType()); type && type.getNumElements() >= kMaxNarrowElements)
        return WalkResult::interrupt();
    return WalkResult::advance();
  });
  return result.wasInterrupted();
}

/// What LLVM's translation does not know stays behind.
static void dropKernelAttributes(gpu::GPUModuleOp module) {
  for (auto func : module.getOps<gpu::GPUFuncOp>())
    for (unsigned i = 0; i < func.getNumArguments(); ++i)
      for (StringRef name : {StringRef("kernel.alias"), StringRef(kernel::kConstantAttrName)})
        func.removeArgAttr(i, name);
}

/// A kernel for a GPU that may begin it early waits for those in front of it. One that does so before all else then
/// lets the next one come, so that no more than one kernel waits. One that reads before it waits (kernel.await) first
/// lets the next one come, whose blocks are placed where there is room once all of its own are: what each reads early
/// overlaps with the kernels in front. All end in their order, since each waits. Without effect on kernels that are not
/// launched early.
static void waitForEarlierKernels(gpu::GPUModuleOp module) {
  for (auto func : module.getOps<gpu::GPUFuncOp>()) {
    SmallVector<kernel::AwaitOp> places;
    func.walk([&](kernel::AwaitOp await) { places.push_back(await); });
    auto entry = OpBuilder::atBlockBegin(&func.getBody().front());
    if (places.empty())
      NVVM::GriddepcontrolOp::create(entry, func.getLoc(), NVVM::GridDepActionKind::wait);
    NVVM::GriddepcontrolOp::create(entry, func.getLoc(), NVVM::GridDepActionKind::launch_dependents);
    for (kernel::AwaitOp await : places) {
      OpBuilder builder(await);
      NVVM::GriddepcontrolOp::create(builder, await.getLoc(), NVVM::GridDepActionKind::wait);
      await.erase();
    }
  }
}

static LogicalResult checkKernels(gpu::GPUModuleOp module) {
  for (auto func : module.getOps<gpu::GPUFuncOp>())
    for (Type type : func.getArgumentTypes())
      if (auto memref = dyn_cast<MemRefType>(type); !memref || !memref.hasStaticShape())
        return func.emitError("has an argument of type ")
               << type << "; a GPU kernel of hfc takes buffers of static shape";
  return success();
}

/// The conversion leaves what it does not know, and later steps would only speak of casts.
static LogicalResult checkLowered(gpu::GPUModuleOp module) {
  WalkResult result = module.walk([&](Operation *op) {
    if (isa<gpu::GPUModuleOp, UnrealizedConversionCastOp>(op) ||
        isa<LLVM::LLVMDialect, NVVM::NVVMDialect>(op->getDialect()))
      return WalkResult::advance();
    op->emitError("has no lowering to NVVM (kernel '") << module.getName() << "')";
    return WalkResult::interrupt();
  });
  return failure(result.wasInterrupted());
}

namespace {
class LowerKernelsToNVVMPass : public hfc::impl::LowerKernelsToNVVMBase<LowerKernelsToNVVMPass> {
public:
  using LowerKernelsToNVVMBase::LowerKernelsToNVVMBase;

  void runOnOperation() override {
    if (failed(checkChip(chip, [&] { return getOperation().emitError(); })))
      return signalPassFailure();
    for (auto module : getOperation().getOps<gpu::GPUModuleOp>())
      if (!module.getOps<gpu::GPUFuncOp>().empty() && failed(lower(module)))
        return signalPassFailure();
  }

private:
  LogicalResult lower(gpu::GPUModuleOp module) {
    if (failed(checkKernels(module)))
      return failure();
    ++numKernels;
    dropKernelAttributes(module);
    limitOccupancy(module);
    waitForEarlierKernels(module);
    relaxArithmetic(module);
    widenByShifting(module);
    bool isWide = needsWideIndex(module);
    numWide += isWide;
    if (failed(convert(module, isWide)) || failed(checkLowered(module)))
      return failure();
    OpPassManager finish(gpu::GPUModuleOp::getOperationName());
    finish.addPass(createReconcileUnrealizedCastsPass());
    if (failed(sizeSharedMemory(module, chip)))
      return failure();
    auto target = NVVM::NVVMTargetAttr::get(&getContext(), /*optLevel=*/3, "nvptx64-nvidia-cuda", chip);
    module.setTargetsAttr(ArrayAttr::get(&getContext(), target));
    return runPipeline(finish, module);
  }

  LogicalResult convert(gpu::GPUModuleOp module, bool isWide) {
    ConvertGpuOpsToNVVMOpsOptions options;
    options.indexBitwidth = isWide ? 64 : 32;
    options.useBarePtrCallConv = true;
    OpPassManager pipeline(gpu::GPUModuleOp::getOperationName());
    pipeline.addPass(createCanonicalizerPass());
    pipeline.addPass(createCSEPass());
    pipeline.addPass(createLoopInvariantCodeMotionPass());
    pipeline.addPass(createSCFToControlFlowPass());
    pipeline.addPass(createConvertGpuOpsToNVVMOps(options));
    return runPipeline(pipeline, module);
  }
};
} // namespace
