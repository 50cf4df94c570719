//===- Misbehaving.cpp - what hfc must notice
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/dist/Dist.h"
#include "dialects/hf/Hf.h"
#include "hfc/Plugin/Plugin.h"

using namespace hfc;
using namespace hfc::dist;
using namespace hfc::partition;

namespace {
/// Renames what it may only annotate.
class Renaming : public PartitionStrategy {
public:
  StringRef name() const override { return "renaming"; }
  LogicalResult annotate(AnnotationContext &context) override {
    (*context.getModule().getOps<hf::ParameterOp>().begin())
        ->setAttr("hf.frozen", UnitAttr::get(context.getModule().getContext()));
    return success();
  }
};

/// Drops the first reduction, and the values' shardings with it.
struct DropReduction : PassWrapper<DropReduction, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(DropReduction)

  StringRef getArgument() const override { return "drop-reduction"; }
  void runOnOperation() override {
    AllReduceOp first;
    getOperation().walk([&](AllReduceOp reduce) { first = first ? first : reduce; });
    if (!first)
      return;
    first.replaceAllUsesWith(first.getInputs());
    first.erase();
  }
};
} // namespace

HFC_PLUGIN("misbehaving", "1.0") {
  registry.addStrategy<Renaming>();
  registry.addPass<DropReduction>();
  registry.addPassesAt(ExtensionPoint::AfterMaterialize,
                       [](OpPassManager &manager) { manager.addPass(std::make_unique<DropReduction>()); });
}
