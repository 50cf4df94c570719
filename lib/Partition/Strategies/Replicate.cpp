//===- Replicate.cpp - the strategy of Megatron-LM's adapter for transformers
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lib/Partition/Strategies/Strategies.h"

using namespace hfc;
using namespace hfc::dist;
using namespace hfc::partition;

namespace {
/// Every rank has every parameter and computes everything of its batch; gradients are averaged over tp, so that
/// replicas stay equal.
class ReplicateStrategy : public PartitionStrategy {
public:
  StringRef name() const override { return "replicate"; }

  LogicalResult annotate(AnnotationContext &context) override {
    context.agree(context.axis("tp"));
    return context.cutBatch(context.axis("dp"));
  }
};
} // namespace

std::unique_ptr<PartitionStrategy> partition::makeReplicate() { return std::make_unique<ReplicateStrategy>(); }
