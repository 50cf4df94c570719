//===- SIMT.h - executes GPU-mapped kernels thread by thread ----*- C++ -*-===//
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Runs a kernel as `hfc-map-kernels-to-gpu` leaves it: every block of the grid, all threads of a block in lock step.
// What works here and not on a GPU is what lock step hides, so the interpreter looks for it: data races, barriers
// and shuffles that only some threads reach, reads of shared memory that nothing wrote, accesses out of bounds or
// less aligned than they claim.
//
//===----------------------------------------------------------------------===//

#ifndef HFC_INTERPRETER_SIMT_H
#define HFC_INTERPRETER_SIMT_H

#include "hfc/Support/LLVM.h"

namespace mlir::gpu {
class GPUFuncOp;
} // namespace mlir::gpu

namespace hfc::simt {

/// A kernel's argument, in host memory. Buffers may be the same memory where the kernel's arguments may.
struct Buffer {
  void *data;
  int64_t bytes;
};

/// The kernel `name` of `module`, or null.
gpu::GPUFuncOp findKernel(ModuleOp module, StringRef name);

/// Runs `kernel` on `arguments`. What is wrong with the kernel is said at the op where it shows, with kernel, block,
/// thread and index. Buffers are then left half written.
LogicalResult runKernel(gpu::GPUFuncOp kernel, ArrayRef<Buffer> arguments);

} // namespace hfc::simt

#endif // HFC_INTERPRETER_SIMT_H
