//===- EmitKernels.cpp - --hfc-emit-kernels
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Conversion/Passes.h"

#include "dialects/hf/Hf.h"
#include "dialects/kernel/Kernel.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"

namespace hfc {
#define GEN_PASS_DEF_EMITKERNELS
#include "hfc/Conversion/Passes.h.inc"
} // namespace hfc

using namespace hfc;

namespace {
class EmitKernelsPass : public hfc::impl::EmitKernelsBase<EmitKernelsPass> {
public:
  using EmitKernelsBase::EmitKernelsBase;

  void runOnOperation() override {
    for (auto body : getOperation().getOps<func::FuncOp>())
      if (auto kind = body->getAttrOfType<StringAttr>("kernel.kind")) {
        body.emitError("no emitter takes kernels of kind '") << kind.getValue() << '\'';
        return signalPassFailure();
      }
  }
};
} // namespace
