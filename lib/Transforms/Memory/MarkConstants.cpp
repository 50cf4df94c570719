//===- MarkConstants.cpp - --hfc-mark-constants
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Transforms/Memory/Passes.h"

#include "dialects/hf/Hf.h"
#include "dialects/kernel/Kernel.h"
#include "dialects/rt/Rt.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/BitVector.h"
#include "llvm/ADT/MapVector.h"

namespace hfc {
#define GEN_PASS_DEF_MARKCONSTANTS
#include "hfc/Transforms/Memory/Passes.h.inc"
} // namespace hfc

using namespace hfc;

/// The parameter in whose memory a buffer is, if it is in one.
static rt::ParameterOp parameterOf(Value buffer) {
  while (auto view = buffer.getDefiningOp<rt::ViewOp>())
    buffer = view->getOperand(0);
  return buffer.getDefiningOp<rt::ParameterOp>();
}

namespace {
class MarkConstantsPass : public hfc::impl::MarkConstantsBase<MarkConstantsPass> {
public:
  using MarkConstantsBase::MarkConstantsBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    llvm::DenseSet<StringAttr> written;
    module.walk([&](rt::ParameterOp op) {
      if (op.getUpdated())
        written.insert(op.getParameterAttr().getAttr());
    });
    SymbolTable symbols(module);
    // Of each body, the arguments that are constant in all launches so far.
    llvm::MapVector<func::FuncOp, llvm::BitVector> constant;
    WalkResult result = module.walk([&](rt::LaunchOp launch) {
      auto callee = dyn_cast_or_null<FunctionOpInterface>(symbols.lookup(launch.getCallee()));
      if (!callee)
        return WalkResult::advance(); // It has been lowered.
      llvm::BitVector of(callee.getNumArguments(), false);
      for (auto [number, buffer] : llvm::enumerate(launch.getIns())) {
        rt::ParameterOp parameter = parameterOf(buffer);
        bool isConstant = parameter && !written.contains(parameter.getParameterAttr().getAttr());
        if (!isConstant && callee.getArgAttr(number, kernel::kConstantAttrName)) {
          launch.emitError("passes what the program writes as argument ")
              << number << " of @" << launch.getCallee() << ", which is kernel.constant there";
          return WalkResult::interrupt();
        }
        of[number] = isConstant;
      }
      // Kernels were marked when they were bodies.
      if (auto body = dyn_cast<func::FuncOp>(callee.getOperation()))
        constant.try_emplace(body, of).first->second &= of;
      return WalkResult::advance();
    });
    if (result.wasInterrupted())
      return signalPassFailure();
    for (auto &[body, of] : constant)
      for (unsigned number : of.set_bits()) {
        func::FuncOp(body).setArgAttr(number, kernel::kConstantAttrName, UnitAttr::get(&getContext()));
        ++numConstants;
      }
  }
};
} // namespace
