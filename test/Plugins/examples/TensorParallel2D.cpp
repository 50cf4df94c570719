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
    // Into a block features are contracted, out of it they are made.
    auto into = [&](const Product &product, ArrayRef<AxisRefAttr> outputs) {
      context.cutOutputs(product, outputs);
      context.cutInputs(product, y);
    };
    auto outOf = [&](const Product &product, ArrayRef<AxisRefAttr> inputs) {
      context.cutOutputs(product, y);
      context.cutInputs(product, inputs);
    };
    if (failed(context.cutBatch(context.axis("dp"))))
      return failure();
    for (const auto &[function, roles] : context.getFunctions()) {
      for (const AttentionRole &attention : roles.attentions) {
        auto heads = context.headAxes(attention, x);
        if (failed(heads))
          return failure();
        into(attention.query, heads->first);
        into(attention.key, heads->second);
        into(attention.value, heads->second);
        outOf(attention.output, heads->first);
      }
      for (const MlpRole &mlp : roles.mlps) {
        for (const Product &product : mlp.first)
          into(product, x);
        outOf(mlp.second, x);
      }
      for (const Product &head : roles.heads)
        into(head, x);
      for (Value residual : roles.residuals)
        context.place(residual, /*sequence=*/{}, /*features=*/y);
    }
    return success();
  }
};
} // namespace

HFC_PLUGIN("tensor-parallel-2d", "1.0") { registry.addStrategy<TensorParallel2D>(); }
