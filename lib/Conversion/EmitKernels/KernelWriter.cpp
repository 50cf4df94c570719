//===- KernelWriter.cpp - what all kernel emitters share
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Emitters.h"

#include "mlir/IR/Iterators.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Transforms/LoopInvariantCodeMotionUtils.h"

using namespace hfc;

static SmallVector<Type> bufferTypes(func::FuncOp body) {
  SmallVector<Type> types;
  auto add = [&](Type type) {
    auto tensor = cast<RankedTensorType>(type);
    types.push_back(MemRefType::get(tensor.getShape(), tensor.getElementType()));
  };
  llvm::for_each(body.getArgumentTypes(), add);
  llvm::for_each(body.getResultTypes(), add);
  return types;
}

KernelWriter::KernelWriter(func::FuncOp body, const EmitOptions &options)
    : b(body.getLoc(), body.getContext()), inputs(body.getNumArguments()) {
  b.setInsertionPoint(body);
  kernel =
      kernel::FuncOp::create(b, body.getName(), bufferTypes(body), /*grid=*/1, options.lanes, body.getNumResults());
  for (unsigned argument : llvm::seq<unsigned>(0, body.getNumArguments()))
    if (Attribute constant = body.getArgAttr(argument, kernel::kConstantAttrName))
      kernel.setArgAttr(argument, kernel::kConstantAttrName, constant);
  for (unsigned result : llvm::seq<unsigned>(0, body.getNumResults()))
    if (Attribute alias = body.getResultAttr(result, "kernel.alias"))
      kernel.setArgAttr(inputs + result, "kernel.alias", alias);
  b.setInsertionPointToEnd(entry());
}

/// Moves what is the same for all elements out of a distribute, so that it is computed once for a row.
static void hoistInvariants(kernel::DistributeOp loop) {
  moveLoopInvariantCode(
      &loop.getBody(), [&](Value value, Region *region) { return !region->isAncestor(value.getParentRegion()); },
      [](Operation *op, Region *) { return isMemoryEffectFree(op) && isSpeculatable(op); },
      [&](Operation *op, Region *) { op->moveBefore(loop); });
}

void KernelWriter::finish(int64_t grid) {
  kernel.setGrid(grid);
  b.setInsertionPointToEnd(entry());
  kernel::ReturnOp::create(b);
  // Emission creates index expressions and constants before it knows that they are needed.
  kernel.walk<WalkOrder::PostOrder, ReverseIterator>([](Operation *op) {
    if (isOpTriviallyDead(op))
      op->erase();
  });
  kernel.walk(hoistInvariants);
}

LogicalResult hfc::emitAtWidest(ElementEmitter &elements, int64_t widest, int64_t extent,
                                function_ref<LogicalResult()> attempt) {
  Block *block = elements.b.getInsertionBlock();
  // Constants are made at the kernel's beginning and remembered: what stands behind this one is an attempt's.
  if (block->empty())
    elements.index.constant(0);
  Operation *last = &block->back();
  for (int64_t width = widest; width >= 1; width /= 2) {
    if (extent % width)
      continue;
    elements.index.width = width;
    {
      ElementEmitter::Scope scope(elements);
      if (succeeded(attempt()))
        return success();
    }
    while (!block->empty() && &block->back() != last)
      block->back().erase();
    elements.b.setInsertionPointToEnd(block);
    if (elements.isInvalid())
      return failure();
  }
  return failure();
}
