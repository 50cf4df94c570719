//===- Flops.cpp - floating-point operations of hf ops
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Ledger/Ledger.h"

#include "dialects/hf/DecomposeAside.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace hfc;
using namespace hfc::ledger;

static int64_t elementsOf(Value value) { return cast<ShapedType>(value.getType()).getNumElements(); }
static bool isFloat(Value value) { return isa<FloatType>(getElementTypeOrSelf(value)); }

static bool isArithmetic(Operation *op) {
  return isa<hf::NegOp, hf::AbsOp, hf::ExpOp, hf::LogOp, hf::SqrtOp, hf::RsqrtOp, hf::TanhOp, hf::ErfOp, hf::SinOp,
             hf::CosOp, hf::FloorOp, hf::AddOp, hf::SubOp, hf::MulOp, hf::DivOp, hf::PowOp, hf::MaxOp, hf::MinOp>(op);
}

static int64_t count(Operation *op, ModuleOp module) {
  if (auto composite = dyn_cast<hf::CompositeOpInterface>(op))
    return countFlops(*hf::decomposeAside(composite).block, module);
  if (isArithmetic(op))
    return isFloat(op->getResult(0)) ? elementsOf(op->getResult(0)) : 0;
  return llvm::TypeSwitch<Operation *, int64_t>(op)
      .Case([](hf::ReduceOp op) { return isFloat(op.getX()) ? elementsOf(op.getX()) : 0; })
      .Case([](hf::MatmulOp op) {
        ArrayRef<int64_t> sizes = op.getLhs().getType().getShape().take_back(2);
        return 2 * elementsOf(op.getResult()) * sizes[op.getTransposeLhs() ? 0 : 1];
      })
      .Case([&](func::CallOp op) {
        auto callee = module.lookupSymbol<func::FuncOp>(op.getCallee());
        return callee && !callee.isExternal() ? countFlops(callee.getBody().front(), module) : 0;
      })
      .Default([](Operation *) { return 0; });
}

int64_t ledger::countFlops(Block &block, ModuleOp module) {
  int64_t total = 0;
  for (Operation &op : block)
    total += count(&op, module);
  return total;
}
