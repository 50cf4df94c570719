//===- LowerKernelsToCPU.cpp - --hfc-lower-kernels-to-cpu
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "MathOnCPU.h"
#include "hfc/Conversion/Passes.h"

#include "dialects/kernel/Kernel.h"

#include "mlir/Conversion/LLVMCommon/MemRefBuilder.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace hfc {
#define GEN_PASS_DEF_LOWERKERNELSTOCPU
#include "hfc/Conversion/Passes.h.inc"
} // namespace hfc

using namespace hfc;

namespace {
/// Stacks of threads are some megabytes; kernels keep far below this.
constexpr int64_t maxScratchBytes = 1 << 20;
/// The alignment of scratch, a cache line's.
constexpr int64_t scratchAlignment = 64;

/// Lowers one kernel to its two functions.
class KernelLowering {
public:
  KernelLowering(kernel::FuncOp kernel, SymbolTable &symbols, const LLVMTypeConverter &types)
      : kernel(kernel), symbols(symbols), types(types), builder(kernel.getContext()), loc(kernel.getLoc()) {}

  LogicalResult run();

private:
  LogicalResult checkArguments();
  LogicalResult checkScratch();
  void hoistScratch();
  func::FuncOp createBlocks();
  void createWrapper(func::FuncOp blocks, StringAttr name);
  Value describe(Value pointer, MemRefType type);
  void lowerOps(func::FuncOp blocks);
  func::FuncOp createFunction(const Twine &name, ArrayRef<Type> arguments);

  kernel::FuncOp kernel;
  SymbolTable &symbols;
  const LLVMTypeConverter &types;
  OpBuilder builder;
  Location loc;
};

class LowerKernelsToCPUPass : public hfc::impl::LowerKernelsToCPUBase<LowerKernelsToCPUPass> {
public:
  using LowerKernelsToCPUBase::LowerKernelsToCPUBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    SmallVector<kernel::FuncOp> kernels(module.getOps<kernel::FuncOp>());
    if (kernels.empty())
      return markAllAnalysesPreserved();
    SymbolTable symbols(module);
    LLVMTypeConverter types(&getContext());
    for (kernel::FuncOp kernel : kernels)
      if (failed(KernelLowering(kernel, symbols, types).run()))
        return signalPassFailure();
    numKernels += kernels.size();
    if (failed(expandMathForCPU(module)))
      signalPassFailure();
  }
};
} // namespace

//===----------------------------------------------------------------------===//
// The two functions
//===----------------------------------------------------------------------===//

func::FuncOp KernelLowering::createFunction(const Twine &name, ArrayRef<Type> arguments) {
  auto function = func::FuncOp::create(loc, name.str(), builder.getFunctionType(arguments, {}));
  function.setPrivate();
  function->setAttr("llvm.linkage", LLVM::LinkageAttr::get(builder.getContext(), LLVM::Linkage::Internal));
  function.addEntryBlock();
  return function;
}

/// The buffer at `pointer` as a memref, by way of the descriptor that it becomes.
Value KernelLowering::describe(Value pointer, MemRefType type) {
  Value descriptor = MemRefDescriptor::fromStaticShape(builder, loc, types, type, pointer);
  return UnrealizedConversionCastOp::create(builder, loc, type, descriptor).getResult(0);
}

LogicalResult KernelLowering::checkArguments() {
  for (Type type : kernel.getArgumentTypes())
    if (auto buffer = dyn_cast<MemRefType>(type); !buffer || buffer.getMemorySpace() || !types.convertType(buffer))
      return kernel.emitOpError("has an argument of type ") << type << ", which is no buffer of the CPU's memory";
  return success();
}

LogicalResult KernelLowering::checkScratch() {
  int64_t total = 0;
  for (auto scratch : kernel.getBody().getOps<kernel::ScratchOp>()) {
    auto type = cast<MemRefType>(scratch.getType());
    if (!type.getElementType().isIntOrFloat() || !type.getLayout().isIdentity() || type.getMemorySpace())
      return scratch.emitOpError("must hold numbers, packed densely, but has type ") << type;
    // More elements than bytes are too many anyway, whatever they are.
    int64_t elements = std::min(type.getNumElements(), maxScratchBytes + 1);
    total += elements * static_cast<int64_t>(llvm::divideCeil(type.getElementTypeBitWidth(), 8));
    if (total > maxScratchBytes)
      return scratch.emitOpError("does not fit on a thread's stack: the kernel's scratch is larger than ")
             << maxScratchBytes << " bytes; use smaller tiles";
  }
  return success();
}

/// Memory of the stack is taken once, not once a block.
void KernelLowering::hoistScratch() {
  for (auto scratch : llvm::make_early_inc_range(kernel.getBody().getOps<kernel::ScratchOp>())) {
    auto type = cast<MemRefType>(scratch.getType());
    Value memory =
        memref::AllocaOp::create(builder, scratch.getLoc(), type, builder.getI64IntegerAttr(scratchAlignment));
    scratch.replaceAllUsesWith(memory);
    scratch.erase();
  }
}

/// Attributes of the buffers' arguments: an output overlaps nothing, unless `kernel.alias` names an input.
static void markBuffers(kernel::FuncOp kernel, func::FuncOp blocks) {
  unsigned count = kernel.getNumArguments();
  unsigned outputs = kernel.getOutputs();
  SmallVector<bool> overlaps(count), written(count);
  for (unsigned output = count - outputs; output < count; ++output) {
    written[output] = true;
    auto alias = kernel.getArgAttrOfType<IntegerAttr>(output, "kernel.alias");
    if (!alias || alias.getValue().uge(count))
      continue;
    unsigned other = alias.getValue().getZExtValue();
    overlaps[output] = overlaps[other] = written[other] = true;
  }
  auto unit = UnitAttr::get(kernel.getContext());
  for (unsigned i = 0; i < count; ++i) {
    if (!overlaps[i])
      blocks.setArgAttr(i, LLVM::LLVMDialect::getNoAliasAttrName(), unit);
    if (!written[i])
      blocks.setArgAttr(i, LLVM::LLVMDialect::getReadonlyAttrName(), unit);
  }
}

/// `NAME_blocks(buffers…, begin, end)`: a loop over the blocks, with the kernel's body.
func::FuncOp KernelLowering::createBlocks() {
  unsigned count = kernel.getNumArguments();
  SmallVector<Type> arguments(count, LLVM::LLVMPointerType::get(builder.getContext()));
  arguments.append(2, builder.getIndexType());
  func::FuncOp blocks = createFunction(kernel.getSymName() + "_blocks", arguments);
  markBuffers(kernel, blocks);

  Block &body = kernel.getBody().front();
  builder.setInsertionPointToStart(&blocks.front());
  SmallVector<Value> buffers;
  for (unsigned i = 0; i < count; ++i)
    buffers.push_back(describe(blocks.getArgument(i), cast<MemRefType>(kernel.getArgumentTypes()[i])));
  hoistScratch();
  Value one = arith::ConstantIndexOp::create(builder, loc, 1);
  auto loop = scf::ForOp::create(builder, loc, blocks.getArgument(count), blocks.getArgument(count + 1), one);
  func::ReturnOp::create(builder, loc);

  body.getTerminator()->erase();
  body.walk([&](kernel::BlockIdOp id) {
    id.replaceAllUsesWith(loop.getInductionVar());
    id.erase();
  });
  Block *loopBody = loop.getBody();
  for (auto [argument, buffer] : llvm::zip_equal(body.getArguments(), buffers))
    argument.replaceAllUsesWith(buffer);
  loopBody->getOperations().splice(std::prev(loopBody->end()), body.getOperations());
  return blocks;
}

/// `NAME(args, begin, end)`, the runtime's `hfc_kernel`: loads the buffers' addresses and calls the blocks.
void KernelLowering::createWrapper(func::FuncOp blocks, StringAttr name) {
  Type pointer = LLVM::LLVMPointerType::get(builder.getContext());
  Type i64 = builder.getI64Type();
  func::FuncOp wrapper = createFunction(name.getValue(), {pointer, i64, i64});
  wrapper->setAttr("kernel.grid", kernel.getGridAttr());
  builder.setInsertionPointToStart(&wrapper.front());
  SmallVector<Value> operands;
  for (unsigned i = 0, count = blocks.getNumArguments() - 2; i < count; ++i) {
    Value slot = LLVM::GEPOp::create(builder, loc, pointer, pointer, wrapper.getArgument(0), ArrayRef<LLVM::GEPArg>{i});
    operands.push_back(LLVM::LoadOp::create(builder, loc, pointer, slot));
  }
  for (unsigned bound : {1, 2})
    operands.push_back(arith::IndexCastOp::create(builder, loc, builder.getIndexType(), wrapper.getArgument(bound)));
  func::CallOp::create(builder, loc, blocks, operands);
  func::ReturnOp::create(builder, loc);
  symbols.insert(wrapper, Block::iterator(blocks->getNextNode()));
}

LogicalResult KernelLowering::run() {
  if (failed(checkArguments()) || failed(checkScratch()))
    return failure();
  func::FuncOp blocks = createBlocks();
  lowerOps(blocks);
  StringAttr name = kernel.getSymNameAttr();
  symbols.insert(blocks, Block::iterator(kernel));
  symbols.remove(kernel);
  createWrapper(blocks, name);
  kernel.erase();
  return success();
}

//===----------------------------------------------------------------------===//
// Ops of the kernel dialect
//===----------------------------------------------------------------------===//

/// One lane runs the whole range, in order.
static void lowerDistribute(kernel::DistributeOp op) {
  OpBuilder builder(op);
  Value step = arith::ConstantIndexOp::create(builder, op.getLoc(), op.getVector());
  auto loop = scf::ForOp::create(builder, op.getLoc(), op.getLower(), op.getUpper(), step, op.getInits());
  Block *source = &op.getBody().front();
  Block *target = loop.getBody();
  auto yield = cast<kernel::YieldOp>(source->getTerminator());
  if (!target->empty())
    target->getTerminator()->erase();
  builder.setInsertionPoint(yield);
  scf::YieldOp::create(builder, yield.getLoc(), yield.getOperands());
  yield.erase();
  for (auto [from, to] : llvm::zip_equal(source->getArguments(), target->getArguments()))
    from.replaceAllUsesWith(to);
  target->getOperations().splice(target->end(), source->getOperations());
  op.replaceAllUsesWith(loop.getResults());
  op.erase();
}

static vector::CombiningKind combiningKind(kernel::Combine kind, bool isFloat) {
  switch (kind) {
  case kernel::Combine::add:
    return vector::CombiningKind::ADD;
  case kernel::Combine::max:
    return isFloat ? vector::CombiningKind::MAXIMUMF : vector::CombiningKind::MAXSI;
  case kernel::Combine::min:
    return isFloat ? vector::CombiningKind::MINIMUMF : vector::CombiningKind::MINSI;
  }
  llvm_unreachable("a combination is one of the enum's");
}

/// Sums may be taken as a tree: the order is the code generator's, the same at every run.
static void lowerReduce(kernel::ReduceOp op) {
  OpBuilder builder(op);
  Value result = op.getPartial();
  if (auto type = dyn_cast<VectorType>(result.getType())) {
    if (type.getRank() != 1)
      result = vector::ShapeCastOp::create(builder, op.getLoc(),
                                           VectorType::get(type.getNumElements(), type.getElementType()), result);
    bool isFloat = isa<FloatType>(type.getElementType());
    result = vector::ReductionOp::create(builder, op.getLoc(), combiningKind(op.getKind(), isFloat), result,
                                         arith::FastMathFlags::reassoc);
  }
  op.replaceAllUsesWith(result);
  op.erase();
}

void KernelLowering::lowerOps(func::FuncOp blocks) {
  blocks.walk([](Operation *op) {
    if (auto distribute = dyn_cast<kernel::DistributeOp>(op))
      lowerDistribute(distribute);
    else if (auto reduce = dyn_cast<kernel::ReduceOp>(op))
      lowerReduce(reduce);
    else if (isa<kernel::BarrierOp, kernel::AwaitOp>(op))
      op->erase();
  });
}
