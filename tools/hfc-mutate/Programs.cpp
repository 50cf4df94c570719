//===- Programs.cpp - a model in the forms in which faults are made
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Programs.h"

#include "dialects/dist/Sharding.h"
#include "hfc/Pipelines/Pipelines.h"
#include "hfc/Transforms/Layout/Passes.h"
#include "hfc/Transforms/Partition/Passes.h"

#include "mlir/IR/Verifier.h"
#include "mlir/Pass/PassInstrumentation.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Support/raw_ostream.h"

using namespace hfc;
using verify::FaultLevel;

ModuleOp Programs::at(FaultLevel level) {
  switch (level) {
  case FaultLevel::Rule:
    return *layout;
  case FaultLevel::Strategy:
    return *annotated;
  case FaultLevel::Local:
    return *local;
  case FaultLevel::Schedule:
    return *schedule;
  }
  llvm_unreachable("all levels are above");
}

namespace {
/// Tells a pass that gives up from one that leaves what does not verify.
struct WatchVerifier : PassInstrumentation {
  explicit WatchVerifier(bool &violates) : violates(violates) {}
  void runAfterPassFailed(Pass *, Operation *op) override { violates |= failed(mlir::verify(op)); }
  bool &violates;
};
} // namespace

static LogicalResult bringTo(Phase phase, ModuleOp module, bool &violates) {
  PassManager manager(module.getContext());
  manager.addInstrumentation(std::make_unique<WatchVerifier>(violates));
  Checks checks;
  checks.distribution = false;
  buildCPUPipeline(manager, phase, checks);
  return manager.run(module);
}

static LogicalResult annotate(ModuleOp module) {
  PassManager manager(module.getContext());
  manager.addPass(createAnnotate());
  return manager.run(module);
}

FailureOr<Lowered> hfc::lowerToLocal(ModuleOp module, bool &violates) {
  Lowered lowered;
  lowered.global = module.clone();
  if (failed(bringTo(Phase::Differentiate, *lowered.global, violates)))
    return failure();
  lowered.local = lowered.global->clone();
  if (failed(bringTo(Phase::Reduce, *lowered.local, violates)))
    return failure();
  return lowered;
}

LogicalResult hfc::makePrograms(MLIRContext &context, const MutateOptions &options, Programs &programs,
                                std::string &error) {
  bool violates = false;
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
    if (diagnostic.getSeverity() == DiagnosticSeverity::Error && error.empty())
      error = diagnostic.str();
    return success();
  });
  ImportMessages messages;
  FailureOr<OwningOpRef<ModuleOp>> imported = importModel(&context, options.model, options.import, messages);
  for (const std::string &warning : messages.warnings)
    llvm::errs() << "hfc-mutate: warning: " << warning << '\n';
  if (failed(imported)) {
    error = messages.error;
    return failure();
  }
  programs.layout = std::move(*imported);
  dist::MeshAttr mesh = dist::findMesh(*programs.layout);
  if (!mesh || mesh.ranks() < 2) {
    error = "there is one rank, and nothing to get wrong between ranks; --mesh=dp=D,tp=T says how many there are";
    return failure();
  }
  if (failed(bringTo(Phase::Layout, *programs.layout, violates)))
    return failure();
  programs.annotated = programs.layout->clone();
  programs.global = programs.layout->clone();
  if (failed(annotate(*programs.annotated)) || failed(bringTo(Phase::Differentiate, *programs.global, violates)))
    return failure();
  programs.local = programs.global->clone();
  if (failed(bringTo(Phase::Reduce, *programs.local, violates)))
    return failure();
  programs.schedule = programs.local->clone();
  if (failed(bringTo(Phase::Rt, *programs.schedule, violates)))
    return failure();
  FailureOr<verify::Shrunk> small = verify::shrink(*programs.global, *programs.local);
  if (failed(small)) {
    error = "the program cannot be made small";
    return failure();
  }
  programs.small = std::move(*small);
  return success();
}
