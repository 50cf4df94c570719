//===- LLVMLowering.h - MLIR's own passes to the LLVM dialect ----*- C++ -*-===//
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_PIPELINES_LLVMLOWERING_H
#define HFC_PIPELINES_LLVMLOWERING_H

namespace mlir {
class DialectRegistry;
class OpPassManager;
} // namespace mlir

namespace hfc {

/// Adds the passes that turn lowered kernels (func, scf, memref, vector, arith) into the LLVM dialect.
void addLLVMLowering(mlir::OpPassManager &manager);

} // namespace hfc

#endif // HFC_PIPELINES_LLVMLOWERING_H
