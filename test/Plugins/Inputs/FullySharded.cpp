//===- FullySharded.cpp - fully sharded data parallelism, by annotations alone
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/hf/Hf.h"
#include "hfc/Plugin/Plugin.h"

using namespace hfc;
using namespace hfc::dist;
using namespace hfc::partition;

namespace {
/// Every parameter is cut over dp along its first dimension, and so is the batch.
class FullySharded : public PartitionStrategy {
public:
  StringRef name() const override { return "fully-sharded"; }
  SmallVector<StringRef> axes() const override { return {"dp"}; }

  LogicalResult annotate(AnnotationContext &context) override {
    Axes dp = context.axis("dp");
    for (auto parameter : context.getModule().getOps<hf::ParameterOp>()) {
      auto type = cast<RankedTensorType>(parameter.getType());
      ShardingAttr whole = ShardingAttr::replicated(parameter.getContext(), type.getRank());
      parameter->setAttr(shardingName, type.getRank() ? whole.withDim(0, dp) : whole);
    }
    return context.cutBatch(dp);
  }
};
} // namespace

HFC_PLUGIN("fully-sharded", "1.0") { registry.addStrategy<FullySharded>(); }
