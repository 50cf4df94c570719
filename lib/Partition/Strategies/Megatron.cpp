//===- Megatron.cpp - the strategy of Megatron-LM
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
/// Columns and then rows over tp, heads apart, the vocabulary cut; between the blocks, with sequence parallelism, the
/// sequence.
class MegatronStrategy : public PartitionStrategy {
public:
  StringRef name() const override { return "megatron"; }
  StringRef optionsHelp() const override { return "sequence-parallel=on|off zero=0|1"; }
  LogicalResult setOption(StringRef key, StringRef value) override {
    if (key == "sequence-parallel" && (value == "on" || value == "off")) {
      sequenceParallel = value == "on";
      return success();
    }
    return success(key == "zero" && !value.getAsInteger(10, zero) && (zero == 0 || zero == 1));
  }

  LogicalResult annotate(AnnotationContext &context) override {
    Axes tp = context.axis("tp");
    context.setZero(zero);
    if (failed(context.cutBatch(context.axis("dp"))))
      return failure();
    for (const auto &[function, roles] : context.getFunctions()) {
      for (const AttentionRole &attention : roles.attentions)
        if (failed(context.cutHeads(attention, tp)))
          return failure();
      for (const MlpRole &mlp : roles.mlps) {
        for (const Product &product : mlp.first)
          context.cutOutputs(product, tp);
        context.cutInputs(mlp.second, tp);
      }
      for (Operation *experts : roles.experts)
        context.cutExperts(experts, tp);
      for (Operation *embedding : roles.embeddings)
        context.cut(embedding->getOperand(0), 0, tp);
      for (const Product &head : roles.heads)
        context.cutOutputs(head, tp);
      for (Value residual : roles.residuals)
        context.place(residual, sequenceParallel ? ArrayRef(tp) : ArrayRef<AxisRefAttr>());
    }
    return success();
  }

private:
  bool sequenceParallel = false;
  int64_t zero = 0;
};
} // namespace

std::unique_ptr<PartitionStrategy> partition::makeMegatron() { return std::make_unique<MegatronStrategy>(); }
