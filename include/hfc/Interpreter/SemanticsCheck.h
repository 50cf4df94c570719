//===- SemanticsCheck.h - interprets after each pass
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_INTERPRETER_SEMANTICSCHECK_H
#define HFC_INTERPRETER_SEMANTICSCHECK_H

#include "hfc/Interpreter/SameSemantics.h"

#include "mlir/Pass/PassInstrumentation.h"

namespace hfc::interpreter {

/// Runs the module before and after each pass that works on it, on the same random values, and emits an error where an
/// output differs by more than `tolerance`. It stops, with a warning, at a module that cannot be interpreted: what the
/// pipeline starts from, or the LLVM dialect.
class SemanticsCheck : public PassInstrumentation {
public:
  /// `isDifferent` is set when a difference is found; it must outlive the pass manager.
  explicit SemanticsCheck(bool &isDifferent, double tolerance = 1e-6)
      : isDifferent(isDifferent), tolerance(tolerance) {}

  void runBeforePass(Pass *pass, Operation *op) override;
  void runAfterPass(Pass *pass, Operation *op) override;

private:
  bool &isDifferent;
  double tolerance;
  bool isOn = true;
  /// The module as the last pass left it.
  OwningOpRef<ModuleOp> before;
};

} // namespace hfc::interpreter

#endif // HFC_INTERPRETER_SEMANTICSCHECK_H
