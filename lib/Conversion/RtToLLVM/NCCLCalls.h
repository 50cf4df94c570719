//===- NCCLCalls.h - collectives as calls of NCCL ------------------*- C++ -*-===//
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_CONVERSION_RTTOLLVM_NCCLCALLS_H
#define HFC_CONVERSION_RTTOLLVM_NCCLCALLS_H

#include "CollectivePlan.h"
#include "EntryWriter.h"

namespace hfc {

/// Writes a collective as calls of NCCL between those that tell the runtime about it.
LogicalResult callNCCL(EntryWriter &writer, rt::CollectiveOp op, const BucketTable &buckets);

} // namespace hfc

#endif // HFC_CONVERSION_RTTOLLVM_NCCLCALLS_H
