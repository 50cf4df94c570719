//===- Distribute.h - a distributed range in terms of threads
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_CONVERSION_KERNELTOGPU_DISTRIBUTE_H
#define HFC_LIB_CONVERSION_KERNELTOGPU_DISTRIBUTE_H

#include "BlockReduce.h"

namespace hfc {

/// Emits, at the builder's place, what each thread does of `distribute`: vector `t` of every `lanes` vectors is
/// thread `t`'s. Uses of its results are replaced; the caller erases it.
void mapDistribute(OpBuilder &builder, kernel::DistributeOp distribute, const ThreadInfo &info);

} // namespace hfc

#endif // HFC_LIB_CONVERSION_KERNELTOGPU_DISTRIBUTE_H
