//===- Pipelines.cpp - from one phase to another
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Pipelines/Pipelines.h"

#include "LLVMLowering.h"
#include "hfc/Conversion/Passes.h"
#include "hfc/Ledger/Passes.h"
#include "hfc/Pipelines/ExtensionPoints.h"
#include "hfc/Support/GPUChip.h"
#include "hfc/Transforms/Collective/Passes.h"
#include "hfc/Transforms/Fusion/Passes.h"
#include "hfc/Transforms/Gradient/Passes.h"
#include "hfc/Transforms/Layout/Passes.h"
#include "hfc/Transforms/Memory/Passes.h"
#include "hfc/Transforms/Partition/Passes.h"
#include "hfc/Transforms/Shardings/Passes.h"
#include "hfc/Verify/Passes.h"

#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassOptions.h"
#include "mlir/Pass/PassRegistry.h"

using namespace hfc;

ArrayRef<PhaseInfo> hfc::getPhases() {
  static const PhaseInfo phases[] = {
      {Phase::Import, "import", "the model as the front end describes it"},
      {Phase::Layout, "layout", "transposes cancelled or at the boundary"},
      {Phase::Annotate, "annotate", "where values live, if there is more than one rank"},
      {Phase::Differentiate, "differentiate", "the entries of training"},
      {Phase::Partition, "partition", "one program of local tensors and collectives for every rank"},
      {Phase::Reduce, "reduce", "gradients reduced; collectives numbered and early"},
      {Phase::Fuse, "fuse", "products, and calls of kernel bodies"},
      {Phase::Rt, "rt", "the schedule over planned buffers"},
      {Phase::Kernel, "kernel", "kernel bodies as loops over blocks and lanes"},
      {Phase::GPU, "gpu", "kernels as threads, with --target=cuda"},
      {Phase::PTX, "ptx", "PTX text of the kernels, with --target=cuda"},
      {Phase::LLVM, "llvm", "the LLVM dialect"},
  };
  return phases;
}

std::optional<Phase> hfc::phaseNamed(StringRef name) {
  for (const PhaseInfo &info : getPhases())
    if (info.name == name)
      return info.phase;
  return std::nullopt;
}

/// From the global program to one for every rank.
static void addPartitioningPasses(OpPassManager &manager) {
  manager.addPass(createInsertReshards());
  addExtensions(manager, ExtensionPoint::BeforeMaterialize);
  manager.addPass(createMaterializeShardings());
  manager.addPass(createSimplifyCollectives());
  addExtensions(manager, ExtensionPoint::AfterMaterialize);
}

static void addReducingPasses(OpPassManager &manager, const Checks &checks) {
  manager.addPass(createInsertGradientAllReduce());
  manager.addPass(createBucketCollectives());
  manager.addPass(createFlattenOptimizer());
  manager.addPass(createScheduleCollectives());
  addExtensions(manager, ExtensionPoint::AfterReduce);
  // A missing reduction is a wrong number on every rank alike: nothing that runs would show it.
  if (checks.distribution)
    manager.addPass(createVerifyDistribution());
  if (checks.partition)
    manager.addPass(createVerifyPartition(checks.partition));
}

/// From the model as imported to one program for every rank. Passes leave alone what is not theirs: with one rank
/// nothing is partitioned, and only training is differentiated.
static void addGlobalPasses(OpPassManager &manager, Phase phase, const Checks &checks) {
  if (phase >= Phase::Layout) {
    manager.addPass(createCanonicalizeLayout());
    addExtensions(manager, ExtensionPoint::AfterLayout);
  }
  if (phase >= Phase::Annotate) {
    manager.addPass(createAnnotate());
    manager.addPass(createPropagateShardings());
    addExtensions(manager, ExtensionPoint::AfterAnnotate);
  }
  if (phase >= Phase::Differentiate) {
    manager.addPass(createDifferentiate());
    manager.addPass(createAddOptimizer());
    manager.addPass(createPropagateShardings());
    addExtensions(manager, ExtensionPoint::AfterDifferentiate);
  }
  if (phase >= Phase::Reduce && checks.partition)
    manager.addPass(createKeepGlobalProgram(checks.partition));
  if (phase >= Phase::Partition)
    addPartitioningPasses(manager);
  if (phase >= Phase::Reduce)
    addReducingPasses(manager, checks);
}

/// From the program for every rank to its schedule.
static void addSchedulingPasses(OpPassManager &manager, Phase phase, bool isForGPU) {
  if (phase >= Phase::Fuse) {
    manager.addPass(createStartGradients());
    if (isForGPU)
      manager.addPass(createMergeProducts());
    manager.addPass(createFuse());
    if (isForGPU) {
      manager.addPass(createFuseFewRows());
      manager.addPass(createFuseColumnSums());
      manager.addPass(createSplitAttention());
    }
    addExtensions(manager, ExtensionPoint::AfterFuse);
  }
  if (phase >= Phase::Rt) {
    manager.addPass(createSchedule());
    // Cheap, and nothing wrong with a schedule shows before it runs.
    manager.addPass(createVerifySchedule());
  }
}

void hfc::buildCPUPipeline(OpPassManager &manager, Phase phase, const Checks &checks) {
  addGlobalPasses(manager, phase, checks);
  addSchedulingPasses(manager, phase, /*isForGPU=*/false);
  if (phase >= Phase::Kernel) {
    manager.addPass(createNoteCosts());
    manager.addPass(createEmitKernels());
  }
  if (phase >= Phase::LLVM) {
    manager.addPass(createLowerKernelsToCPU());
    addLLVMLowering(manager);
    manager.addPass(createConvertRtToLLVM());
  }
}

void hfc::buildGPUPipeline(OpPassManager &manager, Phase phase, StringRef chip, const Checks &checks) {
  addGlobalPasses(manager, phase, checks);
  addSchedulingPasses(manager, phase, /*isForGPU=*/true);
  if (phase >= Phase::Rt) {
    manager.addPass(createPlanCollectiveScratch());
    manager.addPass(createVerifySchedule());
  }
  // The interpreter runs kernels, of no chip.
  if (phase >= Phase::Rt && !chip.empty()) {
    SelectLibrariesOptions options;
    options.chip = chip.str();
    manager.addPass(createSelectLibraries(options));
  }
  if (phase >= Phase::Kernel) {
    EmitKernelsOptions options;
    options.vectorBits = 256; // at bfloat16, what one instruction of a thread moves; at float32, two
    options.interleave = 1;
    options.rowBytes = roomySharedBytes(chip);
    manager.addPass(createNoteCosts());
    manager.addPass(createMarkConstants());
    manager.addPass(createEmitKernels(options));
  }
  if (phase >= Phase::GPU) {
    manager.addPass(createMapKernelsToGPU());
    manager.addPass(createReadConstantsFirst());
  }
  if (phase >= Phase::PTX) {
    LowerKernelsToNVVMOptions options;
    options.chip = chip.str();
    manager.addPass(createLowerKernelsToNVVM(options));
  }
  if (phase >= Phase::LLVM)
    manager.addPass(createConvertRtToLLVM());
}

namespace {
struct GPUPipelineOptions : PassPipelineOptions<GPUPipelineOptions> {
  Option<Phase> phase{*this, "phase", llvm::cl::desc("the phase to stop after"), llvm::cl::init(Phase::PTX),
                      llvm::cl::values(clEnumValN(Phase::Kernel, "kernel", ""), clEnumValN(Phase::GPU, "gpu", ""),
                                       clEnumValN(Phase::PTX, "ptx", ""), clEnumValN(Phase::LLVM, "llvm", ""))};
  Option<std::string> chip{*this, "chip", llvm::cl::desc("the GPU: sm_80, sm_90a, …"), llvm::cl::init("sm_90a")};
};

struct PipelineOptions : PassPipelineOptions<PipelineOptions> {
  Option<Phase> phase{*this, "phase", llvm::cl::desc("the phase to stop after"), llvm::cl::init(Phase::LLVM),
                      llvm::cl::values(clEnumValN(Phase::Import, "import", ""), clEnumValN(Phase::Layout, "layout", ""),
                                       clEnumValN(Phase::Annotate, "annotate", ""),
                                       clEnumValN(Phase::Differentiate, "differentiate", ""),
                                       clEnumValN(Phase::Partition, "partition", ""),
                                       clEnumValN(Phase::Reduce, "reduce", ""), clEnumValN(Phase::Fuse, "fuse", ""),
                                       clEnumValN(Phase::Rt, "rt", ""), clEnumValN(Phase::Kernel, "kernel", ""),
                                       clEnumValN(Phase::LLVM, "llvm", ""))};
};
} // namespace

void hfc::registerPipelines() {
  PassPipelineRegistration<PipelineOptions>(
      "hfc-cpu-pipeline", "Brings a module of any phase to a later one, for the CPU",
      [](OpPassManager &manager, const PipelineOptions &options) { buildCPUPipeline(manager, options.phase); });
  PassPipelineRegistration<GPUPipelineOptions>("hfc-gpu-pipeline",
                                               "Brings a module of any phase to a later one, for a GPU",
                                               [](OpPassManager &manager, const GPUPipelineOptions &options) {
                                                 buildGPUPipeline(manager, options.phase, options.chip);
                                               });
}
