//===- TensorParallel2D.cpp - a strategy with an axis of its own
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Two-dimensional tensor parallelism: every weight is cut both ways, so that a rank has 1/(x·y) of it, and activations
// between the blocks are cut along their features over y. A product sums over y what it contracts, or over x, in turn.
//
//===----------------------------------------------------------------------===//

#include "hfc/Plugin/Plugin.h"

using namespace hfc;
using namespace hfc::dist;
using namespace hfc::partition;

namespace {
class TensorParallel2D : public PartitionStrategy {
public:
  StringRef name() const override { return "tensor-parallel-2d"; }
  SmallVector<StringRef> axes() const override { return {"dp", "tpx", "tpy"}; }

  LogicalResult annotate(AnnotationContext &context) override {
    Axes x = context.axis("tpx"), y = context.axis("tpy");
    if (failed(context.cutBatch(context.axis("dp"))))
      return failure();
    for (const auto &[function, roles] : context.getFunctions()) {
      for (const AttentionRole &attention : roles.attentions) {
        if (failed(context.cutHeads(attention, x)))
          return failure();
        for (const Product &product : {attention.query, attention.key, attention.value})
          context.cutInputs(product, y);
        context.cutOutputs(attention.output, y);
      }
      for (const MlpRole &mlp : roles.mlps) {
        for (const Product &product : mlp.first) {
          context.cutOutputs(product, x);
          context.cutInputs(product, y);
        }
        context.cutOutputs(mlp.second, y);
        context.cutInputs(mlp.second, x);
      }
      for (Operation *experts : roles.experts)
        context.cutExperts(experts, x);
      for (Operation *embedding : roles.embeddings)
        context.cut(embedding->getOperand(0), 1, y);
      for (const Product &head : roles.heads) {
        context.cutOutputs(head, x);
        context.cutInputs(head, y);
      }
      for (Value residual : roles.residuals)
        context.place(residual, /*sequence=*/{}, /*features=*/y);
    }
    return success();
  }
};
} // namespace

HFC_PLUGIN("tensor-parallel-2d", "1.0") { registry.addStrategy<TensorParallel2D>(); }
