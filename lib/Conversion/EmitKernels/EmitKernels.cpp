//===- EmitKernels.cpp - --hfc-emit-kernels
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "AttentionParts.h"
#include "Emitters.h"
#include "hfc/Conversion/Passes.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/ADT/StringSwitch.h"

namespace hfc {
#define GEN_PASS_DEF_EMITKERNELS
#include "hfc/Conversion/Passes.h.inc"
} // namespace hfc

using namespace hfc;

namespace {
using Emitter = LogicalResult (*)(func::FuncOp, const EmitOptions &);

class EmitKernelsPass : public hfc::impl::EmitKernelsBase<EmitKernelsPass> {
public:
  using EmitKernelsBase::EmitKernelsBase;

  void runOnOperation() override {
    if (!llvm::isPowerOf2_64(vectorBits) || vectorBits < 32 || !llvm::isPowerOf2_64(interleave)) {
      getOperation().emitError(
          "hfc-emit-kernels: vector-bits must be a power of two of at least 32 and interleave one");
      return signalPassFailure();
    }
    if (rowBytes < 0) {
      getOperation().emitError("hfc-emit-kernels: row-bytes must not be negative");
      return signalPassFailure();
    }
    EmitOptions options{vectorBits / 32, lanes, interleave, bufferAlignment, rowBytes};
    for (auto body : llvm::make_early_inc_range(getOperation().getOps<func::FuncOp>())) {
      auto kind = body->getAttrOfType<StringAttr>("kernel.kind");
      if (!kind)
        continue;
      if (failed(emitBody(body, kind, options)))
        return signalPassFailure();
      body.erase();
    }
  }

private:
  LogicalResult emitBody(func::FuncOp body, StringAttr kind, const EmitOptions &options) {
    auto emitter = llvm::StringSwitch<Emitter>(kind)
                       .Case("loop", emitLoopKernel)
                       .Case("row", emitRowKernel)
                       .Case("column", emitColumnKernel)
                       .Case("few_rows", emitFewRowsKernel)
                       .Case("attention", emitAttentionKernel)
                       .Case("attention_with_statistics", emitAttentionWithStatisticsKernel)
                       .Case("attention_statistics", emitAttentionStatisticsKernel)
                       .Case("attention_backward", emitAttentionBackwardKernel)
                       .Case("attention_parts", emitAttentionPartsKernel)
                       .Case("attention_join", emitAttentionJoinKernel)
                       .Case("scatter_add", emitScatterAddKernel)
                       .Case("cache_update", emitCacheUpdateKernel)
                       .Case("top_k", emitTopKKernel)
                       .Case("argmax", emitArgmaxKernel)
                       .Default(nullptr);
    if (!emitter)
      return body.emitError("no emitter takes kernels of kind '") << kind.getValue() << '\'';
    if (!body.getBody().hasOneBlock())
      return body.emitError("a kernel body has one block");
    if (emitter == emitLoopKernel)
      ++numLoop;
    else if (emitter == emitRowKernel)
      ++numRow;
    else if (emitter == emitColumnKernel)
      ++numColumn;
    else
      ++numSpecial;
    return emitter(body, options);
  }
};
} // namespace
