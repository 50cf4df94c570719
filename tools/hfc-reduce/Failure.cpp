//===- Failure.cpp - what is wrong with a module
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Failure.h"

#include "hfc/Interpreter/SemanticsCheck.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Reducer/Tester.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"

using namespace hfc;

namespace {
/// Takes diagnostics away, and keeps the first error.
class FirstError {
public:
  explicit FirstError(MLIRContext *context)
      : handler(context, [this](Diagnostic &diagnostic) {
          if (diagnostic.getSeverity() == DiagnosticSeverity::Error && text.empty())
            text = diagnostic.str();
          return success();
        }) {}

  std::string text;

private:
  ScopedDiagnosticHandler handler;
};
} // namespace

bool hfc::isValid(ModuleOp module) {
  FirstError silent(module.getContext());
  return succeeded(verify(module));
}

/// Adds passes to a manager, whether the text names the module around them or not.
static LogicalResult parsePasses(StringRef text, OpPassManager &manager, llvm::raw_ostream &errors) {
  if (text.consume_front("builtin.module(") && !text.consume_back(")"))
    return failure();
  return text.empty() ? success() : parsePassPipeline(text, manager, errors);
}

static std::string observeFailure(ModuleOp module, StringRef passes) {
  FirstError error(module.getContext());
  OwningOpRef<ModuleOp> copy(module.clone());
  PassManager manager(module.getContext());
  if (succeeded(verify(*copy)) && succeeded(parsePasses(passes, manager, llvm::nulls())) &&
      succeeded(manager.run(*copy)))
    return "";
  return error.text.empty() ? "the passes fail and say nothing" : error.text;
}

static std::string observeDifference(ModuleOp module, StringRef passes) {
  FirstError error(module.getContext());
  OwningOpRef<ModuleOp> copy(module.clone());
  PassManager manager(module.getContext());
  bool isDifferent = false;
  manager.addInstrumentation(std::make_unique<interpreter::SemanticsCheck>(isDifferent));
  bool ran = succeeded(verify(*copy)) && succeeded(parsePasses(passes, manager, llvm::nulls())) &&
             succeeded(manager.run(*copy));
  return ran && isDifferent ? error.text : "";
}

FailureOr<Observer> hfc::makeObserver(MLIRContext &context, const ReduceOptions &options, std::string &error) {
  if (options.test) {
    if (!llvm::sys::fs::can_execute(*options.test)) {
      error = "--test: '" + *options.test + "' is no program that can be run";
      return failure();
    }
    return Observer([script = *options.test](ModuleOp module) -> std::string {
      auto [interest, size] = Tester(script, {}).isInteresting(module);
      return interest == Tester::Interestingness::True ? script + " finds it" : "";
    });
  }
  bool fails = options.fails.has_value();
  std::string passes = fails ? *options.fails : *options.differs;
  PassManager manager(&context);
  llvm::raw_string_ostream stream(error);
  if (failed(parsePasses(passes, manager, stream))) {
    error = (fails ? "--fails: '" : "--differs: '") + passes +
            "' is no pipeline of passes: " + StringRef(error).split('\n').first.str();
    return failure();
  }
  error.clear();
  return Observer(
      [=](ModuleOp module) { return fails ? observeFailure(module, passes) : observeDifference(module, passes); });
}

/// A message without what changes as a module shrinks: numbers, and what stands in parentheses, such as places.
static std::string outline(StringRef message) {
  std::string text;
  int depth = 0;
  for (char c : message) {
    depth += c == '(';
    if (depth == 0 && !llvm::isDigit(c))
      text += c;
    depth -= c == ')' && depth > 0;
  }
  return text;
}

bool hfc::isSameFailure(StringRef first, StringRef second, const ReduceOptions &options) {
  if (second.empty())
    return false;
  if (!options.message.empty())
    return second.contains(options.message);
  // Whatever differs, and by how much: it is the pass that is looked into.
  return options.differs ? first.split(':').first == second.split(':').first : outline(first) == outline(second);
}
