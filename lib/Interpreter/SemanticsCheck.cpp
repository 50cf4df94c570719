//===- SemanticsCheck.cpp - interprets after each pass
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Interpreter/SemanticsCheck.h"

#include "mlir/Pass/Pass.h"

using namespace hfc;
using namespace hfc::interpreter;

/// Padding may hold anything, so no result may depend on it.
static SameSemanticsOptions poisoned() {
  SameSemanticsOptions options;
  options.execution.poisonPadding = true;
  return options;
}

static bool isLowered(ModuleOp module) {
  return llvm::any_of(*module.getBody(),
                      [](Operation &op) { return op.getDialect() && op.getDialect()->getNamespace() == "llvm"; });
}

void SemanticsCheck::runBeforePass(Pass *, Operation *op) {
  auto module = dyn_cast<ModuleOp>(op);
  if (!isOn || before || !module || module->getParentOp())
    return;
  before = module.clone();
  // A module that cannot be run in the first place says nothing about passes.
  llvm::Expected<std::vector<OutputDifference>> self = checkSameSemantics(module, *before, poisoned());
  if (self)
    return;
  isOn = false;
  module.emitWarning("semantics not checked: ") << llvm::toString(self.takeError());
}

void SemanticsCheck::runAfterPass(Pass *pass, Operation *op) {
  auto module = dyn_cast<ModuleOp>(op);
  if (!isOn || !before || !module || module->getParentOp())
    return;
  if (isLowered(module)) {
    isOn = false;
    module.emitWarning("semantics not checked from '") << pass->getName() << "' on: it lowers to the LLVM dialect";
    return;
  }
  auto differ = [&](const Twine &what) {
    isDifferent = true;
    isOn = false;
    module.emitError("pass '") << pass->getName() << "' changed the program's meaning: " << what;
  };
  llvm::Expected<std::vector<OutputDifference>> differences = checkSameSemantics(*before, module, poisoned());
  if (!differences)
    return differ(llvm::toString(differences.takeError()));
  for (const OutputDifference &difference : *differences)
    if (!(difference.error <= tolerance))
      return differ("'" + difference.output + "' of @" + difference.entry + " has a relative error of " +
                    std::to_string(difference.error));
  before = module.clone();
}
