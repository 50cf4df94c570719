//===- LLVMInterfaces.h - what dialects need to become LLVM IR ---*- C++ -*-===//
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_TARGET_LLVMINTERFACES_H
#define HFC_TARGET_LLVMINTERFACES_H

namespace mlir {
class DialectRegistry;
} // namespace mlir

namespace hfc {

/// Attaches to MLIR's dialects the interfaces by which `convert-to-llvm` lowers them, and by which the LLVM dialect is
/// translated into LLVM IR. Without them that pass silently leaves ops alone.
void registerLLVMInterfaces(mlir::DialectRegistry &registry);

} // namespace hfc

#endif // HFC_TARGET_LLVMINTERFACES_H
