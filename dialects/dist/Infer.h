//===- Infer.h - where an op's results live, given where its operands do
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_DIALECTS_DIST_INFER_H
#define HFC_DIALECTS_DIST_INFER_H

#include "dialects/dist/Sharding.h"

namespace hfc::dist {

/// Checks what an op of a materialized module says of its results against its operands; ops whose operands are not all
/// known to live somewhere (a rank's own indices) are believed.
LogicalResult verifyResultShardings(Operation *op, MeshAttr mesh);

// Its parts.
LogicalResult verifyByRule(Operation *op, ArrayRef<ShardingAttr> operands, ArrayRef<ShardingAttr> results,
                           MeshAttr mesh);
LogicalResult verifyByCollective(CollectiveOpInterface op, ArrayRef<ShardingAttr> operands,
                                 ArrayRef<ShardingAttr> results, MeshAttr mesh);

/// Whether two lists of axes are the same, in the same order, or in any order.
bool sameAxes(ArrayRef<AxisRefAttr> a, ArrayRef<AxisRefAttr> b, MeshAttr mesh);
bool sameAxesInAnyOrder(ArrayRef<AxisRefAttr> a, ArrayRef<AxisRefAttr> b, MeshAttr mesh);
/// Whether two shardings say the same of a tensor.
bool sameSharding(ShardingAttr a, ShardingAttr b, MeshAttr mesh);

/// " (model.layers.3.mlp.down_proj)", or nothing: an op's Hugging Face path, for messages.
std::string pathOf(Operation *op);
/// "'hf.linear' (model.layers.3.mlp.down_proj)" or "argument 2": where a value comes from, for messages.
std::string originOf(Value value);

} // namespace hfc::dist

#endif // HFC_DIALECTS_DIST_INFER_H
