//===- hfc-draw.cpp - one layer before and after partitioning, as a picture
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Options.h"

#include "hfc/Pipelines/Pipelines.h"
#include "hfc/Plugin/Load.h"
#include "hfc/Support/Register.h"

#include "mlir/IR/MLIRContext.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Support/FileUtilities.h"
#include "llvm/Support/ToolOutputFile.h"
#include "llvm/Support/raw_ostream.h"

using namespace hfc;

namespace {
enum ExitStatus { ExitDone = 0, ExitUserError = 2, ExitInternalError = 3 };
} // namespace

static int complain(const std::string &message, ExitStatus status = ExitUserError) {
  llvm::errs() << "hfc-draw: error: " << message << '\n';
  return status;
}

static LogicalResult bringTo(Phase phase, ModuleOp module) {
  PassManager manager(module.getContext());
  buildCPUPipeline(manager, phase);
  return manager.run(module);
}

static int write(const std::string &text, StringRef name) {
  std::string error;
  std::unique_ptr<llvm::ToolOutputFile> output = openOutputFile(name, &error);
  if (!output)
    return complain(error);
  output->os() << text;
  output->keep();
  return ExitDone;
}

static int draw(const DrawOptions &options) {
  DialectRegistry registry;
  registerAllDialects(registry);
  std::string error;
  if (failed(loadPlugins(options.plugins, registry, error)))
    return complain(error);
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  context.loadAllAvailableDialects();
  ScopedDiagnosticHandler handler(&context, [](Diagnostic &diagnostic) {
    auto place = dyn_cast<NameLoc>(diagnostic.getLocation());
    if (diagnostic.getSeverity() == DiagnosticSeverity::Error)
      complain((place ? place.getName().str() + ": " : "") + diagnostic.str());
    return success();
  });
  ImportMessages messages;
  FailureOr<OwningOpRef<ModuleOp>> module = importModel(&context, options.model, options.import, messages);
  for (const std::string &warning : messages.warnings)
    llvm::errs() << "hfc-draw: warning: " << warning << '\n';
  if (failed(module))
    return complain(messages.error, messages.internal ? ExitInternalError : ExitUserError);
  // What goes wrong here, the handler has said: mesh and strategy have to fit the model.
  if (failed(bringTo(Phase::Differentiate, **module)))
    return ExitUserError;
  OwningOpRef<ModuleOp> local((*module)->clone());
  if (failed(bringTo(Phase::Reduce, *local)))
    return ExitUserError;
  llvm::Expected<std::string> text = picture::drawLayer(**module, *local, options.layer);
  return text ? write(*text, options.output) : complain(llvm::toString(text.takeError()));
}

int main(int argc, char **argv) {
  DrawOptions options;
  std::string error;
  if (failed(parseOptions(ArrayRef<const char *>(argv + 1, argc - 1), options, error)))
    return complain(error);
  if (!options.help)
    return draw(options);
  printHelp(llvm::outs());
  return ExitDone;
}
