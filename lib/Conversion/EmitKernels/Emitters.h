//===- Emitters.h - one emitter for each kind of kernel body
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_CONVERSION_EMITKERNELS_EMITTERS_H
#define HFC_LIB_CONVERSION_EMITKERNELS_EMITTERS_H

#include "ElementEmitter.h"
#include "dialects/kernel/Kernel.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace hfc {

struct EmitOptions {
  /// Elements of one vector access.
  int64_t width;
  /// Lanes of a block.
  int64_t lanes;
  /// Vectors that a lane accumulates at once in a reduction, so that additions do not wait for each other.
  int64_t interleave;
  /// Bytes to which every buffer is known to be aligned.
  int64_t bufferAlignment;
  /// Bytes of a block's scratch memory in which beginnings of long rows stay between passes.
  int64_t rowBytes = 0;
};

/// A kernel.func being written in place of the body of the same name.
class KernelWriter {
public:
  KernelWriter(func::FuncOp body, const EmitOptions &options);

  ImplicitLocOpBuilder b;
  kernel::FuncOp kernel;

  Block *entry() { return &kernel.getBody().front(); }
  Value input(unsigned number) { return kernel.getArgument(number); }
  Value output(unsigned number) { return kernel.getArgument(inputs + number); }
  /// Sets the grid and ends the kernel; nothing that is not used stays.
  void finish(int64_t grid);

private:
  int64_t inputs;
};

/// Makes `attempt` emit at the widest width up to `widest` that divides `extent`, halving it as long as it fails; what
/// a failed attempt wrote at the end of the current block is erased.
LogicalResult emitAtWidest(ElementEmitter &elements, int64_t widest, int64_t extent,
                           function_ref<LogicalResult()> attempt);

// Each writes the kernel beside `body` and reports why it cannot.
LogicalResult emitLoopKernel(func::FuncOp body, const EmitOptions &options);
LogicalResult emitRowKernel(func::FuncOp body, const EmitOptions &options);
LogicalResult emitColumnKernel(func::FuncOp body, const EmitOptions &options);
LogicalResult emitFewRowsKernel(func::FuncOp body, const EmitOptions &options);
LogicalResult emitAttentionKernel(func::FuncOp body, const EmitOptions &options);
LogicalResult emitAttentionWithStatisticsKernel(func::FuncOp body, const EmitOptions &options);
LogicalResult emitAttentionStatisticsKernel(func::FuncOp body, const EmitOptions &options);
LogicalResult emitAttentionBackwardKernel(func::FuncOp body, const EmitOptions &options);
LogicalResult emitScatterAddKernel(func::FuncOp body, const EmitOptions &options);
LogicalResult emitCacheUpdateKernel(func::FuncOp body, const EmitOptions &options);
LogicalResult emitTopKKernel(func::FuncOp body, const EmitOptions &options);
LogicalResult emitArgmaxKernel(func::FuncOp body, const EmitOptions &options);

} // namespace hfc

#endif // HFC_LIB_CONVERSION_EMITKERNELS_EMITTERS_H
