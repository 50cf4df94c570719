//===- ConvertCollectiveToNCCL.cpp - collectives as calls of NCCL
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "NCCLCalls.h"

using namespace hfc;

LogicalResult hfc::callNCCL(EntryWriter &writer, rt::CollectiveOp op) {
  return op.emitOpError("is not converted for GPUs");
}
