//===- Checks.cpp - the compiler's checks, and whom they name
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Checks.h"

#include "hfc/Interpreter/SameSemantics.h"
#include "hfc/Transforms/Memory/Passes.h"
#include "hfc/Transforms/Shardings/Passes.h"
#include "hfc/Verify/CheckPartition.h"

#include "mlir/IR/Verifier.h"
#include "mlir/Pass/PassManager.h"

using namespace hfc;

//===----------------------------------------------------------------------===//
// Numbers
//===----------------------------------------------------------------------===//

static constexpr StringLiteral fileName = "hfc-mutate";

static StringAttr pathOf(Location location) {
  auto name = dyn_cast<NameLoc>(location);
  return name ? name.getName() : StringAttr::get(location.getContext());
}

Numbering::Numbering(ModuleOp module) {
  unsigned number = 0;
  module.walk<WalkOrder::PreOrder>([&](Operation *op) {
    Location place = FileLineColLoc::get(op->getContext(), fileName, number++, 0);
    op->setLoc(NameLoc::get(pathOf(op->getLoc()), place));
  });
}

int64_t Numbering::numberOf(Location location) {
  if (auto file = dyn_cast<FileLineColLoc>(location))
    return file.getFilename().getValue() == fileName ? file.getLine() : -1;
  if (auto name = dyn_cast<NameLoc>(location))
    return numberOf(name.getChildLoc());
  if (auto fused = dyn_cast<FusedLoc>(location))
    for (Location part : fused.getLocations())
      if (int64_t number = numberOf(part); number >= 0)
        return number;
  return -1;
}

//===----------------------------------------------------------------------===//
// What verifiers say
//===----------------------------------------------------------------------===//

Finding hfc::listen(StringRef name, MLIRContext *context, function_ref<LogicalResult()> run) {
  Finding finding;
  ScopedDiagnosticHandler handler(context, [&](Diagnostic &diagnostic) {
    if (diagnostic.getSeverity() == DiagnosticSeverity::Error && finding.numbers.empty()) {
      finding.message = diagnostic.str();
      finding.numbers.push_back(Numbering::numberOf(diagnostic.getLocation()));
      for (Diagnostic &note : diagnostic.getNotes())
        finding.numbers.push_back(Numbering::numberOf(note.getLocation()));
    }
    return success();
  });
  if (succeeded(run()))
    return {};
  finding.check = name.str();
  return finding;
}

static LogicalResult runPass(ModuleOp module, std::unique_ptr<Pass> pass) {
  PassManager manager(module.getContext());
  manager.enableVerifier(false);
  manager.addPass(std::move(pass));
  return manager.run(module);
}

Finding hfc::checkOps(ModuleOp module) {
  return listen("ops", module.getContext(), [&] { return mlir::verify(module); });
}

Finding hfc::checkDistribution(ModuleOp module) {
  return listen("distribution", module.getContext(), [&] { return runPass(module, createVerifyDistribution()); });
}

Finding hfc::checkSchedule(ModuleOp module) {
  return listen("schedule", module.getContext(), [&] { return runPass(module, createVerifySchedule()); });
}

Finding hfc::checkPartition(ModuleOp global, ModuleOp local, uint64_t seed, bool isConfirmed) {
  ScopedDiagnosticHandler quiet(global.getContext(), [](Diagnostic &) { return success(); });
  verify::CheckOptions options;
  options.seed = seed;
  options.confirm = isConfirmed;
  llvm::Expected<verify::Verdict> verdict = verify::checkPartition(global, local, options);
  Finding finding;
  finding.check = "partition";
  if (!verdict) {
    finding.message = llvm::toString(verdict.takeError());
    return finding;
  }
  if (verdict->passed())
    return {};
  if (!verdict->fault) {
    finding.message = verdict->unchecked;
    return finding;
  }
  const verify::Fault &fault = *verdict->fault;
  finding.message = fault.where + " of @" + fault.entry + ' ' + fault.what;
  finding.op = fault.op;
  finding.producer = fault.producer;
  return finding;
}

//===----------------------------------------------------------------------===//
// Float64
//===----------------------------------------------------------------------===//

static bool differOnce(ModuleOp right, ModuleOp other, StringRef entry, const interpreter::Options &options) {
  auto comparison = interpreter::Comparison::create(right, other, options);
  if (!comparison) {
    llvm::consumeError(comparison.takeError());
    return true;
  }
  constexpr double tolerance = 1e-9;
  for (const std::string &name : (*comparison)->first().entries()) {
    if (!entry.empty() && name != entry)
      continue;
    llvm::Expected<interpreter::EntryComparison> result = (*comparison)->run(name, options.seed);
    if (!result) {
      llvm::consumeError(result.takeError());
      return true;
    }
    if (!result->failure.empty() ||
        llvm::any_of(result->rows, [](const auto &row) { return !(row.error <= tolerance); }))
      return true;
  }
  return false;
}

bool hfc::differInFloat64(ModuleOp right, ModuleOp other, StringRef entry, unsigned anyOrder) {
  ScopedDiagnosticHandler quiet(right.getContext(), [](Diagnostic &) { return success(); });
  interpreter::Options options;
  options.domain = "float64";
  options.seed = 1;
  options.poisonPadding = true;
  if (differOnce(right, other, entry, options))
    return true;
  options.randomStreams = true;
  for (; anyOrder > 0; --anyOrder, ++options.seed)
    if (differOnce(right, other, entry, options))
      return true;
  return false;
}
