//===- Register.h - registers everything hfc has
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_SUPPORT_REGISTER_H
#define HFC_SUPPORT_REGISTER_H

namespace mlir {
class DialectRegistry;
} // namespace mlir

namespace hfc {

/// Adds hfc's dialects, and those of MLIR that hfc programs use, to `registry`.
void registerAllDialects(mlir::DialectRegistry &registry);

/// Registers every pass and pipeline of hfc.
void registerAllPasses();

} // namespace hfc

#endif // HFC_SUPPORT_REGISTER_H
