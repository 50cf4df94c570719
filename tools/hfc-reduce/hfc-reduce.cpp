//===- hfc-reduce.cpp - shrinks a module that something is wrong with
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Failure.h"
#include "Reducer.h"

#include "hfc/Plugin/Load.h"
#include "hfc/Support/ParseIR.h"
#include "hfc/Support/Register.h"

#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Support/FileUtilities.h"
#include "mlir/Transforms/Passes.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/ToolOutputFile.h"
#include "llvm/Support/raw_ostream.h"

using namespace hfc;

namespace {
enum ExitStatus { ExitDone = 0, ExitUserError = 2, ExitInternalError = 3 };
} // namespace

static int complain(const std::string &message, ExitStatus status = ExitUserError) {
  llvm::errs() << "hfc-reduce: error: " << message << '\n';
  return status;
}

/// Whether it is a valid module or not, as long as it can be read at all.
static OwningOpRef<ModuleOp> parse(MLIRContext &context, StringRef text, StringRef name) {
  return parseSourceString<ModuleOp>(text, ParserConfig(&context, /*verifyAfterParse=*/false), name);
}

static OwningOpRef<ModuleOp> read(MLIRContext &context, const ReduceOptions &options, std::string &error) {
  std::string text, diagnostic;
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &each) {
    if (diagnostic.empty())
      diagnostic = each.str();
    return success();
  });
  OwningOpRef<ModuleOp> module = parseIRFile(&context, options.input, text, error);
  if (!module && error.empty())
    module = parse(context, text, options.input);
  if (!module && error.empty())
    error = diagnostic;
  return module;
}

static std::string print(ModuleOp module, bool withLocations) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  // What is not valid would be printed in its generic form otherwise.
  module.print(stream, OpPrintingFlags().assumeVerified().enableDebugInfo(withLocations));
  stream << '\n';
  return text;
}

static std::string describe(ModuleOp module) {
  size_t functions = 0, ops = 0;
  for (Operation &top : *module.getBody())
    if (top.getNumRegions() > 0) {
      ++functions;
      top.walk([&](Operation *op) { ops += op != &top; });
    }
  return std::to_string(ops) + (ops == 1 ? " operation in " : " operations in ") + std::to_string(functions) +
         (functions == 1 ? " function" : " functions");
}

static int reduce(const ReduceOptions &options, MLIRContext &context) {
  std::string error;
  FailureOr<Observer> observer = makeObserver(context, options, error);
  OwningOpRef<ModuleOp> module = succeeded(observer) ? read(context, options, error) : nullptr;
  if (!module)
    return complain(error);
  std::string first = (*observer)(*module);
  if (!isSameFailure(first, first, options))
    return complain("nothing is wrong with '" + options.input + "': " +
                    (!first.empty()    ? "the error is another one: " + first
                     : options.fails   ? "the passes do not fail"
                     : options.differs ? "no pass changes what it computes"
                                       : "the test does not exit with 1"));
  // What was valid stays so; else that is the failure.
  bool wasValid = isValid(*module);
  auto persists = [&](ModuleOp candidate) {
    return (!wasValid || isValid(candidate)) && isSameFailure(first, (*observer)(candidate), options);
  };
  std::string before = describe(*module);
  size_t tried = reduce(module, persists);
  llvm::errs() << "hfc-reduce: from " << before << " to " << describe(*module) << ", " << tried
               << " modules tried: " << (*observer)(*module) << '\n';
  std::string text = print(*module, options.printLocations);
  OwningOpRef<ModuleOp> again = parse(context, text, "<reduced>");
  if (!again || !isSameFailure(first, (*observer)(*again), options))
    return complain("the reduced module does not show it any more once it is printed: '" + first + "'",
                    ExitInternalError);
  std::unique_ptr<llvm::ToolOutputFile> output = openOutputFile(options.output, &error);
  if (!output)
    return complain(error);
  output->os() << text;
  output->keep();
  return ExitDone;
}

int main(int argc, char **argv) {
  llvm::InitLLVM initialize(argc, argv);
  ReduceOptions options;
  std::string error;
  if (failed(parseOptions(ArrayRef<const char *>(argv + 1, argc - 1), options, error)))
    return complain(error);
  if (options.help) {
    printHelp(llvm::outs());
    return ExitDone;
  }
  DialectRegistry registry;
  registerAllDialects(registry);
  registerAllPasses();
  registerTransformsPasses();
  if (failed(loadPlugins(options.plugins, registry, error)))
    return complain(error);
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  context.loadAllAvailableDialects();
  return reduce(options, context);
}
