//===- LLVM.h - MLIR and LLVM names inside ::hfc ----------------*- C++ -*-===//
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Re-exports the MLIR names that hfc uses everywhere, so that code in ::hfc reads without prefixes.
//
//===----------------------------------------------------------------------===//

#ifndef HFC_SUPPORT_LLVM_H
#define HFC_SUPPORT_LLVM_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Support/LLVM.h"

namespace hfc {
using namespace mlir; // NOLINT: hfc is an MLIR project; the whole vocabulary is wanted.
} // namespace hfc

#endif // HFC_SUPPORT_LLVM_H
