//===- BlockReduce.h - a block's reduction in terms of shuffles
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_CONVERSION_KERNELTOGPU_BLOCKREDUCE_H
#define HFC_LIB_CONVERSION_KERNELTOGPU_BLOCKREDUCE_H

#include "dialects/kernel/Kernel.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"

namespace hfc {

/// Lanes of a warp, on every NVIDIA GPU.
inline constexpr int64_t kWarpSize = 32;

/// What code in a mapped kernel knows about its thread.
struct ThreadInfo {
  gpu::GPUFuncOp func;
  int64_t lanes;
  /// Number of the thread in the block, its warp, and its place in the warp; defined at the kernel's entry.
  Value thread, warp, lane;
};

/// Adds memory of type `shape` that the block's threads share, aligned for 16-byte accesses.
Value addSharedMemory(gpu::GPUFuncOp func, MemRefType shape, Location loc);

/// Emits the reductions of `partials`, all of one type, over their elements, the lanes of each warp and the warps of the
/// block; returns the values that every thread then has. `barrierFirst`: threads may still be reading what an earlier
/// run of this very reduction left in shared memory. `ordersMemory`: also act as a barrier where the reduction itself
/// needs none.
SmallVector<Value> emitBlockReduces(OpBuilder &builder, Location loc, const ThreadInfo &info, kernel::Combine kind,
                                    ValueRange partials, bool barrierFirst, bool ordersMemory);

} // namespace hfc

#endif // HFC_LIB_CONVERSION_KERNELTOGPU_BLOCKREDUCE_H
