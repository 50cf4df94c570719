//===- ShardingRules.h - how hf ops attach their sharding rules
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Rules stand beside the ops, as external models of dist's interface: an op's definition says what it computes, and
// nothing of meshes. Ops that are elementwise, and composites, get a rule without saying anything.
//
//===----------------------------------------------------------------------===//

#ifndef HFC_DIALECTS_HF_SHARDINGRULES_H
#define HFC_DIALECTS_HF_SHARDINGRULES_H

#include "dialects/dist/Sharding.h"
#include "dialects/hf/Hf.h"

namespace hfc::hf {

/// Gives every op of the dialect its rule. Called once, when the dialect is loaded.
void attachShardingRules(MLIRContext *context);

/// Gives the ops that count positions in the whole tensor their local form.
void attachLocalizers(MLIRContext *context);

/// Gives the ops that say so how their sizes depend on each other.
void attachSizeRelations(MLIRContext *context);

// Parts of attachShardingRules.
void attachShapeRules(MLIRContext *context);
void attachContractionRules(MLIRContext *context);
void attachCompositeRules(MLIRContext *context);

/// The rule that follows from an op's decomposition: the rules of its primitives, composed.
dist::RuleAttr deriveShardingRule(Operation *op);

/// The interface of `OpTy` by a function that makes its rule.
template <typename OpTy, dist::Rule (*rule)(OpTy)>
struct RuleModel : dist::ShardingRuleOpInterface::ExternalModel<RuleModel<OpTy, rule>, OpTy> {
  dist::RuleAttr getShardingRule(Operation *op) const {
    return dist::toAttribute(op->getContext(), rule(cast<OpTy>(op)));
  }
};

template <typename OpTy, dist::Rule (*rule)(OpTy)>
void attachRule(MLIRContext *context) {
  OpTy::template attachInterface<RuleModel<OpTy, rule>>(*context);
}

/// An elementwise op that is linear in the group of operands whose numbers are given, or in several alone.
template <typename OpTy, unsigned... group>
struct LinearTogether : dist::ShardingRuleOpInterface::ExternalModel<LinearTogether<OpTy, group...>, OpTy> {
  dist::RuleAttr getShardingRule(Operation *op) const {
    SmallVector<unsigned, 2> together{group...};
    return dist::elementwiseRule(op, together);
  }
};
template <typename OpTy, unsigned... operand>
struct LinearInEach : dist::ShardingRuleOpInterface::ExternalModel<LinearInEach<OpTy, operand...>, OpTy> {
  dist::RuleAttr getShardingRule(Operation *op) const {
    SmallVector<unsigned, 2> each[] = {{operand}...};
    return dist::elementwiseRule(op, each);
  }
};

} // namespace hfc::hf

#endif // HFC_DIALECTS_HF_SHARDINGRULES_H
