//===- PrepareEntry.h - brings an entry to primitives -----------*- C++ -*-===//
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_TRANSFORMS_FUSION_PREPAREENTRY_H
#define HFC_LIB_TRANSFORMS_FUSION_PREPAREENTRY_H

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace hfc::fusion {

/// The discardable attribute that names the composite an op came from, for the names of bodies.
inline constexpr llvm::StringLiteral originName = "hf.origin";

/// Decomposes the composites of `entry` but those that have kernels of their own or are products, reduces only
/// dimensions next to each other, what is large in parts, and computes at each row's element what does not depend on
/// the column; folds, and removes common and dead ops.
mlir::LogicalResult prepareEntry(mlir::func::FuncOp entry);

/// Makes one of equal ops, whatever they come from, where that keeps no large tensor longer; removes dead ops.
void shareWork(mlir::func::FuncOp entry);

} // namespace hfc::fusion

#endif // HFC_LIB_TRANSFORMS_FUSION_PREPAREENTRY_H
