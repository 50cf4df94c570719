//===- Load.cpp - the module that the user names, at the stage asked for
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Load.h"

#include "hfc/Pipelines/ExtensionPoints.h"
#include "hfc/Support/ParseIR.h"

#include "mlir/IR/MLIRContext.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Support/raw_ostream.h"

using namespace hfc;

namespace {

/// Keeps the first error, as one line, instead of printing all.
class FirstError {
public:
  explicit FirstError(MLIRContext &context)
      : handler(&context, [this](Diagnostic &diagnostic) { return take(diagnostic); }) {}

  std::string text;

private:
  LogicalResult take(Diagnostic &diagnostic) {
    if (diagnostic.getSeverity() != DiagnosticSeverity::Error || !text.empty())
      return success();
    llvm::raw_string_ostream stream(text);
    if (auto file = dyn_cast<FileLineColLoc>(diagnostic.getLocation()))
      stream << file.getFilename().getValue() << ':' << file.getLine() << ':' << file.getColumn() << ": ";
    else if (auto name = dyn_cast<NameLoc>(diagnostic.getLocation()))
      stream << name.getName().getValue() << ": ";
    stream << diagnostic.str();
    return success();
  }

  ScopedDiagnosticHandler handler;
};

OwningOpRef<ModuleOp> importIt(MLIRContext &context, const InterpretOptions &options, Failure &failure) {
  ImportMessages messages;
  FailureOr<OwningOpRef<ModuleOp>> module = importModel(&context, options.model, options.import, messages);
  for (const std::string &warning : messages.warnings)
    llvm::errs() << "hfc-interpret: warning: " << warning << '\n';
  if (succeeded(module))
    return std::move(*module);
  failure = {messages.internal ? Status::InternalError : Status::WrongInput, messages.error};
  return nullptr;
}

} // namespace

bool hfc::isIR(StringRef path) { return path == "-" || path.ends_with(".mlir") || path.ends_with(".mlirbc"); }

OwningOpRef<ModuleOp> hfc::readModule(MLIRContext &context, StringRef path, Failure &failure) {
  FirstError diagnostic(context);
  std::string text, error;
  OwningOpRef<ModuleOp> module = parseIRFile(&context, path, text, error);
  if (!module)
    failure = {Status::WrongInput, error.empty() ? diagnostic.text : error};
  return module;
}

OwningOpRef<ModuleOp> hfc::loadModule(MLIRContext &context, const InterpretOptions &options, Failure &failure) {
  if (!isIR(options.model))
    return importIt(context, options, failure);
  if (options.importOption.empty())
    return readModule(context, options.model, failure);
  failure = {Status::WrongInput, options.importOption + " is for models; '" + options.model + "' is IR, and says it"};
  return nullptr;
}

/// The pipeline up to a phase.
static LogicalResult lower(Phase phase, ModuleOp module) {
  PassManager manager(module.getContext());
  if (phase == Phase::GPU)
    buildGPUPipeline(manager, phase, /*chip=*/"");
  else
    buildCPUPipeline(manager, phase);
  return manager.run(module);
}

LogicalResult hfc::bringTo(Phase phase, ModuleOp module, const InterpretOptions &options, Failure &failure) {
  FirstError error(*module.getContext());
  // A mesh or a partitioner that does not fit the model is the user's to change; the rest of what was imported must be
  // brought to every phase.
  bool isPlaced = phase < Phase::Annotate || !module->hasAttr("dist.mesh") || succeeded(lower(Phase::Annotate, module));
  if (isPlaced && succeeded(lower(phase, module)))
    return success();
  failure = {isIR(options.model) || !isPlaced || hasExtensions() ? Status::WrongInput : Status::InternalError, error.text};
  return mlir::failure();
}
