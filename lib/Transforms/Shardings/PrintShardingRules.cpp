//===- PrintShardingRules.cpp - --hfc-print-sharding-rules
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/dist/Sharding.h"
#include "hfc/Transforms/Shardings/Passes.h"

namespace hfc {
#define GEN_PASS_DEF_PRINTSHARDINGRULES
#include "hfc/Transforms/Shardings/Passes.h.inc"
} // namespace hfc

using namespace hfc;

namespace {
struct PrintShardingRules : hfc::impl::PrintShardingRulesBase<PrintShardingRules> {
  using PrintShardingRulesBase::PrintShardingRulesBase;

  void runOnOperation() override {
    if (dist::isMaterialized(getOperation()))
      return markAllAnalysesPreserved();
    WalkResult result = getOperation().walk([&](Operation *op) -> WalkResult {
      FailureOr<dist::Rule> rule = dist::getRule(op);
      if (failed(rule))
        return WalkResult::advance();
      if (failed(dist::verifyRule(op, *rule)))
        return WalkResult::interrupt();
      // By the names that the attribute gives to factors, if there is one.
      auto attribute = op->getAttrOfType<dist::RuleAttr>(dist::ruleName);
      if (!attribute)
        attribute = dist::toAttribute(&getContext(), *rule);
      if (attributes)
        op->setAttr(dist::ruleName, attribute);
      else
        op->emitRemark() << op->getName() << ": " << attribute;
      return WalkResult::advance();
    });
    if (result.wasInterrupted())
      signalPassFailure();
  }
};
} // namespace
