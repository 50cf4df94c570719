//===- Pipeline.cpp - --hfc-partition-tensor-parallel
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Transforms/Partition/Passes.h"

#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassOptions.h"
#include "mlir/Pass/PassRegistry.h"

using namespace hfc;

void hfc::addMaterializingPasses(OpPassManager &manager) {
  manager.addPass(createInsertReshards());
  manager.addPass(createMaterializeShardings());
  manager.addPass(createSimplifyCollectives());
}

namespace {
struct PartitionOptions : PassPipelineOptions<PartitionOptions> {
  Option<std::string> mesh{*this, "mesh", llvm::cl::desc("axes and their sizes: dp=2,tp=4"), llvm::cl::init("")};
  Option<std::string> strategy{*this, "strategy", llvm::cl::desc("the strategy's name"), llvm::cl::init("")};
  Option<std::string> strategyOptions{*this, "options", llvm::cl::desc("the strategy's options"), llvm::cl::init("")};
};
} // namespace

void hfc::registerPartitionPipelines() {
  PassPipelineRegistration<PartitionOptions>(
      "hfc-partition-tensor-parallel",
      "Makes a global program one for a mesh of ranks: annotates, propagates, materializes",
      [](OpPassManager &manager, const PartitionOptions &options) {
        AnnotateOptions annotate;
        annotate.mesh = options.mesh;
        annotate.strategy = options.strategy;
        annotate.strategyOptions = options.strategyOptions;
        manager.addPass(createAnnotate(annotate));
        manager.addPass(createPropagateShardings());
        addMaterializingPasses(manager);
      });
}
