//===- Verify.cpp - verifiers of hf ops
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/hf/Hf.h"

using namespace hfc;
using namespace hfc::hf;

LogicalResult IotaOp::verify() { return success(); }
LogicalResult BroadcastOp::verify() { return success(); }
LogicalResult ReshapeOp::verify() { return success(); }
LogicalResult TransposeOp::verify() { return success(); }
LogicalResult SliceOp::verify() { return success(); }
LogicalResult ConcatOp::verify() { return success(); }
LogicalResult ReduceOp::verify() { return success(); }
LogicalResult MatmulOp::verify() { return success(); }
LogicalResult GatherOp::verify() { return success(); }
LogicalResult TakeOp::verify() { return success(); }
LogicalResult TopKOp::verify() { return success(); }
LogicalResult CacheUpdateOp::verify() { return success(); }
LogicalResult LinearOp::verify() { return success(); }
LogicalResult EmbeddingOp::verify() { return success(); }
LogicalResult RmsNormOp::verify() { return success(); }
LogicalResult LayerNormOp::verify() { return success(); }
LogicalResult SoftmaxOp::verify() { return success(); }
LogicalResult ActivationOp::verify() { return success(); }
LogicalResult SoftcapOp::verify() { return success(); }
LogicalResult RotaryTableOp::verify() { return success(); }
LogicalResult RotaryOp::verify() { return success(); }
LogicalResult AttentionOp::verify() { return success(); }
LogicalResult PatchEmbeddingOp::verify() { return success(); }
LogicalResult RouteOp::verify() { return success(); }
LogicalResult ExpertsOp::verify() { return success(); }
LogicalResult ParameterOp::verify() { return success(); }
LogicalResult StateOp::verify() { return success(); }
