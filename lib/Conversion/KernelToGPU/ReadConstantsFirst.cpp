//===- ReadConstantsFirst.cpp - --hfc-read-constants-first
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Conversion/Passes.h"

#include "dialects/kernel/Kernel.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/Support/MathExtras.h"

namespace hfc {
#define GEN_PASS_DEF_READCONSTANTSFIRST
#include "hfc/Conversion/Passes.h.inc"
} // namespace hfc

using namespace hfc;

/// Registers of a multiprocessor, those that a thread needs beside what it has read early, and threads that are enough.
static constexpr int64_t kRegisters = 65536, kOtherRegisters = 40, kMostThreads = 1024;
static constexpr llvm::StringLiteral kThreadsAttrName = "kernel.threads";

static int64_t bytesOf(Type type) {
  auto vector = dyn_cast<VectorType>(type);
  Type element = getElementTypeOrSelf(type);
  int64_t bits = element.isIntOrFloat() ? element.getIntOrFloatBitWidth() : 64;
  return llvm::divideCeil(bits, 8) * (vector ? vector.getNumElements() : 1);
}

/// What of the block behind `await` a load's place is computed from, in the order of the block and the load last; empty
/// if that takes more than arithmetic.
static SmallVector<Operation *> stepsOf(Operation *load, kernel::AwaitOp await) {
  llvm::SetVector<Operation *> found;
  SmallVector<Operation *> work{load};
  while (!work.empty()) {
    Operation *op = work.pop_back_val();
    bool isBehind = op->getBlock() == await->getBlock() && await->isBeforeInBlock(op);
    if (!isBehind || !found.insert(op))
      continue;
    if (op != load && (!isMemoryEffectFree(op) || op->getNumRegions()))
      return {};
    for (Value operand : op->getOperands())
      if (Operation *source = operand.getDefiningOp())
        work.push_back(source);
  }
  SmallVector<Operation *> steps = found.takeVector();
  llvm::sort(steps, [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
  return steps;
}

namespace {
class ReadConstantsFirstPass : public hfc::impl::ReadConstantsFirstBase<ReadConstantsFirstPass> {
public:
  using ReadConstantsFirstBase::ReadConstantsFirstBase;

  void runOnOperation() override {
    if (maxBytes < 0) {
      getOperation().emitError("hfc-read-constants-first: max-bytes is what a thread may hold, and not negative; got ")
          << maxBytes.getValue();
      return signalPassFailure();
    }
    getOperation().walk([&](kernel::AwaitOp await) {
      if (await->getParentOfType<gpu::GPUFuncOp>())
        moveReads(await);
    });
  }

private:
  /// Where a branch only follows, the loads of both are not known to be wanted: only those of the block itself move.
  void moveReads(kernel::AwaitOp await) {
    SmallVector<Operation *> loads;
    for (Operation *op = await->getNextNode(); op; op = op->getNextNode())
      if (isa<memref::LoadOp, vector::LoadOp>(op) && kernel::isConstantArgument(op->getOperand(0)))
        loads.push_back(op);
    int64_t bytes = 0;
    for (Operation *load : loads) {
      int64_t more = bytesOf(load->getResult(0).getType());
      SmallVector<Operation *> steps = stepsOf(load, await);
      if (steps.empty() || bytes + more > maxBytes)
        continue;
      bytes += more;
      for (Operation *step : steps)
        step->moveBefore(await);
      ++numReads;
    }
    if (!bytes)
      return;
    auto func = await->getParentOfType<gpu::GPUFuncOp>();
    askForThreads(func, bytes);
  }

  /// As many blocks shall be placed early as there are registers for.
  static void askForThreads(gpu::GPUFuncOp func, int64_t bytes) {
    int64_t threads = kRegisters / llvm::alignTo(bytes / 4 + kOtherRegisters, 8);
    threads = std::min(threads, kMostThreads);
    if (auto wanted = func->getAttrOfType<IntegerAttr>(kThreadsAttrName))
      threads = std::min(threads, wanted.getInt());
    func->setAttr(kThreadsAttrName, Builder(func).getI64IntegerAttr(threads));
  }
};
} // namespace
