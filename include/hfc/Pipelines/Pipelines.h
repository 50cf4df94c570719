//===- Pipelines.h - from one phase to another -------------------*- C++ -*-===//
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The phases of docs/architecture.md and the passes between them. Every pass leaves alone what is in its output form,
// so a pipeline may start from a module of any phase.
//
//===----------------------------------------------------------------------===//

#ifndef HFC_PIPELINES_PIPELINES_H
#define HFC_PIPELINES_PIPELINES_H

#include "hfc/Support/LLVM.h"

#include <memory>
#include <optional>

namespace mlir {
class OpPassManager;
} // namespace mlir

namespace hfc::verify {
struct PartitionCheck;
} // namespace hfc::verify

namespace hfc::verify {
struct PartitionCheck;
} // namespace hfc::verify

namespace hfc {

/// The forms that a program takes on its way, in order. GPU and PTX are for GPUs only.
enum class Phase { Import, Layout, Annotate, Differentiate, Partition, Reduce, Fuse, Rt, Kernel, GPU, PTX, LLVM };

/// What a phase is called on the command line, and what its module holds.
struct PhaseInfo {
  Phase phase;
  StringRef name;
  StringRef summary;
};

/// All phases, in order.
ArrayRef<PhaseInfo> getPhases();

/// The phase of that name, if there is one.
std::optional<Phase> phaseNamed(StringRef name);

/// How programs for several ranks are checked on their way.
struct Checks {
  /// By hfc-verify-distribution: what the program says of itself.
  bool distribution = true;
  /// By hfc-verify-partition: what the program computes; null: not.
  std::shared_ptr<verify::PartitionCheck> partition;
};

/// Adds the passes that bring a module of any phase up to `phase`, for the CPU.
void buildCPUPipeline(OpPassManager &manager, Phase phase, const Checks &checks = Checks());

/// Adds the passes that bring a module of any phase up to `phase`, for the GPU `chip` ("sm_90a"). PTX's module still is
/// one: translateToPTX() makes the text of it. In LLVM's, kernels stay in their gpu.modules: --hfc-embed-cubin makes
/// machine code of them.
void buildGPUPipeline(OpPassManager &manager, Phase phase, StringRef chip, const Checks &checks = Checks());

/// Makes `hfc-cpu-pipeline{phase=PHASE}` and `hfc-gpu-pipeline{phase=PHASE chip=CHIP}` known to tools.
void registerPipelines();

} // namespace hfc

#endif // HFC_PIPELINES_PIPELINES_H
