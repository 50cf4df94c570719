//===- VerifyPartition.cpp - runs a local program beside the global one
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Verify/Passes.h"

#include "dialects/dist/Sharding.h"
#include "dialects/hf/Hf.h"
#include "hfc/Support/ParseIR.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace hfc {
#define GEN_PASS_DEF_VERIFYPARTITION
#include "hfc/Verify/Passes.h.inc"
} // namespace hfc

using namespace hfc;
using verify::PartitionCheck;
using verify::Verdict;

static bool hasSeveralRanks(ModuleOp module) {
  dist::MeshAttr mesh = dist::findMesh(module);
  return mesh && mesh.ranks() > 1;
}

static void complain(ModuleOp module, const Verdict &verdict) {
  const verify::Fault &fault = *verdict.fault;
  InFlightDiagnostic error = emitError(fault.op ? fault.op->getLoc() : module.getLoc())
                             << "what ranks compute is not the program: " << fault.where << " of @" << fault.entry
                             << ' ' << fault.what;
  if (fault.rank >= 0)
    error << " (rank " << fault.rank << ')';
  error.attachNote(module.getLoc()) << "in the end, " << fault.consequence << "; checked on " << verdict.checkedMesh
                                    << " with seed " << verdict.seed;
}

namespace {
struct VerifyPartition : hfc::impl::VerifyPartitionBase<VerifyPartition> {
  using Base::Base;
  explicit VerifyPartition(std::shared_ptr<PartitionCheck> check) : check(std::move(check)) {}

  void runOnOperation() override {
    markAllAnalysesPreserved();
    ModuleOp module = getOperation();
    if (!hasSeveralRanks(module))
      return;
    FailureOr<OwningOpRef<ModuleOp>> global = findGlobal();
    if (failed(global))
      return signalPassFailure();
    if (!*global || module.getOps<func::FuncOp>().empty())
      return;
    llvm::Expected<Verdict> verdict = verify::checkPartition(**global, module, {seed, small, /*confirm=*/true});
    if (!verdict) {
      emitError(module.getLoc()) << "cannot be verified: " << llvm::toString(verdict.takeError());
      return signalPassFailure();
    }
    if (check && check->onVerdict)
      check->onVerdict(*verdict);
    else if (!verdict->fault)
      emitRemark(module.getLoc()) << verdict->summary();
    if (!verdict->fault)
      return;
    complain(module, *verdict);
    signalPassFailure();
  }

private:
  /// The global program: the file that is named, or what an earlier pass has kept; null if there is none.
  FailureOr<OwningOpRef<ModuleOp>> findGlobal() {
    if (!reference.empty())
      return readReference();
    if (check)
      return std::move(check->global);
    emitError(getOperation().getLoc())
        << "--hfc-verify-partition needs the global program to compare with: reference=FILE, the "
           "module of phase 'differentiate'";
    return failure();
  }

  FailureOr<OwningOpRef<ModuleOp>> readReference() {
    std::string text, error;
    OwningOpRef<ModuleOp> module = parseIRFile(&getContext(), reference, text, error);
    if (module)
      return std::move(module);
    emitError(getOperation().getLoc()) << "--hfc-verify-partition: reference=" << reference << ": "
                                       << (error.empty() ? "is no module" : error);
    return failure();
  }

  std::shared_ptr<PartitionCheck> check;
};

/// Not registered: it is of no use without the pass that it keeps the program for.
class KeepGlobalProgram : public PassWrapper<KeepGlobalProgram, OperationPass<ModuleOp>> {
public:
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(KeepGlobalProgram)
  explicit KeepGlobalProgram(std::shared_ptr<PartitionCheck> check) : check(std::move(check)) {}

  StringRef getName() const override { return "hfc-keep-global-program"; }

  void runOnOperation() override {
    markAllAnalysesPreserved();
    if (!check->global && hasSeveralRanks(getOperation()) && !dist::isMaterialized(getOperation()))
      check->global = getOperation().clone();
  }

private:
  std::shared_ptr<PartitionCheck> check;
};
} // namespace

std::unique_ptr<Pass> hfc::createKeepGlobalProgram(std::shared_ptr<PartitionCheck> check) {
  return std::make_unique<KeepGlobalProgram>(std::move(check));
}

std::unique_ptr<Pass> hfc::createVerifyPartition(std::shared_ptr<PartitionCheck> check) {
  return std::make_unique<VerifyPartition>(std::move(check));
}
