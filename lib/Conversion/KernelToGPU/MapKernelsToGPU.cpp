//===- MapKernelsToGPU.cpp - --hfc-map-kernels-to-gpu
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Conversion/Passes.h"

#include "Alignment.h"
#include "BlockReduce.h"
#include "Distribute.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Interfaces/LoopLikeInterface.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/Support/MathExtras.h"
#include <limits>

namespace hfc {
#define GEN_PASS_DEF_MAPKERNELSTOGPU
#include "hfc/Conversion/Passes.h.inc"
} // namespace hfc

using namespace hfc;

/// Shared memory of a block, on the chip that has most.
static constexpr int64_t kMaxSharedBytes = 227 * 1024;

namespace {

/// Turns one kernel.func into a gpu.func in a gpu.module of its own.
class KernelMapper {
public:
  explicit KernelMapper(kernel::FuncOp kernel) : kernel(kernel), builder(kernel) {}

  LogicalResult run() {
    if (failed(check()))
      return failure();
    createFunction();
    describeArguments();
    mapBody();
    annotateAlignment(info.func);
    return checkSharedMemory();
  }

  int64_t numReduces = 0;

private:
  LogicalResult check();
  LogicalResult checkScratch(kernel::ScratchOp scratch);
  void createFunction();
  void describeArguments();
  void mapBody();
  void mapUniformStore(Operation *store);
  void mapReduce(kernel::ReduceOp reduce);
  bool needsBarrierFirst(ArrayRef<kernel::ReduceOp> run);
  LogicalResult checkSharedMemory();

  kernel::FuncOp kernel;
  OpBuilder builder;
  ThreadInfo info;
  bool hasScratch = false;
  /// Reductions that an earlier one of their run has taken along.
  llvm::DenseSet<Operation *> mapped;
};

} // namespace

/// Everything is found out before anything changes.
LogicalResult KernelMapper::check() {
  if (!kernel.getBody().hasOneBlock())
    return kernel.emitError("has control flow between blocks; a kernel's control flow is scf");
  if (kernel.getGrid() > std::numeric_limits<int32_t>::max())
    return kernel.emitError("has a grid of ") << kernel.getGrid() << " blocks, but a GPU's has at most 2^31 - 1";
  WalkResult result = kernel.getBody().walk([&](Operation *op) {
    if (!isa<kernel::KernelDialect, arith::ArithDialect, math::MathDialect, memref::MemRefDialect, scf::SCFDialect,
             vector::VectorDialect>(op->getDialect())) {
      op->emitError("cannot run on a GPU: kernels consist of arith, math, scf, memref, vector and kernel ops");
      return WalkResult::interrupt();
    }
    auto scratch = dyn_cast<kernel::ScratchOp>(op);
    return scratch && failed(checkScratch(scratch)) ? WalkResult::interrupt() : WalkResult::advance();
  });
  return failure(result.wasInterrupted());
}

LogicalResult KernelMapper::checkScratch(kernel::ScratchOp scratch) {
  hasScratch = true;
  if (scratch.getType().getMemorySpace())
    return scratch.emitError("has a memory space; the mapping chooses it");
  for (Operation *user : scratch->getUsers())
    if (!isa<memref::LoadOp, memref::StoreOp, vector::LoadOp, vector::StoreOp>(user)) {
      InFlightDiagnostic diagnostic = user->emitError("uses scratch memory otherwise than by loads and stores");
      diagnostic.attachNote(scratch.getLoc()) << "the scratch memory";
      return diagnostic;
    }
  return success();
}

void KernelMapper::createFunction() {
  Location loc = kernel.getLoc();
  auto module = gpu::GPUModuleOp::create(builder, loc, kernel.getSymName());
  // rt.launch takes what carries it for a kernel that has been lowered.
  module->setAttr("kernel.grid", kernel.getGridAttr());
  builder.setInsertionPointToStart(module.getBody());
  info.func = gpu::GPUFuncOp::create(builder, loc, kernel.getSymName(), kernel.getFunctionType());
  info.lanes = kernel.getLanes();
  for (NamedAttribute attribute : kernel->getDiscardableAttrs())
    info.func->setAttr(attribute.getName(), attribute.getValue());
  info.func->setAttr(gpu::GPUDialect::getKernelFuncAttrName(), builder.getUnitAttr());
  info.func.setKnownBlockSize(ArrayRef<int32_t>{static_cast<int32_t>(info.lanes), 1, 1});
  info.func.setKnownGridSize(ArrayRef<int32_t>{static_cast<int32_t>(kernel.getGrid()), 1, 1});
  Block &entry = info.func.getBody().front();
  Block &body = kernel.getBody().front();
  for (auto [from, to] : llvm::zip(body.getArguments(), entry.getArguments()))
    from.replaceAllUsesWith(to);
  entry.getOperations().splice(entry.end(), body.getOperations());
  builder.setInsertionPointToStart(&entry);
}

/// What LLVM may assume of the buffers: without these loads are not vectors.
void KernelMapper::describeArguments() {
  unsigned count = kernel.getNumArguments(), firstOutput = count - kernel.getOutputs();
  SmallVector<bool> aliased(count, false);
  for (unsigned i = firstOutput; i < count; ++i)
    if (auto with = kernel.getArgAttrOfType<IntegerAttr>(i, "kernel.alias"); with && with.getValue().ult(count))
      aliased[i] = aliased[with.getInt()] = true;
  for (unsigned i = 0; i < count; ++i) {
    for (NamedAttribute attribute : function_interface_impl::getArgAttrs(kernel, i))
      info.func.setArgAttr(i, attribute.getName(), attribute.getValue());
    info.func.setArgAttr(i, LLVM::LLVMDialect::getAlignAttrName(), builder.getI64IntegerAttr(kBufferAlignment));
    if (aliased[i])
      continue;
    info.func.setArgAttr(i, LLVM::LLVMDialect::getNoAliasAttrName(), builder.getUnitAttr());
    if (i < firstOutput)
      info.func.setArgAttr(i, LLVM::LLVMDialect::getReadonlyAttrName(), builder.getUnitAttr());
  }
}

void KernelMapper::mapBody() {
  Location loc = kernel.getLoc();
  auto constant = [&](int64_t value) { return arith::ConstantIndexOp::create(builder, loc, value); };
  auto bound = [&](int64_t value) { return builder.getIndexAttr(value); };
  info.thread = gpu::ThreadIdOp::create(builder, loc, gpu::Dimension::x, bound(info.lanes));
  Value block = gpu::BlockIdOp::create(builder, loc, gpu::Dimension::x, bound(kernel.getGrid()));
  Value warpSize = constant(kWarpSize);
  info.warp = arith::DivUIOp::create(builder, loc, info.thread, warpSize);
  info.lane = arith::RemUIOp::create(builder, loc, info.thread, warpSize);

  SmallVector<Operation *> ops;
  info.func.getBody().walk([&](Operation *op) {
    bool isStore = isa<memref::StoreOp, vector::StoreOp>(op) && !op->getParentOfType<kernel::DistributeOp>();
    if (isStore || isa<kernel::KernelDialect>(op->getDialect()))
      ops.push_back(op);
  });
  // Distributes come last: what stands in them is mapped by then, and may be cloned.
  for (Operation *op : ops) {
    builder.setInsertionPoint(op);
    if (auto reduce = dyn_cast<kernel::ReduceOp>(op))
      mapReduce(reduce);
    else if (isa<kernel::BlockIdOp>(op))
      op->getResult(0).replaceAllUsesWith(block);
    else if (auto scratch = dyn_cast<kernel::ScratchOp>(op))
      scratch.replaceAllUsesWith(addSharedMemory(info.func, scratch.getType(), op->getLoc()));
    else if (isa<memref::StoreOp, vector::StoreOp>(op))
      mapUniformStore(op);
  }
  for (Operation *op : ops) {
    builder.setInsertionPoint(op);
    if (auto distribute = dyn_cast<kernel::DistributeOp>(op))
      mapDistribute(builder, distribute, info);
    else if (isa<kernel::BarrierOp>(op))
      gpu::BarrierOp::create(builder, op->getLoc());
    else if (isa<kernel::ReturnOp>(op))
      gpu::ReturnOp::create(builder, op->getLoc());
    else if (isa<kernel::YieldOp, kernel::AwaitOp, memref::StoreOp, vector::StoreOp>(op))
      continue; // Yields go with their distribute; the others stay.
    op->erase();
  }
}

/// All threads hold the same values in block-uniform code, so one of them stores.
void KernelMapper::mapUniformStore(Operation *store) {
  Location loc = store->getLoc();
  Value zero = arith::ConstantIndexOp::create(builder, loc, 0);
  Value isFirst = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, info.thread, zero);
  auto guard = scf::IfOp::create(builder, loc, isFirst);
  store->moveBefore(guard.thenBlock()->getTerminator());
}

/// Reductions that follow each other directly, of one kind and type: they can share a barrier.
static SmallVector<kernel::ReduceOp> runOf(kernel::ReduceOp first) {
  SmallVector<kernel::ReduceOp> run{first};
  for (auto next = dyn_cast_or_null<kernel::ReduceOp>(first->getNextNode()); next;
       next = dyn_cast_or_null<kernel::ReduceOp>(next->getNextNode())) {
    bool isAlike = next.getKind() == first.getKind() && next.getPartial().getType() == first.getPartial().getType();
    if (!isAlike || next.getPartial().getDefiningOp<kernel::ReduceOp>())
      break;
    run.push_back(next);
  }
  return run;
}

/// With the first of a run all of it is mapped.
void KernelMapper::mapReduce(kernel::ReduceOp reduce) {
  ++numReduces;
  if (mapped.contains(reduce))
    return;
  SmallVector<kernel::ReduceOp> run = runOf(reduce);
  mapped.insert_range(run);
  SmallVector<Value> partials = llvm::map_to_vector(run, [](kernel::ReduceOp each) { return each.getPartial(); });
  SmallVector<Value> values =
      emitBlockReduces(builder, reduce.getLoc(), info, reduce.getKind(), partials, needsBarrierFirst(run), hasScratch);
  for (auto [each, value] : llvm::zip_equal(run, values))
    each.getResult().replaceAllUsesWith(value);
}

/// Every run of reductions has shared memory of its own, so only a loop brings a thread back to it while others may
/// still be reading. Another barrier in the loop's body parts the two runs.
bool KernelMapper::needsBarrierFirst(ArrayRef<kernel::ReduceOp> run) {
  kernel::ReduceOp reduce = run.front();
  auto loop = reduce->getParentOfType<LoopLikeOpInterface>();
  if (!loop)
    return false;
  Block *body = nullptr;
  for (Region *region : loop.getLoopRegions())
    if (Block *block = region->empty() ? nullptr : &region->front(); block && block->findAncestorOpInBlock(*reduce))
      body = block;
  if (!body)
    return true;
  Operation *ancestor = body->findAncestorOpInBlock(*reduce);
  return llvm::none_of(*body, [&](Operation &op) {
    return &op != ancestor && !llvm::is_contained(run, &op) && isa<kernel::BarrierOp, kernel::ReduceOp>(op);
  });
}

LogicalResult KernelMapper::checkSharedMemory() {
  int64_t bytes = 0;
  for (BlockArgument memory : info.func.getWorkgroupAttributions()) {
    auto type = cast<MemRefType>(memory.getType());
    int64_t size = type.getNumElements() * llvm::divideCeil(type.getElementTypeBitWidth(), 8);
    bytes += llvm::alignTo(size, kBufferAlignment);
  }
  if (bytes <= kMaxSharedBytes)
    return success();
  return kernel.emitError("needs ") << bytes << " bytes of shared memory in a block, but a GPU gives "
                                    << kMaxSharedBytes << "; make the kernel's scratch memory smaller";
}

namespace {
class MapKernelsToGPUPass : public hfc::impl::MapKernelsToGPUBase<MapKernelsToGPUPass> {
public:
  using MapKernelsToGPUBase::MapKernelsToGPUBase;

  void runOnOperation() override {
    for (auto kernel : llvm::make_early_inc_range(getOperation().getOps<kernel::FuncOp>())) {
      KernelMapper mapper(kernel);
      if (failed(mapper.run()))
        return signalPassFailure();
      ++numKernels;
      numReduces += mapper.numReduces;
      kernel.erase();
    }
  }
};
} // namespace
