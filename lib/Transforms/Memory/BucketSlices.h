//===- BucketSlices.h - where parameters and states lie in buckets
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_TRANSFORMS_MEMORY_BUCKETSLICES_H
#define HFC_LIB_TRANSFORMS_MEMORY_BUCKETSLICES_H

#include "mlir/IR/BuiltinOps.h"

namespace hfc::memory {

/// Checks that what lies in a bucket lies inside it, densely packed from its beginning, but for alignment: then no two
/// slices overlap, and nothing of what a collective over the bucket moves belongs to nobody but zeros. States that
/// are a bucket as one tensor are all of it.
llvm::LogicalResult verifyBucketSlices(mlir::ModuleOp module);

} // namespace hfc::memory

#endif // HFC_LIB_TRANSFORMS_MEMORY_BUCKETSLICES_H
