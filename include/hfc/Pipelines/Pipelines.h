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

#include <optional>

namespace mlir {
class OpPassManager;
} // namespace mlir

namespace hfc {

/// The forms that a program takes on its way, in order.
enum class Phase { Import, Layout, Fuse, Rt, Kernel, LLVM };

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

/// Adds the passes that bring a module of any phase up to `phase`, for the CPU.
void buildCPUPipeline(OpPassManager &manager, Phase phase);

/// Makes `hfc-cpu-pipeline{phase=PHASE}` known to tools.
void registerPipelines();

} // namespace hfc

#endif // HFC_PIPELINES_PIPELINES_H
