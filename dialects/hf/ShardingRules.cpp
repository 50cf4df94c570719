//===- ShardingRules.cpp - sharding rules of elementwise ops, and everyone's registration
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/hf/ShardingRules.h"

#include "dialects/hf/TensorBuilder.h"

using namespace hfc;
using namespace hfc::hf;
using dist::RuleAttr;
using dist::ShardingRuleOpInterface;

namespace {

/// Not linear in anything.
struct ElementwiseModel : ShardingRuleOpInterface::FallbackModel<ElementwiseModel> {
  RuleAttr getShardingRule(Operation *op) const { return dist::elementwiseRule(op); }
};

/// What the decomposition says.
struct DerivedModel : ShardingRuleOpInterface::FallbackModel<DerivedModel> {
  RuleAttr getShardingRule(Operation *op) const { return deriveShardingRule(op); }
};

/// A conversion between floats is linear, up to rounding; from and to integers it is not.
struct ConvertModel : ShardingRuleOpInterface::ExternalModel<ConvertModel, ConvertOp> {
  RuleAttr getShardingRule(Operation *op) const {
    auto convert = cast<ConvertOp>(op);
    bool isLinear = isa<FloatType>(elementOf(convert.getX())) && isa<FloatType>(elementOf(convert.getResult()));
    return isLinear ? dist::elementwiseRule(op, SmallVector<unsigned, 2>{0}) : dist::elementwiseRule(op);
  }
};

/// A quotient of integers truncates.
struct DivModel : ShardingRuleOpInterface::ExternalModel<DivModel, DivOp> {
  RuleAttr getShardingRule(Operation *op) const {
    bool isLinear = isa<FloatType>(elementOf(op->getResult(0)));
    return isLinear ? dist::elementwiseRule(op, SmallVector<unsigned, 2>{0}) : dist::elementwiseRule(op);
  }
};

} // namespace

static void attachLinearElementwiseRules(MLIRContext *context) {
  NegOp::attachInterface<LinearInEach<NegOp, 0>>(*context);
  MulOp::attachInterface<LinearInEach<MulOp, 0, 1>>(*context);
  AddOp::attachInterface<LinearTogether<AddOp, 0, 1>>(*context);
  SubOp::attachInterface<LinearTogether<SubOp, 0, 1>>(*context);
  SelectOp::attachInterface<LinearTogether<SelectOp, 1, 2>>(*context);
  ConvertOp::attachInterface<ConvertModel>(*context);
  DivOp::attachInterface<DivModel>(*context);
}

void hf::attachShardingRules(MLIRContext *context) {
  attachLinearElementwiseRules(context);
  attachShapeRules(context);
  attachContractionRules(context);
  attachCompositeRules(context);
  // MLIR 22's getRegisteredOperationsByDialect searches with an order that is none, and finds nothing once other
  // dialects have ops.
  for (RegisteredOperationName name : context->getRegisteredOperations()) {
    if (name.getDialectNamespace() != HfDialect::getDialectNamespace() || name.hasInterface<ShardingRuleOpInterface>())
      continue;
    if (name.hasTrait<OpTrait::Elementwise>())
      name.attachInterface<ElementwiseModel>();
    else if (name.hasInterface<CompositeOpInterface>())
      name.attachInterface<DerivedModel>();
  }
}
